/**
 * What a server makes of the certificate that it asks us for. With TLS 1.3 it tells only after our handshake has ended: by an alert,
 * or by closing.
 */

import type {TLSSocket} from 'node:tls';
import {TargetDownError} from '../util/errors.ts';

/** What a server got that asked for a certificate of ours. */
export interface Shown {
	/** Whether we have one; else it got none. */
	ours: boolean;
}

/** A server that does not go on with the certificate that it was shown, or without one. */
export class ClientCertificateError extends TargetDownError {
	override name = 'ClientCertificateError';
	/** How it said so, as a clause without its subject (`sent the alert unknown ca`). */
	readonly how: string;

	constructor(how: string, {ours}: Shown) {
		const lack =
			'the server asks for a certificate of ours and none was shown: set tls_config.cert_file and key_file; it';
		const refusal = 'the server did not accept the certificate of tls_config.cert_file that it had asked for: it';
		super('tls', `${ours ? refusal : lack} ${how}`);
		this.how = how;
	}
}

/** What the server was shown, where it asked for a certificate of ours; undefined where it did not, or nobody knows any more. */
export function shownTo(socket: TLSSocket): Shown | undefined {
	// A client has these from the request for its certificate alone. Typed otherwise, but null after the end.
	const asked = (socket.getSharedSigalgs() ?? []).length > 0;
	return asked ? {ours: hasCertificate(socket)} : undefined;
}

/** Whether we would show a certificate. */
export function hasCertificate(socket: TLSSocket): boolean {
	return Object.keys(socket.getCertificate() ?? {}).length > 0;
}

/**
 * The failure of a connection over which the server said nothing after the handshake: where it had asked for a certificate, a
 * connection that just ends is its verdict on that.
 */
export function verdictIn(failure: TargetDownError, shown: Shown | undefined): TargetDownError {
	if (!shown) return failure;
	if (failure instanceof ClientCertificateError) return new ClientCertificateError(failure.how, shown);
	return failure.reason === 'reset' ? new ClientCertificateError('closed the connection', shown) : failure;
}
