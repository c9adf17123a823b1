/** A question in a datagram, and the datagram that answers it, over a socket of its own with a port that nobody can guess. */

import {createSocket, type RemoteInfo} from 'node:dgram';
import {isIP} from 'node:net';
import {socketFailure} from './socket-errors.ts';
import type {Resolved} from './types.ts';

export interface Transmission {
	bytes: Buffer;
	/** After the first, milliseconds. */
	afterMs: number;
}

/** Milliseconds of performance.now(). */
export interface DatagramTimes {
	/** When each transmission left. */
	sentAt: number[];
	/** When the answer came, or we stopped waiting. */
	endAt?: number;
	/** When the first datagram from there came, be it an answer or not. */
	heardAt?: number;
}

export interface DatagramExchange<T> {
	/** What the reader made of the answer; undefined: none came in time. */
	answer: T | undefined;
	/** Datagrams of the right sender that were no answer to this. */
	strays: number;
}

/**
 * Sends until an answer comes or `limitMs` have passed. `read` gets every datagram that came from exactly there: undefined means that
 * it answers something else and is passed over. Rejects with what `read` throws, TargetDownError (`refused` when an ICMP message says
 * so, `unreachable` …), CannotLookError when this machine cannot send, or the signal's reason as soon as it aborts. `times` are noted
 * either way; making the socket is in none of them.
 */
export function exchangeDatagrams<T extends object>(
	{address, family}: Pick<Resolved, 'address' | 'family'>,
	port: number,
	{
		transmissions,
		limitMs,
		read,
	}: {
		transmissions: readonly Transmission[];
		limitMs: number;
		read(datagram: Buffer): T | undefined;
	},
	signal: AbortSignal,
	times: DatagramTimes,
): Promise<DatagramExchange<T>> {
	return new Promise((resolve, reject) => {
		signal.throwIfAborted();
		if (isIP(address) !== family) throw new TypeError('only literal addresses are asked');
		// The address is one already: no resolver is ever asked.
		const lookup = (host: string, _options: unknown, found: (error: null, address: string, family: number) => void) =>
			found(null, host, family);
		const socket = createSocket({type: family === 4 ? 'udp4' : 'udp6', lookup});
		const timers: NodeJS.Timeout[] = [setTimeout(giveUp, Math.max(0, limitMs))];
		let strays = 0;
		let released = false;
		socket.on('error', onError);
		socket.on('message', onMessage);
		socket.on('connect', onConnect);
		signal.addEventListener('abort', onAbort);
		// Connected, so that the system drops what others send, and tells us when nobody listens there.
		socket.connect(port, address);

		function onConnect(): void {
			if (released) return;
			for (const {bytes, afterMs} of transmissions) {
				if (afterMs === 0) send(bytes);
				else if (afterMs < limitMs) timers.push(setTimeout(send, afterMs, bytes));
			}
		}

		function send(bytes: Buffer): void {
			times.sentAt.push(performance.now());
			// Without a callback, Node.js keeps a failure to itself.
			socket.send(bytes, error => {
				if (error) onError(error);
			});
		}

		function onMessage(datagram: Buffer, from: RemoteInfo): void {
			const at = performance.now();
			// One can have come before the socket was connected.
			if (from.port !== port || from.address !== address) return;
			times.heardAt ??= at;
			try {
				const answer = read(datagram);
				if (answer === undefined) strays++;
				else succeed(answer, at);
			} catch (error) {
				fail(error, at);
			}
		}

		function giveUp(): void {
			succeed(undefined, performance.now());
		}

		function succeed(answer: T | undefined, at: number): void {
			release(at);
			resolve({answer, strays});
		}

		function onError(error: Error): void {
			fail(socketFailure(error));
		}

		function onAbort(): void {
			fail(signal.reason);
		}

		function fail(error: unknown, at: number = performance.now()): void {
			release(at);
			reject(error);
		}

		function release(at: number): void {
			if (released) return;
			released = true;
			times.endAt = at;
			for (const timer of timers) clearTimeout(timer);
			signal.removeEventListener('abort', onAbort);
			socket.off('error', onError).on('error', ignoreLate);
			socket.close();
		}
	});
}

function ignoreLate(): void {}
