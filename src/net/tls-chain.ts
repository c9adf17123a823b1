/** When a trusted chain ends, the authority at its end included: a server does not present that one. */

import {X509Certificate} from 'node:crypto';
import {getCACertificates} from 'node:tls';
import {readChanging} from '../util/changing-file.ts';

/**
 * Seconds since 1970 when the first certificate of the way from `leaf` to a trusted root expires; undefined when no way is found. The
 * way is OpenSSL's: at each step an authority that is trusted before one that was merely presented, of several the one that is valid
 * and lasts longest, and on to the root where a trusted one is none itself. Ask only for chains that were accepted: signatures are not
 * checked again.
 */
export async function chainExpirySeconds(
	leaf: X509Certificate,
	caFile: string | undefined,
): Promise<number | undefined> {
	const trusted = await (caFile === undefined ? builtInAuthorities() : authoritiesOf(caFile, rereadMs));
	const presented = presentedBehind(leaf);
	let earliest = endOf(leaf);
	let certificate = leaf;
	let isTrusted = false;
	for (let depth = 0; depth < maxDepth; depth++) {
		const namesakes = trusted.get(certificate.issuer) ?? [];
		if (certificate.issuer === certificate.subject && certificate.checkIssued(certificate)) {
			const {fingerprint256} = certificate;
			return namesakes.some(one => one.fingerprint256 === fingerprint256) ? earliest : undefined;
		}
		const authority = bestIssuer(certificate, namesakes);
		// Behind one that is trusted nothing counts that was merely presented.
		const next = authority ?? (isTrusted ? undefined : bestIssuer(certificate, presented));
		if (!next) return isTrusted ? earliest : undefined;
		isTrusted = authority !== undefined;
		earliest = Math.min(earliest, endOf(next));
		certificate = next;
	}
	return undefined;
}

/**
 * Reads the authorities before they are needed: those of the web take tens of milliseconds, once. Undefined when that was
 * done before; never rejects.
 */
export function prepareAuthorities(caFile: string | undefined): Promise<void> | undefined {
	if (prepared.has(caFile)) return undefined;
	if (prepared.size >= maxPrepared) prepared.clear();
	prepared.add(caFile);
	// Whoever needs a file that cannot be read says so.
	return (caFile === undefined ? builtInAuthorities() : authoritiesOf(caFile)).then(
		() => {},
		() => {},
	);
}

/** What the server presented: the leaf first, then the others in its order. */
export function presentedChain(leaf: X509Certificate): X509Certificate[] {
	return [leaf, ...presentedBehind(leaf)];
}

/** By subject. */
type Authorities = Map<string, X509Certificate[]>;

const maxDepth = 10;
const prepared = new Set<string | undefined>();
const maxPrepared = 100;
const maxFileBytes = 4 * 1024 * 1024;
/** The handshake's own look at the file was moments ago, so a fifth of this at most; there may be little left of the run. */
const rereadMs = 500;
let builtIn: Promise<Authorities> | undefined;
/** By the bytes of the file, which stay the same object while the file is unchanged. */
const ofFiles = new WeakMap<Buffer, Promise<Authorities>>();

function builtInAuthorities(): Promise<Authorities> {
	builtIn ??= parseAll(getCACertificates('default'));
	return builtIn;
}

async function authoritiesOf(file: string, runMs?: number): Promise<Authorities> {
	const bytes = await readChanging(file, maxFileBytes, runMs);
	let known = ofFiles.get(bytes);
	if (!known) {
		const blocks = bytes
			.toString('latin1')
			.match(/-----BEGIN [A-Z ]*CERTIFICATE-----[^-]+-----END [A-Z ]*CERTIFICATE-----/g);
		known = parseAll(blocks ?? []);
		ofFiles.set(bytes, known);
	}
	return known;
}

/** A few at a time: all authorities of the web take longer than many a probe. */
async function parseAll(blocks: readonly string[]): Promise<Authorities> {
	const authorities: Authorities = new Map();
	for (const [at, block] of blocks.entries()) {
		const certificate = parse(block);
		if (certificate)
			authorities.set(certificate.subject, [...(authorities.get(certificate.subject) ?? []), certificate]);
		if (at % 10 === 9) await new Promise(resolve => setImmediate(resolve));
	}
	return authorities;
}

/** What cannot be parsed did not make the context trust anybody either. */
function parse(block: string): X509Certificate | undefined {
	try {
		return new X509Certificate(block);
	} catch {
		return undefined;
	}
}

/** One that issued the certificate, by its name and key; undefined when none did. */
function bestIssuer(certificate: X509Certificate, candidates: readonly X509Certificate[]): X509Certificate | undefined {
	const now = Date.now();
	const rank = (one: X509Certificate) => [isValid(one, now) ? 1 : 0, endOf(one)] as const;
	return candidates
		.filter(one => certificate.checkIssued(one))
		.reduce<X509Certificate | undefined>((best, one) => {
			if (!best) return one;
			const [valid, end] = rank(one);
			const [bestValid, bestEnd] = rank(best);
			return valid > bestValid || (valid === bestValid && end > bestEnd) ? one : best;
		}, undefined);
}

function isValid({validFrom, validTo}: X509Certificate, now: number): boolean {
	return Date.parse(validFrom) <= now && now <= Date.parse(validTo);
}

function presentedBehind(leaf: X509Certificate): X509Certificate[] {
	const others: X509Certificate[] = [];
	let next = leaf.issuerCertificate;
	while (next && others.length < maxDepth) {
		others.push(next);
		next = next.issuerCertificate;
	}
	return others;
}

function endOf(certificate: X509Certificate): number {
	return Date.parse(certificate.validTo) / 1000;
}
