/** Opens a TCP connection to one literal address: no name lookup, no second address tried, no pooling. */

import {isIP, Socket} from 'node:net';
import {TargetDownError} from '../util/errors.ts';
import {socketFailure} from './socket-errors.ts';
import type {Resolved} from './types.ts';

/**
 * The connected socket, with Nagle's delay off; the caller destroys it. Rejects with TargetDownError (`refused`, `unreachable`,
 * `reset`, `timeout`), CannotLookError when this machine cannot open a socket, or the signal's reason as soon as it aborts.
 */
export function dial(
	{address, family}: Pick<Resolved, 'address' | 'family'>,
	port: number,
	signal: AbortSignal,
): Promise<Socket> {
	return new Promise((resolve, reject) => {
		signal.throwIfAborted();
		if (isIP(address) !== family) throw new TypeError('only literal addresses are dialled');
		const socket = new Socket();
		socket.setNoDelay(true);
		socket.on('error', ignoreLate);
		socket.on('error', onError);
		socket.on('connect', onConnect);
		signal.addEventListener('abort', onAbort);
		socket.connect({host: address, port, family, autoSelectFamily: false});

		function onConnect(): void {
			release();
			resolve(socket);
		}

		function onError(error: Error): void {
			release();
			reject(connectFailure(error));
		}

		function onAbort(): void {
			release();
			socket.destroy();
			reject(signal.reason);
		}

		function release(): void {
			socket.off('error', onError);
			socket.off('connect', onConnect);
			signal.removeEventListener('abort', onAbort);
		}
	});
}

// A reset between two steps has no listener of any step; whoever uses the socket next finds it destroyed.
function ignoreLate(): void {}

function connectFailure(error: Error): Error {
	const failure = socketFailure(error);
	if (!(failure instanceof TargetDownError) || failure.reason !== 'reset') return failure;
	return new TargetDownError('reset', 'the connection was reset while it was being opened');
}
