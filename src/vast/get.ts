/** Bounded GETs over one kept connection: the only way in which this program speaks to vast.ai. No other method can be sent from here. */

import type {Socket} from 'node:net';
import type {buildConnector, Client} from 'undici';
import {sharedLookup} from '../headscale/lookup.ts';
import {raceAbort} from '../net/shared.ts';
import {maxErrorBytes, readBounded, refuseCompressed, UnusableError} from '../sources/bounded-body.ts';
import {excessOf} from '../util/json-bounds.ts';
import {connectionError, type Progress, timeoutError, VastError} from './faults.ts';

export interface Answer {
	/** `GET https://…`, without the query. */
	tried: string;
	status: number;
	location: string | undefined;
	/** The whole body of a 200, at most 16 KiB of any other. */
	text: string;
}

/** Requests one after the other; each rejects with VastError, whose message is a sentence without secrets, or with the signal's reason. */
export interface Connection {
	get(path: string, query: URLSearchParams, key: string): Promise<Answer>;
	close(): void;
}

export interface ConnectionOptions {
	/** http or https, without query. */
	base: URL;
	/** The one deadline of each request. */
	timeoutMs: number;
	/** A longer answer is refused as soon as it is seen to be longer. */
	maxAnswerBytes: number;
	/** Ends everything. */
	signal: AbortSignal;
}

/** Nothing is sent yet. */
export async function openConnection({
	base,
	timeoutMs,
	maxAnswerBytes,
	signal,
}: ConnectionOptions): Promise<Connection> {
	// Loaded with the first request: without vast.ai nothing needs it.
	const undici = await import('undici');
	const connector = undici.buildConnector({allowH2: false, timeout: 0, lookup: sharedLookup, autoSelectFamily: true});
	const sockets = new Set<Socket>();
	let progress: Progress = {stage: 'connecting', status: 0, bytes: 0};
	const client = new undici.Client(base.origin, {
		connect: tracking(connector, sockets, () => {
			progress.stage = 'waiting';
		}),
		allowH2: false,
		pipelining: 1,
		headersTimeout: 0,
		bodyTimeout: 0,
	});
	const close = () => {
		// undici ignores a signal while it connects, and its own timers are late.
		for (const socket of sockets) socket.destroy();
		client.destroy().catch(() => {});
	};
	signal.addEventListener('abort', close, {once: true});

	return {
		async get(path, query, key) {
			const pathname = base.pathname.replace(/\/+$/, '') + path;
			const tried = `GET ${base.protocol}//${base.host}${pathname}`;
			progress = {stage: sockets.size === 0 ? 'connecting' : 'waiting', status: 0, bytes: 0};
			const mine = progress;
			const late = new AbortController();
			const timer = setTimeout(() => late.abort(timeoutError(tried, timeoutMs, mine)), timeoutMs);
			const ended = AbortSignal.any([signal, late.signal]);
			const search = query.size === 0 ? '' : `?${query}`;
			try {
				return await raceAbort(exchange(client, {tried, path: pathname + search, key, maxAnswerBytes}, mine), ended);
			} catch (error) {
				if (ended.aborted) {
					close();
					throw ended.reason;
				}
				if (error instanceof VastError) throw error;
				if (error instanceof UnusableError) throw new VastError(`${tried}: the answer ${error.message}.`);
				throw connectionError(tried, error);
			} finally {
				clearTimeout(timer);
			}
		},
		close() {
			signal.removeEventListener('abort', close);
			close();
		},
	};
}

type Connector = ReturnType<typeof buildConnector>;

function tracking(connector: Connector, sockets: Set<Socket>, onConnected: () => void): Connector {
	return (options, callback) => {
		// The types do not say that undici's connector answers with the socket, at once.
		const dialling: unknown = connector(options, (...result) => {
			if (result[1]) onConnected();
			callback(...result);
		});
		const socket = dialling as Socket;
		sockets.add(socket);
		socket.once('close', () => sockets.delete(socket));
	};
}

interface Exchange {
	tried: string;
	path: string;
	key: string;
	maxAnswerBytes: number;
}

async function exchange(
	client: Client,
	{tried, path, key, maxAnswerBytes}: Exchange,
	progress: Progress,
): Promise<Answer> {
	const {statusCode, headers, body} = await client.request({
		method: 'GET',
		path,
		headers: {
			accept: 'application/json',
			'accept-encoding': 'identity',
			authorization: `Bearer ${key}`,
			'user-agent': 'tailprobe',
		},
	});
	const ok = statusCode === 200;
	Object.assign(progress, {stage: 'reading', status: statusCode});
	if (ok) refuseCompressed(headers['content-encoding']);
	const maxBytes = ok ? maxAnswerBytes : maxErrorBytes;
	const {bytes, whole} = await readBounded(body, {maxBytes, progress});
	if (ok && !whole)
		throw new VastError(
			`${tried}: the answer is longer than ${maxBytes} bytes, so it was not read to its end. Is vast.url right?`,
		);
	const excess = ok ? excessOf(bytes) : undefined;
	if (excess !== undefined) throw new UnusableError(`holds ${excess}, as no list of instances does`);
	const {location} = headers;
	return {
		tried,
		status: statusCode,
		location: Array.isArray(location) ? location[0] : location,
		text: bytes.toString(),
	};
}
