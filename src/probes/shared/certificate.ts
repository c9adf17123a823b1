/** What a certificate says, as facts and values. All of it is text that a stranger wrote. */

import type {X509Certificate} from 'node:crypto';
import type {SecureContext} from 'node:tls';
import type {TlsConnection} from '../../net/tls.ts';
import {chainExpirySeconds, presentedChain} from '../../net/tls-chain.ts';
import {CannotLookError, messageOf, oneLine} from '../../util/errors.ts';
import {formatSpan} from '../../util/readable.ts';
import {formatDurationMs} from '../../util/units.ts';
import type {Findings} from './failed-reading.ts';

/** Notes what the server's own certificate says, and how many the server presented. */
export function noteCertificate(leaf: X509Certificate, {facts, values}: Findings): void {
	const known = read(leaf, presentedChain(leaf));
	Object.assign(facts, known.facts);
	Object.assign(values, known.values);
}

/**
 * The same for a handshake that went well, and when the trusted chain ends. Throws CannotLookError when the authorities cannot be read.
 * To be called when nothing is measured any more. Kept in mind by what was presented: nearly every run finds what the one before it did.
 */
export async function noteChain(
	{leaf, fault, context}: Pick<TlsConnection, 'leaf' | 'fault' | 'context'>,
	caFile: string | undefined,
	findings: Findings,
): Promise<void> {
	if (!leaf) return;
	const chain = presentedChain(leaf);
	const trusted = isTrusted(fault);
	const id = [trusted, ...chain.map(({fingerprint256}) => fingerprint256)].join();
	let ofContext = known.get(context);
	if (!ofContext) {
		ofContext = new Map();
		known.set(context, ofContext);
	}
	let found = ofContext.get(id);
	if (!found || found.until < Date.now()) {
		found = {...read(leaf, chain), until: Date.now() + keepMs};
		if (trusted) {
			const seconds = await trustedEnd(leaf, caFile);
			if (seconds !== undefined && Number.isFinite(seconds)) found.values.tls_chain_expiry_seconds = seconds;
		}
		if (ofContext.size >= maxKnown) ofContext.clear();
		ofContext.set(id, found);
	}
	Object.assign(findings.facts, found.facts);
	Object.assign(findings.values, found.values);
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

interface Said {
	facts: Record<string, string>;
	values: Record<string, number>;
}

/** By the context, which is another one as soon as its authorities changed, and by the fingerprints of what was presented. */
const known = new WeakMap<SecureContext, Map<string, Said & {until: number}>>();
const maxKnown = 2000;
/** Of two authorities one may end meanwhile. */
const keepMs = 3_600_000;
/** Some certificates are for hundreds of names. */
const maxNamesBytes = 2000;

/** A name that does not fit says nothing against the chain. */
function isTrusted(fault: TlsConnection['fault']): boolean {
	return fault === undefined || fault === 'wrong_host';
}

async function trustedEnd(leaf: X509Certificate, caFile: string | undefined): Promise<number | undefined> {
	try {
		return await chainExpirySeconds(leaf, caFile);
	} catch (error) {
		throw new CannotLookError('vantage', `could not use the TLS file ${caFile}: ${messageOf(error)}`);
	}
}

function read(leaf: X509Certificate, chain: readonly X509Certificate[]): Said {
	const values: Record<string, number> = {};
	note('tls_not_after_seconds', leaf.validTo);
	note('tls_not_before_seconds', leaf.validFrom);
	values.tls_presented_certificates = chain.length;
	const facts = {
		tls_subject: distinguishedName(leaf.subject),
		tls_issuer: distinguishedName(leaf.issuer),
		tls_names: wholeNames(leaf.subjectAltName ?? ''),
		tls_serial: oneLine(leaf.serialNumber, 64).toLowerCase(),
		tls_fingerprint_sha256: leaf.fingerprint256.replaceAll(':', '').toLowerCase(),
	};
	return {facts, values};

	function note(value: string, time: string): void {
		const seconds = Date.parse(time) / 1000;
		if (Number.isFinite(seconds)) values[value] = seconds;
	}
}

/** The first of the names, each of them whole. */
function wholeNames(names: string): string {
	const shown = oneLine(names.slice(0, 2 * maxNamesBytes), 2 * maxNamesBytes);
	if (shown.length <= maxNamesBytes) return shown;
	const end = shown.lastIndexOf(', ', maxNamesBytes);
	return end < 0 ? '' : shown.slice(0, end);
}

/**
 * `CN=livekit,O=June,C=NL` from Node's lines, in the order and with the separators by which Go writes names, so that labels are those
 * of blackbox_exporter.
 */
function distinguishedName(lines: string | undefined): string {
	const parts = (lines ?? '')
		.slice(0, 2000)
		.split('\n')
		.flatMap(line => line.split(/ \+ (?=[\w.-]+=)/))
		.filter(part => part !== '')
		.map(part => {
			const at = part.indexOf('=');
			const key = part.slice(0, at);
			return {key: goKeys[key] ?? key, text: part.slice(at)};
		});
	const byKey = Map.groupBy(parts, ({key}) => key);
	const ordered = [...byKey].toSorted(([one], [other]) => rankOf(one) - rankOf(other));
	return oneLine(ordered.map(([key, all]) => all.map(({text}) => key + text).join('+')).join(','), 400);
}

const goKeys: Record<string, string> = {street: 'STREET', postalCode: 'POSTALCODE', serialNumber: 'SERIALNUMBER'};
const goOrder = ['SERIALNUMBER', 'CN', 'POSTALCODE', 'STREET', 'ST', 'L', 'OU', 'O', 'C'];

/** What Go has no name for comes last. */
function rankOf(key: string): number {
	const at = goOrder.indexOf(key);
	return at < 0 ? goOrder.length : at;
}
