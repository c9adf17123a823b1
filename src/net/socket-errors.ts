/** What the system says about a connection, in the words of our reasons. */

import type {DownReason} from '../engine/types.ts';
import {CannotLookError, messageOf, TargetDownError} from '../util/errors.ts';

const down: Record<string, readonly [reason: DownReason, words: string]> = {
	ECONNREFUSED: ['refused', 'the connection was refused: nothing listens there, or a firewall said no'],
	EHOSTUNREACH: ['unreachable', 'the host is unreachable'],
	EHOSTDOWN: ['unreachable', 'the host is down'],
	ENETUNREACH: ['unreachable', 'there is no route to that network'],
	ENETDOWN: ['unreachable', 'the network interface towards it is down'],
	EACCES: ['unreachable', 'a firewall forbids the connection'],
	EPERM: ['unreachable', 'a firewall forbids the connection'],
	ECONNRESET: ['reset', 'the connection was reset'],
	ECONNABORTED: ['reset', 'the connection was aborted'],
	EPIPE: ['reset', 'the connection was closed while we were sending'],
	ETIMEDOUT: ['timeout', 'the connection timed out: packets get no answer'],
};

/** Of our own machine: the target is not to blame. */
const own: Record<string, string> = {
	EMFILE: 'this process has too many open files',
	ENFILE: 'this machine has too many open files',
	ENOBUFS: 'this machine has no buffers left',
	ENOMEM: 'this machine has no memory left',
	EADDRNOTAVAIL: 'this machine has no address or no port left to connect from',
	EAFNOSUPPORT: 'this machine does not speak that address family',
};

/**
 * The failure that an error of a socket stands for, with a clause as its message: TargetDownError, or CannotLookError
 * (`vantage`) when our own machine is at fault. An error without a system's code is returned as it is.
 */
export function socketFailure(error: Error): Error {
	const {code, syscall} = error as NodeJS.ErrnoException;
	if (code === undefined) return error;
	const known = down[code];
	if (known) return new TargetDownError(...known);
	const ours = own[code];
	if (ours) return new CannotLookError('vantage', `could not connect: ${ours} (${code})`);
	// A code that no table foresees is still the world's failure when a system call brought it.
	return syscall === undefined ? error : new TargetDownError('unreachable', messageOf(error));
}
