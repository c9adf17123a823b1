/** Waiting for what a server makes of our certificate, for whoever has nothing to ask it. */

import {TargetDownError} from '../util/errors.ts';
import {Incoming} from './incoming.ts';
import type {TlsConnection} from './tls.ts';

/**
 * Resolves as soon as the server shows that it goes on (a session ticket, or a first word), or has kept silent for `patienceMs`; at
 * once where it asked for no certificate, or said all there is to say within the handshake (TLS 1.2). Throws TargetDownError (`tls`,
 * `reset`) when it ends the connection instead. To be called right after the handshake.
 */
export async function awaitVerdict(
	{socket, version, shown}: TlsConnection,
	patienceMs: number,
	signal: AbortSignal,
): Promise<void> {
	if (!shown || version !== 'TLSv1.3') return;
	const incoming = new Incoming(socket);
	const goesOn = Promise.withResolvers<true>();
	const onSign = () => goesOn.resolve(true);
	const timer = setTimeout(onSign, patienceMs);
	socket.once('session', onSign);
	signal.addEventListener('abort', onSign);
	try {
		const sign = await Promise.race([goesOn.promise, incoming.more()]);
		if (sign === undefined) throw new TargetDownError('reset', 'the connection was closed after the TLS handshake');
	} finally {
		clearTimeout(timer);
		socket.off('session', onSign);
		signal.removeEventListener('abort', onSign);
		incoming.release();
	}
}
