/** Client certificates, judged at each request: whoever needs none (liveness) is let in, and the others get a sentence. */

import type {X509Certificate} from 'node:crypto';
import type {Socket} from 'node:net';
import {TLSSocket} from 'node:tls';
import type {WebTls} from '../../config/web-config.ts';
import {canonicalAddress} from '../../net/guard.ts';
import {oneLine} from '../../util/errors.ts';

export type CertificateVerdict =
	/** `name` where the certificate was verified. */
	| {ok: true; name?: string}
	/** A sentence. */
	| {ok: false; detail: string};

/** Whether the connection brings the certificate that is asked for, if one is. */
export function judgeCertificate(
	socket: Socket,
	{clientAuth, allowedSans}: Pick<WebTls, 'clientAuth' | 'allowedSans'>,
): CertificateVerdict {
	if (clientAuth === 'NoClientCert' || clientAuth === 'RequestClientCert') return {ok: true};
	if (!(socket instanceof TLSSocket)) return {ok: false, detail: 'This connection has no TLS.'};
	// Not getPeerCertificate(true): hostile chains end the process there.
	const certificate = socket.getPeerX509Certificate();
	if (!certificate) {
		if (clientAuth === 'VerifyClientCertIfGiven') return {ok: true};
		return {ok: false, detail: 'A client certificate is needed, and none came.'};
	}
	const verified = clientAuth !== 'RequireAnyClientCert';
	if (verified && !socket.authorized) {
		const why = oneLine(String(socket.authorizationError), 80);
		return {ok: false, detail: `The client certificate is not trusted here (${why}).`};
	}
	// A connection may outlive its certificate.
	if (verified && Date.parse(certificate.validTo) < Date.now())
		return {ok: false, detail: 'The client certificate has expired.'};
	const names = subjectAltNames(certificate);
	const allowed = allowedSans?.map(canonical);
	const match = names.find(name => allowed?.includes(name));
	if (allowed && match === undefined)
		return {ok: false, detail: 'The client certificate is for none of the names in client_allowed_sans.'};
	if (!verified) return {ok: true};
	return {ok: true, name: oneLine(match ?? names[0] ?? commonName(certificate), 100)};
}

/** DNS names, addresses, e-mail addresses and URIs of the certificate; nothing at all when the list is not plain. */
export function subjectAltNames({subjectAltName}: Pick<X509Certificate, 'subjectAltName'>): string[] {
	let rest = subjectAltName ?? '';
	const names: string[] = [];
	while (rest !== '') {
		// Node.js puts a name with odd characters in quotes, as JSON, so that none can pass for two.
		const match = /^([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^,"]*)(?:, |$)/.exec(rest);
		if (!match) return [];
		const [whole, kind = '', value = ''] = match;
		rest = rest.slice(whole.length);
		// Whoever needs quotes is no name that anybody would list.
		if (['DNS', 'IP Address', 'email', 'URI'].includes(kind) && !value.startsWith('"')) names.push(canonical(value));
	}
	return names;
}

function canonical(name: string): string {
	return canonicalAddress(name) ?? name;
}

function commonName(certificate: X509Certificate): string {
	return /^CN=(.+)$/m.exec(certificate.subject)?.[1] ?? certificate.fingerprint256;
}
