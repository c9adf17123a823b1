/** What ends an HTTP/2 request, in the words of our reasons. */

import type {ClientHttp2Stream} from 'node:http2';
import {messageOf, TargetDownError} from '../util/errors.ts';
import {socketFailure} from './socket-errors.ts';

/** The failure of a stream; `answered`: its headers came. */
export function streamFailure(error: Error, stream: ClientHttp2Stream, answered: boolean): Error {
	const {code} = error as NodeJS.ErrnoException;
	return code === 'ERR_HTTP2_STREAM_ERROR' ? resetWith(stream.rstCode ?? 0, answered) : sessionFailure(error);
}

/** The failure of a whole connection. */
export function sessionFailure(error: Error): Error {
	const {code = ''} = error as NodeJS.ErrnoException;
	if (!code.startsWith('ERR_HTTP2_')) return socketFailure(error);
	// Node.js tells a GOAWAY with an error by this one only.
	const goaway = code === 'ERR_HTTP2_SESSION_ERROR' ? /error code (\d+)/.exec(error.message) : null;
	if (goaway) return goneAway(Number(goaway[1]));
	// The names that nghttp2 has for codes are longer than those of the standard.
	const words = messageOf(error).replace('NGHTTP2_', '');
	return new TargetDownError('protocol', `HTTP/2 failed: ${words}`);
}

/** The failure of requests on a connection whose server said that it goes away. */
export function goneAway(code: number): TargetDownError {
	if (code === 0) return new TargetDownError('reset', 'the server is closing the HTTP/2 connection (GOAWAY)');
	return new TargetDownError('reset', `the server closed the HTTP/2 connection (GOAWAY, ${nameOf(code)})`);
}

/** The failure of a stream that ended without an error and without its whole answer. */
export function closedEarly(stream: ClientHttp2Stream, answered: boolean, bodyBytes: number): TargetDownError {
	const code = stream.rstCode ?? 0;
	if (code !== 0 && code !== cancel) return resetWith(code, answered);
	const where = answered ? `within the body of the answer, ${bodyBytes} bytes in` : 'before any answer';
	return new TargetDownError('reset', `the connection, or the request on it, was closed ${where}`);
}

function resetWith(code: number, answered: boolean): TargetDownError {
	const where = answered ? 'within the answer' : 'before any answer';
	const name = nameOf(code);
	if (!breaches.has(code)) return new TargetDownError('reset', `the server reset the request (${name}) ${where}`);
	// Whoever finds the rules broken names the breach: it may be the server, of our request, or nghttp2, of the answer.
	return new TargetDownError('protocol', `the HTTP/2 request ended with ${name} ${where}${hints[code] ?? ''}`);
}

const cancel = 8;
const breaches = new Set([1, 3, 5, 6, 9, 11]);
const hints: Record<number, string> = {
	11: ': it has too many or too large headers, or the server wants fewer requests',
};

/** RFC 9113, section 7. */
const names = [
	'NO_ERROR',
	'PROTOCOL_ERROR',
	'INTERNAL_ERROR',
	'FLOW_CONTROL_ERROR',
	'SETTINGS_TIMEOUT',
	'STREAM_CLOSED',
	'FRAME_SIZE_ERROR',
	'REFUSED_STREAM',
	'CANCEL',
	'COMPRESSION_ERROR',
	'CONNECT_ERROR',
	'ENHANCE_YOUR_CALM',
	'INADEQUATE_SECURITY',
	'HTTP_1_1_REQUIRED',
];

function nameOf(code: number): string {
	return names[code] ?? `code ${code}`;
}
