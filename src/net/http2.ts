/** HTTP/2 requests over one TLS connection that somebody else opened, one after the other. */

import type {ClientHttp2Session, ClientHttp2Stream, connect} from 'node:http2';
import type {Socket} from 'node:net';
import type {TLSSocket} from 'node:tls';
import {TargetDownError} from '../util/errors.ts';
import {BodyStore} from './body-store.ts';
import {endInTime} from './goodbye.ts';
import {type Exchange, type ExchangeRequest, type Progress, refuseInjection} from './http1.ts';
import {badAnswer} from './http1-chunks.ts';
import type {Header, ReadLimits} from './http1-reader.ts';
import {closedEarly, goneAway, sessionFailure, streamFailure} from './http2-failures.ts';
import {socketFailure} from './socket-errors.ts';

/** Loads what speaks HTTP/2: runs that do not need it shall not pay for it. */
export async function openHttp2(socket: TLSSocket, maxHeadBytes: number): Promise<Http2Connection> {
	connectHttp2 ??= (await import('node:http2')).connect;
	if (socket.destroyed)
		throw socketFailure(socket.errored ?? new TargetDownError('reset', 'the connection was closed'));
	return new Http2Connection(socket, connectHttp2, maxHeadBytes);
}

let connectHttp2: typeof connect | undefined;

/** Frames that steer the connection (PING, SETTINGS) that an honest server sends in the course of one answer. */
const maxControlFrames = 50;
const maxInterims = 16;
/** What frames and their like may add to the bytes of an answer. */
const frameSlackBytes = 262_144;
const meterMs = 200;

/** Destroy it at the end; until then its socket is nobody else's. */
export class Http2Connection {
	/** Why no further request can be sent, once that is known. */
	broken: Error | undefined;
	/** The server has said something. */
	greeted = false;

	#session: ClientHttp2Session;
	#socket: TLSSocket;
	#controlFrames = 0;
	#askedAt = performance.now();
	/** Ends the request that is under way. */
	#fail: ((error: Error) => void) | undefined;

	constructor(socket: TLSSocket, open: typeof connect, maxHeadBytes: number) {
		this.#socket = socket;
		// The authority is that of each request; this one is only taken apart.
		const options = {
			createConnection: () => socket,
			settings: {enablePush: false, maxHeaderListSize: maxHeadBytes, initialWindowSize: windowBytes},
			maxHeaderListPairs: 500,
			maxSendHeaderBlockLength: 1_048_576,
			maxSessionMemory: 2,
			// What is configured is sent, as over HTTP/1.1.
			strictSingleValueFields: false,
		};
		this.#session = open('https://localhost', options);
		this.#session.on('error', error => this.#break(sessionFailure(error)));
		this.#session.on('goaway', code => {
			// Without an error the server finishes what was asked for already.
			this.broken ??= goneAway(code);
		});
		this.#session.on('close', () => this.#break(new TargetDownError('reset', 'the connection was closed')));
		this.#session.on('ping', () => this.#countControlFrame());
		this.#session.on('remoteSettings', () => {
			this.greeted = true;
			this.#countControlFrame();
		});
		this.#session.setLocalWindowSize(windowBytes);
	}

	/** As `exchange` of http1.ts, whose promises hold here too; the connection can be used again unless it is `broken`. */
	exchange(
		request: ExchangeRequest,
		limits: ReadLimits,
		signal: AbortSignal,
		timings: Progress = {},
	): Promise<Exchange> {
		return new Promise((resolve, reject) => {
			signal.throwIfAborted();
			refuseInjection(request.method, request.path, request.headers);
			if (this.broken) throw this.broken;
			this.#controlFrames = 0;
			this.#askedAt = performance.now();
			const bytesBefore = this.#socket.bytesRead;
			const store = new BodyStore(limits);
			const sentAt = performance.now();
			timings.sentAt = sentAt;
			const stream = this.#begin(request);
			let head: {status: number; headers: Header[]} | undefined;
			let interims = 0;
			let settled = false;
			this.#fail = fail;
			stream.on('response', onResponse);
			stream.on('headers', onInterim);
			stream.on('data', onData);
			stream.on('end', onEnd);
			stream.on('error', error => fail(streamFailure(error, stream, head !== undefined)));
			const early = () => this.broken ?? closedEarly(stream, head !== undefined, store.bytes);
			stream.on('close', () => fail(early()));
			signal.addEventListener('abort', onAbort);
			const meter = setInterval(() => measureTraffic(this.#socket.bytesRead - bytesBefore), meterMs).unref();
			if (request.body !== undefined) stream.end(request.body);
			const endSession = () => this.destroy();

			function onResponse(_headers: unknown, _flags: number, raw: string[]): void {
				timings.firstByteAt ??= performance.now();
				try {
					head = readHead(raw, limits.maxHeadBytes);
				} catch (error) {
					fail(error);
				}
			}

			function onInterim(headers: {':status'?: number}): void {
				interims++;
				if (headers[':status'] === 101) fail(badAnswer('has status 101, which was not asked for'));
				else if (interims > maxInterims)
					fail(badAnswer(`never came: more than ${maxInterims} interim (1xx) answers came instead`));
			}

			function onData(chunk: Buffer): void {
				store.add(chunk, 0, chunk.length);
				if (store.truncated) succeed();
			}

			function onEnd(): void {
				// A reset without an error looks like an end.
				const short = head && request.method !== 'HEAD' && isShort(head, store.bytes);
				if (!head || short || stream.rstCode !== 0) fail(early());
				else succeed();
			}

			/** Frames that carry nothing of the answer and that nobody tells us of. */
			function measureTraffic(bytes: number): void {
				if (bytes > frameSlackBytes + limits.maxHeadBytes + 2 * store.bytes)
					fail(new TargetDownError('protocol', 'the server sends HTTP/2 frames without end instead of an answer'));
			}

			function onAbort(): void {
				fail(signal.reason);
			}

			function succeed(): void {
				if (settled || !head) return;
				release();
				const endAt = performance.now();
				timings.endAt = endAt;
				if (store.truncated) endSession();
				resolve({
					...head,
					statusText: '',
					version: '2.0',
					body: store.content(),
					bodyBytes: store.bytes,
					truncated: store.truncated,
					reusable: !store.truncated,
					timings: {sentAt, firstByteAt: timings.firstByteAt ?? endAt, endAt},
				});
			}

			function fail(error: unknown): void {
				if (settled) return;
				release();
				if (head) timings.head = {...head, version: '2.0', bodyBytes: store.bytes};
				endSession();
				reject(error);
			}

			function release(): void {
				settled = true;
				clearInterval(meter);
				signal.removeEventListener('abort', onAbort);
			}
		});
	}

	#begin(request: ExchangeRequest): ClientHttp2Stream {
		try {
			return this.#session.request(requestHeaders(request), {endStream: request.body === undefined});
		} catch (error) {
			if (!this.#session.destroyed && !this.#session.closed) throw error;
			// It ended just now, and has not come to tell us.
			throw new TargetDownError('reset', 'the connection was closed before the request');
		}
	}

	/** Keeps the thread alive again. */
	ref(): void {
		this.#session.ref();
	}

	/** No longer keeps the thread alive. */
	unref(): void {
		this.#session.unref();
	}

	/** Ends the connection in order, as `sayGoodbye` does: GOAWAY goes first. */
	end(plain: Socket): void {
		if (this.broken) this.destroy();
		else this.broken = new TargetDownError('reset', 'the connection was closed');
		endInTime(this.#socket, plain, () => this.#session.close());
	}

	destroy(): void {
		this.broken ??= new TargetDownError('reset', 'the connection was closed');
		this.#session.destroy();
		this.#socket.destroy();
	}

	#countControlFrame(): void {
		this.#controlFrames++;
		// A connection that waits for long may well be pinged now and then.
		const waitedSeconds = (performance.now() - this.#askedAt) / 1000;
		if (this.#controlFrames <= maxControlFrames + 5 * waitedSeconds) return;
		this.#break(
			new TargetDownError('protocol', 'the server sends PING or SETTINGS again and again instead of an answer'),
		);
	}

	#break(error: Error): void {
		this.broken ??= error;
		this.#fail?.(this.broken);
		this.destroy();
	}
}

/** Large enough that a body as large as the default limit waits for no window. */
const windowBytes = 1_048_576;

/** Those that HTTP/2 does not know, besides Host, which it calls `:authority`. */
const connectionHeaders = new Set([
	'connection',
	'http2-settings',
	'host',
	'keep-alive',
	'proxy-connection',
	'transfer-encoding',
	'upgrade',
]);

function requestHeaders({method, path, headers, body}: ExchangeRequest): string[] {
	const authority = headers.find(([name]) => name.toLowerCase() === 'host')?.[1] ?? '';
	const raw = [':method', method, ':scheme', 'https', ':authority', authority, ':path', path];
	for (const [name, value] of headers) {
		const lower = name.toLowerCase();
		if (!connectionHeaders.has(lower)) raw.push(lower, value);
	}
	if (body !== undefined) raw.push('content-length', String(Buffer.byteLength(body)));
	return raw;
}

function readHead(raw: readonly string[], maxHeadBytes: number): {status: number; headers: Header[]} {
	let status = 0;
	let bytes = 0;
	const headers: Header[] = [];
	for (let at = 0; at + 1 < raw.length; at += 2) {
		const name = String(raw[at]);
		const value = String(raw[at + 1]);
		bytes += name.length + value.length;
		if (name === ':status') status = Number(value);
		else headers.push([name, value]);
	}
	if (bytes > maxHeadBytes) throw badAnswer(`has more than ${maxHeadBytes} bytes of headers`);
	if (!(status >= 200 && status <= 999)) throw badAnswer(`has status ${status}`);
	return {status, headers};
}

function isShort({status, headers}: {status: number; headers: readonly Header[]}, bodyBytes: number): boolean {
	const length = headers.find(([name]) => name === 'content-length')?.[1];
	return length !== undefined && status !== 304 && Number(length) !== bodyBytes;
}
