/** One DNS message each way over a connection (RFC 1035 §4.2.2): the length in two bytes, then the message. */

import type {Duplex} from 'node:stream';
import {TargetDownError} from '../util/errors.ts';
import {socketFailure} from './socket-errors.ts';

/**
 * Sends the query and reads one message. Rejects with TargetDownError (`protocol`, `reset` …, its message a clause) or, after an
 * abort, with the signal's reason at once. The connection is left without listeners of ours: destroy it, also after success.
 */
export function exchangeOverStream(socket: Duplex, query: Buffer, signal: AbortSignal): Promise<Buffer> {
	return new Promise((resolve, reject) => {
		signal.throwIfAborted();
		if (socket.destroyed) throw socketFailure(socket.errored ?? closed('before the question was sent'));
		const buffer = Buffer.allocUnsafe(2 + 65_535);
		let filled = 0;
		socket.on('data', onData);
		socket.on('end', onClose);
		socket.on('close', onClose);
		socket.on('error', onError);
		signal.addEventListener('abort', onAbort);
		// In one piece: some servers read the length and the question in one go.
		socket.write(Buffer.concat([lengthOf(query), query]));

		function onData(chunk: Buffer): void {
			filled += chunk.copy(buffer, filled);
			if (filled < 2) return;
			// As a length this would be one of 18,516 bytes, which never come.
			if (filled >= 5 && buffer.toString('latin1', 0, 5) === 'HTTP/') {
				fail(new TargetDownError('protocol', 'the port answers in HTTP, not in DNS'));
				return;
			}
			const wanted = buffer.readUInt16BE(0);
			if (wanted < 12)
				fail(new TargetDownError('protocol', `the answer says that it is ${wanted} bytes long; 12 is the least`));
			else if (filled >= 2 + wanted) {
				release();
				resolve(buffer.subarray(2, 2 + wanted));
			}
		}

		function onClose(): void {
			const wanted = filled < 2 ? undefined : buffer.readUInt16BE(0);
			fail(
				closed(wanted === undefined ? 'before any answer' : `within the answer: ${filled - 2} of ${wanted} bytes came`),
			);
		}

		function onError(error: Error): void {
			fail(socketFailure(error));
		}

		function onAbort(): void {
			fail(signal.reason);
		}

		function fail(error: unknown): void {
			release();
			reject(error);
		}

		function release(): void {
			socket.off('data', onData);
			socket.off('end', onClose);
			socket.off('close', onClose);
			socket.off('error', onError);
			signal.removeEventListener('abort', onAbort);
		}
	});
}

function lengthOf(query: Buffer): Buffer {
	return Buffer.from([query.length >> 8, query.length & 0xff]);
}

function closed(where: string): TargetDownError {
	return new TargetDownError('reset', `the connection was closed ${where}`);
}
