/** TLS over a connection that is open already: a full handshake each time, and certificate faults as sentences. */

import type {X509Certificate} from 'node:crypto';
import {isIP, type Socket} from 'node:net';
import {connect, type SecureContext, type TLSSocket} from 'node:tls';
import {oneLine, TargetDownError} from '../util/errors.ts';
import {ClientCertificateError, hasCertificate, type Shown, shownTo, verdictIn} from './client-certificate.ts';
import {sayGoodbye} from './goodbye.ts';
import {isForName, keepChainWhole} from './peer-certificate.ts';
import {socketFailure, tlsFailure} from './socket-errors.ts';

export interface TlsSettings {
	context: SecureContext;
	/** The name that is asked for (SNI) and that the certificate must be for; an address is checked but not sent. */
	name: string;
	/** Takes any certificate. */
	skipVerify: boolean;
	/** Protocols to offer by ALPN, best first; empty offers none. */
	alpn: readonly string[];
}

export interface TlsConnection {
	socket: TLSSocket;
	/** By which the certificate was judged. */
	context: SecureContext;
	/** `TLSv1.3` */
	version: string;
	cipher: string;
	/** The protocol that the server chose of those offered; undefined when it chose none. */
	alpn: string | undefined;
	/** Seconds since 1970 when the first of the certificates that were presented expires; undefined when there is none that tells. */
	expirySeconds: number | undefined;
	/** What the server presented for itself. The others hang on `issuerCertificate`, in the server's order. */
	leaf: X509Certificate | undefined;
	/** What is wrong with the certificate, although it was taken (`skipVerify`). */
	fault: CertificateFault | undefined;
	/** Where the server asked for a certificate of ours: what it got. What it makes of that may come only after this. */
	shown: Shown | undefined;
}

/** What can be wrong with a server's certificate. The list is closed: it is a label value. */
export const certificateFaults = [
	'none_presented',
	'expired',
	'not_yet_valid',
	'wrong_host',
	'self_signed',
	'untrusted',
	'other',
] as const;
export type CertificateFault = (typeof certificateFaults)[number];

/** A certificate that is not accepted; still tells when it expires. */
export class CertificateError extends TargetDownError {
	override name = 'CertificateError';
	readonly fault: CertificateFault;
	readonly expirySeconds: number | undefined;
	readonly leaf: X509Certificate | undefined;

	constructor({fault, message}: Finding, leaf: X509Certificate | undefined) {
		super('tls', message);
		this.fault = fault;
		this.expirySeconds = earliestExpiry(leaf);
		this.leaf = leaf;
	}
}

interface Finding {
	fault: CertificateFault;
	/** A clause. */
	message: string;
}

/**
 * Shakes hands over the connected socket. The caller destroys the TLS socket, which destroys the other;
 * on failure both are destroyed or being ended already. Rejects with TargetDownError (`tls`, `reset` …), its message a clause, or the signal's reason.
 */
export function upgradeToTls(plain: Socket, settings: TlsSettings, signal: AbortSignal): Promise<TlsConnection> {
	return new Promise((resolve, reject) => {
		signal.throwIfAborted();
		if (plain.destroyed) throw socketFailure(plain.errored ?? closedEarly());
		const socket = connect({
			socket: plain,
			host: settings.name,
			// An empty name leaves SNI out: addresses are not allowed there.
			servername: isIP(settings.name) === 0 ? settings.name : '',
			secureContext: settings.context,
			...(settings.alpn.length === 0 ? {} : {ALPNProtocols: [...settings.alpn]}),
			// We judge after the handshake, so that a bad certificate still tells when it expires; nothing is sent before.
			rejectUnauthorized: false,
		});
		keepChainWhole(socket);
		const hasOurs = hasCertificate(socket);
		socket.on('error', ignoreLate);
		socket.on('error', onError);
		socket.on('close', onClose);
		socket.on('secureConnect', onSecure);
		signal.addEventListener('abort', onAbort);

		function onSecure(): void {
			const leaf = socket.getPeerX509Certificate();
			const finding = faultOf(socket, leaf, settings.name);
			if (finding && !settings.skipVerify) {
				release();
				sayGoodbye(socket, plain);
				reject(new CertificateError(finding, leaf));
				return;
			}
			release();
			resolve({
				socket,
				context: settings.context,
				version: socket.getProtocol() ?? '',
				// The name of the registry, which is also blackbox_exporter's.
				cipher: socket.getCipher().standardName,
				// Typed otherwise, but false when nothing was agreed on.
				alpn: socket.alpnProtocol || undefined,
				expirySeconds: earliestExpiry(leaf),
				leaf,
				fault: finding?.fault,
				shown: shownTo(socket),
			});
		}

		function onError(error: Error): void {
			const failure = handshakeFailure(error, hasOurs);
			fail(failure instanceof TargetDownError ? ofCertificate(failure, shownTo(socket)) : failure);
		}

		function onClose(): void {
			fail(closedEarly(hasOurs));
		}

		function onAbort(): void {
			fail(signal.reason);
		}

		function fail(error: unknown): void {
			release();
			socket.destroy();
			plain.destroy();
			reject(error);
		}

		function release(): void {
			socket.off('error', onError);
			socket.off('close', onClose);
			socket.off('secureConnect', onSecure);
			signal.removeEventListener('abort', onAbort);
		}
	});
}

function ignoreLate(): void {}

function closedEarly(hasOurs = false): TargetDownError {
	// Whether the server asked for it cannot be told any more.
	const hint = hasOurs ? '; it may not have accepted our certificate (tls_config.cert_file)' : '';
	return new TargetDownError('reset', `the connection was closed within the TLS handshake${hint}`);
}

/** With TLS 1.2, a server that asked for a certificate and lacks it says only that no agreement was reached. */
function ofCertificate(failure: TargetDownError, shown: Shown | undefined): TargetDownError {
	if (!shown || !/alert handshake failure$/.test(failure.message)) return verdictIn(failure, shown);
	return new ClientCertificateError('sent the alert handshake failure', shown);
}

function faultOf(socket: TLSSocket, leaf: X509Certificate | undefined, name: string): Finding | undefined {
	if (!leaf) return {fault: 'none_presented', message: 'the server presented no certificate'};
	// Typed as an Error, but it is the code as a string.
	if (!socket.authorized) return chainFault(String(socket.authorizationError), leaf);
	if (isForName(leaf, name)) return undefined;
	const names = leaf.subjectAltName ?? /(?:^|\n)CN=([^\n]*)/.exec(leaf.subject ?? '')?.[1] ?? 'nobody';
	return {
		fault: 'wrong_host',
		message: `the certificate is for ${oneLine(names, 80)}, not for ${oneLine(name, 80)}`,
	};
}

function chainFault(code: string, leaf: X509Certificate): Finding {
	switch (code) {
		case 'DEPTH_ZERO_SELF_SIGNED_CERT':
			return {
				fault: 'self_signed',
				message:
					'the certificate is self-signed; name its CA in tls_config.ca_file, or get one from an authority that is trusted',
			};
		case 'SELF_SIGNED_CERT_IN_CHAIN':
			return {
				fault: 'untrusted',
				message: 'the certificate comes from an authority that is not trusted; name it in tls_config.ca_file',
			};
		case 'UNABLE_TO_GET_ISSUER_CERT':
		case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
		case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
			return {
				fault: 'untrusted',
				message:
					'the issuer of the certificate is not trusted: name its CA in tls_config.ca_file, or have the server send the intermediate certificate that it may leave out',
			};
		case 'CERT_HAS_EXPIRED':
			return {
				fault: 'expired',
				message: `the certificate, or one of its chain, has expired (its own end: ${oneLine(leaf.validTo, 40)})`,
			};
		case 'CERT_NOT_YET_VALID':
			return {
				fault: 'not_yet_valid',
				message: `the certificate, or one of its chain, is not valid yet (its own beginning: ${oneLine(leaf.validFrom, 40)})`,
			};
		default:
			return {fault: 'other', message: `the certificate is not accepted: ${oneLine(code, 80)}`};
	}
}

function handshakeFailure(error: Error, hasOurs: boolean): Error {
	const {code = ''} = error as NodeJS.ErrnoException;
	if (/^ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST)$/.test(code)) {
		return new TargetDownError('tls', 'the port answered with something other than TLS; does it want http?');
	}
	if (code === 'ECONNRESET') return closedEarly(hasOurs);
	const failure = socketFailure(error);
	const isOfSystem =
		failure !== error && !(failure instanceof TargetDownError && /^(?:tls|protocol)$/.test(failure.reason));
	// Everything else is what OpenSSL or Node.js finds wrong with the handshake.
	return isOfSystem ? failure : tlsFailure(error, 'the TLS handshake failed');
}

/** Of what was presented; the trusted root is not among it unless the server sends it. */
function earliestExpiry(leaf: X509Certificate | undefined): number | undefined {
	let earliest: number | undefined;
	let certificate = leaf;
	for (let depth = 0; certificate && depth < maxDepth; depth++) {
		const seconds = Date.parse(certificate.validTo) / 1000;
		if (!Number.isNaN(seconds)) earliest = Math.min(earliest ?? seconds, seconds);
		const issuer: X509Certificate | undefined = certificate.issuerCertificate;
		certificate = issuer === certificate || issuer?.fingerprint256 === certificate.fingerprint256 ? undefined : issuer;
	}
	return earliest;
}

const maxDepth = 10;
