/** What the system says about a connection, in the words of our reasons. */

import type {DownReason} from '../engine/types.ts';
import {CannotLookError, messageOf, oneLine, TargetDownError} from '../util/errors.ts';
import {ClientCertificateError} from './client-certificate.ts';

const down: Record<string, readonly [reason: DownReason, words: string]> = {
	ECONNREFUSED: ['refused', 'the connection was refused: nothing listens there, or a firewall said no'],
	EHOSTUNREACH: ['unreachable', 'the host is unreachable'],
	EHOSTDOWN: ['unreachable', 'the host is down'],
	ENETUNREACH: ['unreachable', 'there is no route to that network'],
	ENETDOWN: ['unreachable', 'the network interface towards it is down'],
	EACCES: ['unreachable', 'a firewall on this machine forbids it (EACCES)'],
	EPERM: ['unreachable', 'a firewall on this machine forbids it (EPERM)'],
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
 * (`vantage`) when our own machine is at fault. Those two, and errors of a kind that only bugs throw (TypeError and the like), are
 * returned as they are.
 */
export function socketFailure(error: Error): Error {
	const {code = '', syscall} = error as NodeJS.ErrnoException;
	const known = down[code];
	if (known) return new TargetDownError(...known);
	const ours = own[code];
	if (ours) return new CannotLookError('vantage', `could not connect: ${ours} (${code})`);
	// A code that no table foresees is still the world's failure when a system call brought it.
	if (syscall !== undefined && code !== '') return new TargetDownError('unreachable', messageOf(error));
	if (isOfTls(error)) return tlsFailure(error);
	if (/^ERR_(?:STREAM_|SOCKET_CLOSED)/.test(code)) return new TargetDownError('reset', 'the connection was closed');
	// What else Node.js finds wrong with a connection comes as an Error of no special kind.
	if (!/^(?:Error|NodeError)$/.test(error.name)) return error;
	return new TargetDownError('protocol', `the connection failed: ${oneLine(messageOf(error), 120)}`);
}

/** What an error of OpenSSL stands for, or any other that ended a handshake: the server's alert, or what we find wrong with its words. `end` is what it ended, as a clause. */
export function tlsFailure(error: Error, end = 'TLS failed'): TargetDownError {
	const {code = '', reason} = error as NodeJS.ErrnoException & {reason?: string};
	const text = reason ?? error.message;
	// None of these alerts can be about anything but what a client shows.
	const alert =
		/alert ((?:bad|unsupported|no) certificate|certificate (?:\w+)|unknown ca|access denied|decrypt error)\b/.exec(
			text,
		);
	if (alert?.[1])
		return new ClientCertificateError(`sent the alert ${alert[1]}`, {ours: alert[1] !== 'certificate required'});
	const what = reason ?? /:error:[0-9A-F]*:[^:]*:[^:]*:([^:]+)/.exec(text)?.[1] ?? (text || code);
	return new TargetDownError('tls', `${end}: ${oneLine(what, 80)}`);
}

function isOfTls(error: Error): boolean {
	const {code = ''} = error as NodeJS.ErrnoException;
	// A reason that OpenSSL has no name for comes without a code.
	return /^(?:EPROTO$|ERR_SSL_|ERR_TLS_|ERR_OSSL_)/.test(code) || /:error:[0-9A-F]{8}:/.test(error.message);
}
