/** One bounded GET: the only way in which this program speaks to headscale. No other method can be sent from here. */

import {isIP, type Socket} from 'node:net';
import {setImmediate as breathe} from 'node:timers/promises';
import {TLSSocket} from 'node:tls';
import type {buildConnector} from 'undici';
import {isForName, keepChainWhole} from '../net/peer-certificate.ts';
import {raceAbort} from '../net/shared.ts';
import {maxErrorBytes, readBounded, refuseCompressed, UnusableError} from '../sources/bounded-body.ts';
import type {Failure, Obstacle} from '../sources/read.ts';
import {readChanging} from '../util/changing-file.ts';
import {messageOf} from '../util/errors.ts';
import {excessOf} from '../util/json-bounds.ts';
import {type Answered, rememberAnswers} from './answered.ts';
import {explainFault, explainTimeout, isAnswerFault, obstacleOf, obstacleOfTimeout, type Progress} from './faults.ts';
import {sharedLookup} from './lookup.ts';
import {createPlaces, type Places} from './places.ts';

/** headscale could not be read. The message says what was tried, what came and what to do, and holds no secret. */
export class HeadscaleError extends Error {
	override name = 'HeadscaleError';
	readonly failure: Failure | undefined;
	readonly obstacle: Obstacle | undefined;

	constructor(message: string, failure?: Failure, obstacle?: Obstacle) {
		super(message);
		this.failure = failure;
		this.obstacle = obstacle;
	}
}

export interface GetterOptions {
	/** A PEM file: only CAs in it are trusted, instead of the system's. Read again for each request. */
	caFile?: string;
	/** The one deadline of a request, from reading the CA to the last byte. */
	timeoutMs: number;
	/** A longer answer is refused as soon as it is seen to be longer. */
	maxAnswerBytes: number;
	/** Is told of each answer; an address that answered before is not asked to be put right. */
	answered?: Answered;
}

export interface Request {
	url: URL;
	/** Name of the setting that holds the URL, for advice in errors. */
	setting: string;
	headers: Record<string, string>;
	/** Where even the longest answer of this kind is shorter than the getter's limit. */
	maxBytes?: number | undefined;
	signal?: AbortSignal | undefined;
}

export interface Answer {
	status: number;
	headers: Readonly<Record<string, string | string[] | undefined>>;
	/** The whole body of a 200, at most 16 KiB of any other. */
	text: string;
}

export type Getter = (request: Request) => Promise<Answer>;

/**
 * Makes the function that gets. It resolves with whatever status came, without following redirects, over a connection of its own;
 * it rejects with HeadscaleError, or with the signal's reason when that aborts.
 */
export function createGetter({caFile, timeoutMs, maxAnswerBytes, answered = rememberAnswers()}: GetterOptions): Getter {
	const places = createPlaces(largeAtOnce);
	const connectorFor = keepLast((ca: string | undefined) => createConnector(ca, timeoutMs));

	return async request => {
		const {url, setting, signal} = request;
		const tried = `GET ${describeUrl(url)}`;
		const progress: Progress = {stage: 'resolving', status: 0, bytes: 0};
		const stop = new AbortController();
		const timer = setTimeout(
			() =>
				stop.abort(
					new HeadscaleError(
						explainTimeout(tried, timeoutMs, progress, answered.until(url), {url, setting}),
						'unanswered',
						obstacleOfTimeout(progress),
					),
				),
			timeoutMs,
		);
		const ended = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal;
		const work = async () => {
			const connect = await connectorFor(caFile === undefined ? undefined : await readCa(caFile));
			return exchange(request, connect, {maxAnswerBytes, places}, progress, ended);
		};
		try {
			const answer = await raceAbort(work(), ended);
			answered.note(url);
			return answer;
		} catch (error) {
			if (ended.aborted) throw ended.reason;
			if (error instanceof HeadscaleError) throw error;
			if (error instanceof UnusableError)
				throw new HeadscaleError(`${tried}: the answer ${error.message}.`, undefined, 'foreign');
			const why = explainFault(error, url, setting, answered.until(url));
			throw new HeadscaleError(
				`${tried} failed: ${why}`,
				isAnswerFault(error) ? undefined : 'unanswered',
				obstacleOf(error),
			);
		} finally {
			clearTimeout(timer);
			stop.abort();
		}
	};
}

/** A URL for people: without user, password, query and fragment. */
export function describeUrl(url: URL): string {
	return `${url.protocol}//${url.host}${url.pathname}`;
}

type Connector = ReturnType<typeof buildConnector>;

/** An answer that is longer is only read on while few others are. */
const largeBytes = 256 * 1024;
const largeAtOnce = 2;

// undici's own timers are late by up to a second, and it ignores a signal while it connects: so the socket itself is destroyed.
async function exchange(
	{url, headers, maxBytes}: Request,
	connector: Connector,
	{maxAnswerBytes, places}: {maxAnswerBytes: number; places: Places},
	progress: Progress,
	signal: AbortSignal,
): Promise<Answer> {
	const {Client} = await import('undici');
	signal.throwIfAborted();
	let socket: Socket | undefined;
	const connect: Connector = (options, callback) => {
		// The types do not say that undici's connector answers with the socket, at once.
		const dialling: unknown = connector(options, (...result) => {
			const [, connected] = result;
			const fault = connected instanceof TLSSocket ? nameFault(connected, options.hostname) : undefined;
			if (fault && connected) {
				connected.destroy();
				callback(fault, null);
				return;
			}
			if (connected) progress.stage = 'waiting';
			callback(...result);
		});
		socket = dialling as Socket;
		if (socket instanceof TLSSocket) keepChainWhole(socket);
		if (isIP(options.hostname)) progress.stage = 'connecting';
		socket.once('lookup', () => Object.assign(progress, {stage: 'connecting'}));
		if (url.protocol === 'https:') socket.once('connect', () => Object.assign(progress, {stage: 'tls'}));
	};
	let leave = () => {};
	const client = new Client(url.origin, {connect, allowH2: false, headersTimeout: 0, bodyTimeout: 0});
	const destroy = () => {
		socket?.destroy();
		client.destroy().catch(() => {});
	};
	signal.addEventListener('abort', destroy, {once: true});
	try {
		const answer = await client.request({
			method: 'GET',
			path: url.pathname + url.search,
			headers: {...headers, 'accept-encoding': 'identity', 'user-agent': 'tailprobe'},
		});
		const ok = answer.statusCode === 200;
		Object.assign(progress, {stage: 'reading', status: answer.statusCode});
		const coding = answer.headers['content-encoding'] ?? 'identity';
		if (ok) refuseCompressed(coding);
		const limit = Math.min(maxAnswerBytes, maxBytes ?? maxAnswerBytes);
		const place = places.take(signal);
		leave = place.leave;
		const {bytes, whole} = await readBounded(answer.body, {
			maxBytes: ok ? limit : maxErrorBytes,
			progress,
			onHeld: held => (held > largeBytes ? place.taken() : undefined),
		});
		if (ok && !whole) {
			const advice =
				limit === maxAnswerBytes
					? 'raise headscale.max_answer if that is right'
					: 'no headscale says so much here, so something else answers';
			throw new UnusableError(`is longer than ${limit} bytes, so it was not read to its end; ${advice}`);
		}
		const excess = ok ? excessOf(bytes) : undefined;
		if (excess !== undefined) throw new UnusableError(`holds ${excess}, as nothing that headscale says does`);
		// Others get their turn between the look and the parsing, which each take a while.
		if (bytes.length > largeBytes) await breathe();
		return {status: answer.statusCode, headers: answer.headers, text: coding === 'identity' ? bytes.toString() : ''};
	} finally {
		leave();
		signal.removeEventListener('abort', destroy);
		destroy();
	}
}

const maxCaBytes = 4 * 1024 * 1024;

async function readCa(caFile: string): Promise<string> {
	try {
		return (await readChanging(caFile, maxCaBytes)).toString();
	} catch (error) {
		throw new HeadscaleError(
			`The file ${caFile} of headscale.ca_file cannot be read: ${messageOf(error)}.`,
			'unanswered',
		);
	}
}

/** Whether the certificate is for another name, as the error that Node.js would have made of it. */
function nameFault(socket: TLSSocket, hostname: string): Error | undefined {
	const name = hostname.replace(/^\[(.*)\]$/, '$1');
	const leaf = socket.getPeerX509Certificate();
	if (leaf && isForName(leaf, name)) return undefined;
	return Object.assign(new Error('the certificate is for another name'), {code: 'ERR_TLS_CERT_ALTNAME_INVALID'});
}

async function createConnector(ca: string | undefined, timeoutMs: number): Promise<Connector> {
	// Loaded with the first request: without headscale nothing needs it.
	const {buildConnector} = await import('undici');
	return buildConnector({
		...(ca === undefined ? {} : {ca}),
		allowH2: false,
		timeout: 0,
		// A resumed session of TLS 1.3 has no certificate to hold against the name, so each handshake is a full one.
		maxCachedSessions: 0,
		lookup: sharedLookup,
		// The default of 250 ms per address would never reach a headscale that is farther away than that.
		autoSelectFamily: true,
		autoSelectFamilyAttemptTimeout: Math.max(250, Math.round(timeoutMs / 3)),
	});
}

/** Keeps the result for the last argument: a CA file is only parsed again when it changed. */
function keepLast<A, R>(make: (argument: A) => R): (argument: A) => R {
	let last: {argument: A; result: R} | undefined;
	return argument => {
		if (last === undefined || last.argument !== argument) last = {argument, result: make(argument)};
		return last.result;
	};
}
