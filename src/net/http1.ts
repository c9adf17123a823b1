/** One HTTP/1.1 request and its answer over a connection that somebody else opened and will destroy. */

import type {Duplex} from 'node:stream';
import {TargetDownError} from '../util/errors.ts';
import {type Header, type ReadLimits, ResponseReader} from './http1-reader.ts';
import {socketFailure} from './socket-errors.ts';

export interface ExchangeRequest {
	method: string;
	/** Path with query, as it goes on the wire. */
	path: string;
	/** All headers, Host and Connection too; only Content-Length is added here. */
	headers: readonly Header[];
	body?: Buffer | string;
}

/** Milliseconds of performance.now(). */
export interface ExchangeTimings {
	/** Just before the request was handed to the connection. */
	sentAt: number;
	/** The first byte of the final answer. */
	firstByteAt: number;
	/** The answer was complete, or reading stopped at the limit. */
	endAt: number;
}

/** How far an exchange came, filled while it goes on. */
export interface Progress extends Partial<ExchangeTimings> {
	/** The head of an answer whose rest did not come, or was not taken. */
	head?: AnswerHead;
}

/** Of an answer what is known before its body is. */
export type AnswerHead = Pick<Exchange, 'status' | 'version' | 'headers' | 'bodyBytes'>;

export interface Exchange {
	status: number;
	statusText: string;
	/** `1.0` or `1.1`. */
	version: string;
	/** In the order in which they came. */
	headers: readonly Header[];
	/** The stored part of the body. */
	body: Buffer;
	/** Bytes of body that came, at most maxBodyBytes. */
	bodyBytes: number;
	/** The body was longer than maxBodyBytes and reading stopped there. */
	truncated: boolean;
	/** The connection may carry another request. */
	reusable: boolean;
	timings: ExchangeTimings;
}

/**
 * Sends the request and reads the answer. `timings` is filled while it goes on, so that a failure still tells how far it came.
 * Rejects with TargetDownError (`protocol`, `reset` …, its message a clause without a subject to prefix) or, after an abort, with
 * the signal's reason at once. The connection is left without listeners of ours: destroy it, also after success, unless the answer is
 * `reusable` and you go on reading it.
 */
export function exchange(
	socket: Duplex,
	request: ExchangeRequest,
	limits: ReadLimits,
	signal: AbortSignal,
	timings: Progress = {},
): Promise<Exchange> {
	return new Promise((resolve, reject) => {
		signal.throwIfAborted();
		const bytes = requestBytes(request);
		// An error may have come between opening and now; nobody would tell us again.
		if (socket.destroyed)
			throw socketFailure(socket.errored ?? new TargetDownError('reset', 'the connection was closed'));
		const reader = new ResponseReader(request.method, limits);
		socket.on('data', onData);
		socket.on('end', onEnd);
		socket.on('error', onError);
		socket.on('close', onClose);
		signal.addEventListener('abort', onAbort);
		const sentAt = performance.now();
		timings.sentAt = sentAt;
		if (typeof bytes === 'string') socket.write(bytes, 'latin1');
		else socket.write(bytes);

		function onData(chunk: Buffer): void {
			const at = performance.now();
			const {interims} = reader;
			try {
				const done = reader.push(chunk);
				noteFirstByte(interims, at);
				if (done) succeed(at);
			} catch (error) {
				timings.firstByteAt ??= at;
				fail(error);
			}
		}

		function onEnd(): void {
			const at = performance.now();
			try {
				reader.finish();
				succeed(at);
			} catch (error) {
				fail(error);
			}
		}

		function onClose(): void {
			fail(reader.cutShort());
		}

		function onError(error: Error): void {
			fail(socketFailure(error));
		}

		function onAbort(): void {
			fail(signal.reason);
		}

		// Bytes of an interim answer are not the first byte of the answer that was asked for.
		function noteFirstByte(interimsBefore: number, at: number): void {
			if (reader.interims > interimsBefore) delete timings.firstByteAt;
			if (reader.began) timings.firstByteAt ??= at;
		}

		function succeed(endAt: number): void {
			release();
			timings.endAt = endAt;
			resolve({
				status: reader.status,
				statusText: reader.statusText,
				version: reader.version,
				headers: reader.headers,
				body: reader.body(),
				bodyBytes: reader.bodyBytes,
				truncated: reader.truncated,
				reusable: reader.reusable,
				timings: {sentAt, firstByteAt: timings.firstByteAt ?? endAt, endAt},
			});
		}

		function fail(error: unknown): void {
			release();
			const {hasHead, status, version, headers, bodyBytes} = reader;
			if (hasHead) timings.head = {status, version, headers, bodyBytes};
			reject(error);
		}

		function release(): void {
			socket.off('data', onData);
			socket.off('end', onEnd);
			socket.off('error', onError);
			socket.off('close', onClose);
			signal.removeEventListener('abort', onAbort);
		}
	});
}

/** Throws TypeError on what would break out of its place in the head. */
function requestBytes({method, path, headers, body}: ExchangeRequest): string | Buffer {
	let head = `${method} ${path} HTTP/1.1\r\n`;
	for (const [name, value] of headers) head += `${name}: ${value}\r\n`;
	if (body !== undefined) head += `Content-Length: ${Buffer.byteLength(body)}\r\n`;
	else if (method === 'POST' || method === 'PUT' || method === 'PATCH') head += 'Content-Length: 0\r\n';
	refuseInjection(method, path, headers);
	head += '\r\n';
	if (body === undefined) return head;
	return Buffer.concat([Buffer.from(head, 'latin1'), typeof body === 'string' ? Buffer.from(body) : body]);
}

/** Throws TypeError on what would break out of its place in a message. */
export function refuseInjection(method: string, path: string, headers: readonly Header[]): void {
	if (!/^[A-Z]+$/.test(method)) throw new TypeError('an HTTP method must be capital letters');
	if (!/^[\x21-\x7e]+$/.test(path)) throw new TypeError('an HTTP path must be printable ASCII without blanks');
	for (const [name, value] of headers) {
		if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name) || /[\0-\x08\x0a-\x1f\x7f]|[^\0-\xff]/.test(value)) {
			throw new TypeError('an HTTP header has a character that cannot be sent');
		}
	}
}

export type {Header, ReadLimits};
