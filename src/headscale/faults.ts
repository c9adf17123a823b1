/** What went wrong on the way to headscale, in words for a person. */

import {connectionFaults, tellingFault} from '../sources/connection-faults.ts';
import type {Obstacle} from '../sources/read.ts';
import {messageOf} from '../util/errors.ts';

/** How far a request came. */
export interface Progress {
	stage: 'resolving' | 'connecting' | 'tls' | 'waiting' | 'reading';
	status: number;
	bytes: number;
}

/**
 * Why a request ran out of time, as a sentence. `until`: when the same address answered last, if it ever did. `about`: the address, and
 * the setting that holds it.
 */
export function explainTimeout(
	tried: string,
	timeoutMs: number,
	{stage, status, bytes}: Progress,
	until?: string,
	about?: {url: URL; setting: string},
): string {
	const limit = `${timeoutMs / 1000} s`;
	switch (stage) {
		case 'resolving':
			return `${tried}: its name was not resolved within ${limit}. Does the resolver of this machine answer?`;
		case 'connecting':
			return `${tried}: no connection within ${limit}. ${until === undefined ? `Is the address right and the way there open?${about === undefined ? '' : adviseOnMetrics(about.url, about.setting)}` : gone(until)}`;
		case 'tls':
			return `${tried}: connected, but the TLS handshake did not end within ${limit}. ${hanging}`;
		case 'waiting':
			return `${tried}: connected, but no answer came within ${limit}. ${hanging}`;
		case 'reading':
			return `${tried}: an answer began (status ${status}, ${bytes} bytes) but did not end within ${limit}.`;
	}
}

const hanging = 'headscale or a proxy before it hangs: look at its log, its load and its database.';

/** What an address that answered before and does not now may have met with. */
function gone(until: string): string {
	return `It answered until ${until}: headscale or its machine is stopped, or a firewall closed the way.`;
}

/** What a failed connection means and what to do, as the end of a sentence. `until`: when the same address answered last, if it ever did. */
export function explainFault(error: unknown, url: URL, setting: string, until: string | undefined): string {
	const {protocol, hostname} = url;
	const {fault, code} = tellingFault(error);
	if (untrustedCodes.has(code)) {
		return `its TLS certificate was issued by a CA that is not trusted here (${code}). Name a PEM file with that CA in headscale.ca_file.`;
	}
	if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
		return `its TLS certificate is not for the name ${hostname} (${code}). Use a name of the certificate in ${setting}.`;
	}
	if (code === 'CERT_HAS_EXPIRED') return `its TLS certificate has expired (${code}): renew it.`;
	if (code.startsWith('ERR_SSL_') || code === 'EPROTO') {
		return `what answers there speaks no TLS that we understand (${code}). Is it plain http://, or another port?`;
	}
	if (isAnswerFault(fault)) {
		const hint = protocol === 'http:' ? 'Is it https://, or another port?' : 'Is it another port?';
		return `what answers there does not speak HTTP. ${hint}`;
	}
	return `${connectionFaults[code] ?? messageOf(fault)}${code === '' ? '' : ` (${code})`}. ${adviseOn(code, setting, until)}${until === undefined && neverListening.has(code) ? adviseOnMetrics(url, setting) : ''}`;
}

/** headscale's own default is a port of its loopback, which nobody else reaches: the first thing to look at, with a space before it. */
function adviseOnMetrics({port, protocol}: URL, setting: string): string {
	if (setting !== 'headscale.metrics_url') return '';
	const at = port || (protocol === 'https:' ? '443' : '80');
	return ` headscale listens for it on 127.0.0.1 by default: set its metrics_listen_addr to 0.0.0.0:${at}, and in Kubernetes have a Service with that port.`;
}

const neverListening: ReadonlySet<string> = new Set([
	'ECONNREFUSED',
	'EHOSTUNREACH',
	'ENETUNREACH',
	'ENOTFOUND',
	'EAI_AGAIN',
	'ETIMEDOUT',
]);

/** Only an address that never answered may be the wrong one. */
export function adviseOn(code: string, setting: string, until: string | undefined): string {
	if (until === undefined) return `Is ${setting} right?`;
	if (code !== 'ENOTFOUND' && code !== 'EAI_AGAIN') return gone(until);
	return `It answered until ${until}: see whether its name is still in DNS, and what resolves names on this machine.`;
}

/** What a request met with that ran out of time. */
export function obstacleOfTimeout({stage}: Progress): Obstacle {
	if (stage === 'resolving') return 'unresolved';
	return stage === 'connecting' ? 'unreachable' : 'silent';
}

/** What a failed connection met with; undefined where its error does not tell. */
export function obstacleOf(error: unknown): Obstacle | undefined {
	const {fault, code} = tellingFault(error);
	if (untrustedCodes.has(code) || certificateCodes.has(code)) return 'certificate';
	if (isAnswerFault(fault) || code.startsWith('ERR_SSL_') || code === 'EPROTO') return 'foreign';
	return obstacles[code];
}

const certificateCodes: ReadonlySet<string> = new Set([
	'ERR_TLS_CERT_ALTNAME_INVALID',
	'CERT_HAS_EXPIRED',
	'CERT_NOT_YET_VALID',
]);

const obstacles: Readonly<Record<string, Obstacle>> = {
	ENOTFOUND: 'unresolved',
	EAI_AGAIN: 'unresolved',
	ECONNREFUSED: 'refused',
	EHOSTUNREACH: 'unreachable',
	ENETUNREACH: 'unreachable',
	ETIMEDOUT: 'unreachable',
	ECONNRESET: 'closed',
	EPIPE: 'closed',
	UND_ERR_SOCKET: 'closed',
};

/** Whether something answered, although nothing that could be read. */
export function isAnswerFault(error: unknown): boolean {
	return error instanceof Error && error.name === 'HTTPParserError';
}

const untrustedCodes: ReadonlySet<string> = new Set([
	'DEPTH_ZERO_SELF_SIGNED_CERT',
	'SELF_SIGNED_CERT_IN_CHAIN',
	'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
	'UNABLE_TO_GET_ISSUER_CERT',
	'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
	'CERT_SIGNATURE_FAILURE',
]);
