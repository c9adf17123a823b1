/** What a certificate says, as facts and values. All of it is text that a stranger wrote. */

import type {X509Certificate} from 'node:crypto';
import type {TlsConnection} from '../../net/tls.ts';
import {chainExpirySeconds, presentedChain} from '../../net/tls-chain.ts';
import {CannotLookError, messageOf, oneLine} from '../../util/errors.ts';
import {formatSpan} from '../../util/readable.ts';
import {formatDurationMs} from '../../util/units.ts';
import type {Findings} from './failed-reading.ts';

/** Notes what the server's own certificate says, and how many the server presented. */
export function noteCertificate(leaf: X509Certificate, {facts, values}: Findings): void {
	facts.tls_subject = nameIn(leaf.subject);
	facts.tls_issuer = nameIn(leaf.issuer);
	facts.tls_names = oneLine((leaf.subjectAltName ?? '').slice(0, 1000), 200);
	facts.tls_serial = oneLine(leaf.serialNumber, 64).toLowerCase();
	facts.tls_fingerprint_sha256 = leaf.fingerprint256.replaceAll(':', '').toLowerCase();
	note('tls_not_after_seconds', leaf.validTo);
	note('tls_not_before_seconds', leaf.validFrom);
	values.tls_presented_certificates = presentedChain(leaf).length;

	function note(value: string, time: string): void {
		const seconds = Date.parse(time) / 1000;
		if (Number.isFinite(seconds)) values[value] = seconds;
	}
}

/** The same for a handshake that went well, and when the trusted chain ends. Throws CannotLookError when the authorities cannot be read. */
export async function noteChain(
	{leaf, fault}: TlsConnection,
	caFile: string | undefined,
	findings: Findings,
): Promise<void> {
	if (!leaf) return;
	noteCertificate(leaf, findings);
	// A name that does not fit says nothing against the chain.
	if (fault !== undefined && fault !== 'wrong_host') return;
	try {
		const seconds = await chainExpirySeconds(leaf, caFile);
		if (seconds !== undefined && Number.isFinite(seconds)) findings.values.tls_chain_expiry_seconds = seconds;
	} catch (error) {
		throw new CannotLookError('vantage', `could not use the TLS file ${caFile}: ${messageOf(error)}`);
	}
}

/** A clause when less is left than wanted: of the trusted chain, where that is known, else of what was presented. */
export function remaining(values: Findings['values'], wantedMs: number): string | undefined {
	const end = values.tls_chain_expiry_seconds ?? values.tls_earliest_cert_expiry_seconds;
	if (end === undefined) return undefined;
	const leftMs = end * 1000 - Date.now();
	if (leftMs >= wantedMs) return undefined;
	const when = new Date(end * 1000).toISOString().slice(0, 10);
	const left = leftMs < 0 ? `ended on ${when}` : `ends on ${when}, in ${formatSpan(leftMs)}`;
	const which = end === values.tls_not_after_seconds ? 'the certificate' : 'a certificate of the chain';
	return `${which} ${left}; wanted at least ${formatDurationMs(wantedMs)} (min_remaining)`;
}

/** `CN=livekit, O=June` from Node's lines. */
function nameIn(subject: string | undefined): string {
	return oneLine((subject ?? '').slice(0, 1000).split('\n').join(', '), 150);
}
