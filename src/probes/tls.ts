/** A TLS handshake: whether the certificate is good, what it says, and how long it will be good. */

import type {Reading, Target} from '../engine/types.ts';
import {checkLabels} from '../metrics/types.ts';
import {sayGoodbye} from '../net/goodbye.ts';
import {PhaseClock} from '../net/phase-clock.ts';
import {CertificateError, certificateFaults, type TlsConnection} from '../net/tls.ts';
import {prepareAuthorities} from '../net/tls-chain.ts';
import {parseHostPort} from '../net/url.ts';
import {oneLine} from '../util/errors.ts';
import {durationOption} from '../util/option-values.ts';
import {noteCertificate, noteChain, remaining} from './shared/certificate.ts';
import {connectPhase} from './shared/connect-phase.ts';
import {type Findings, failedReading, inMs} from './shared/failed-reading.ts';
import {type FamilyOptions, familyOptions, resolvePhase, ruleFor} from './shared/resolve-phase.ts';
import {earliestExpiryMetric} from './shared/tls-metrics.ts';
import {
	type TlsOptions,
	tlsConfig,
	tlsContext,
	tlsPhase,
	verdictPhase,
	withoutClientCertificate,
} from './shared/tls-options.ts';
import {tlsShell} from './tls/shell.ts';
import {askForTls, type StartTlsProtocol, startTlsProtocols} from './tls/starttls.ts';
import type {Place, Probe, Zod} from './types.ts';

export interface TlsProbeOptions extends FamilyOptions {
	tls_config: TlsOptions;
	alpn: string[];
	/** Milliseconds. */
	min_remaining?: number | undefined;
	starttls?: StartTlsProtocol | undefined;
}

/** States of the fact `tls_fault` of this type: those of every certificate, a good one, and one that ends too soon. */
const faultStates = ['none', 'ends_soon', ...certificateFaults] as const;

export const tls: Probe<TlsProbeOptions> = {
	type: 'tls',
	summary:
		'A TLS handshake with host:port: what is wrong with the certificate, and when it ends. Revocation (OCSP, CRL) is not asked for.',
	options,
	address: 'host_port',
	vias: ['tailnet', 'direct'],
	durationIsLatency: true,
	metrics: [
		earliestExpiryMetric,
		{
			name: 'tailprobe_tls_chain_expiry_timestamp_seconds',
			type: 'gauge',
			help: 'When the trusted chain ends: the first expiry on the way from the certificate to the authority that is trusted, that one included. Absent when no such way is known.',
			labels: [...checkLabels],
			from: {value: 'tls_chain_expiry_seconds'},
		},
		{
			name: 'tailprobe_tls_cert_not_after_timestamp_seconds',
			type: 'gauge',
			help: "When the server's own certificate expires.",
			labels: [...checkLabels],
			from: {value: 'tls_not_after_seconds'},
		},
		{
			name: 'tailprobe_tls_cert_not_before_timestamp_seconds',
			type: 'gauge',
			help: "When the server's own certificate begins to be valid.",
			labels: [...checkLabels],
			from: {value: 'tls_not_before_seconds'},
		},
		{
			name: 'tailprobe_tls_certificate_fault',
			type: 'gauge',
			help: 'What is wrong with the certificate as a state set: exactly one is 1, `none` for a good one; absent when none was seen.',
			labels: [...checkLabels, 'fault'],
			from: {fact: 'tls_fault', states: faultStates},
		},
	],
	harmless: given => ({...given, tls_config: withoutClientCertificate(given.tls_config)}),
	prepare: (_target, given) => prepareAuthorities(given.tls_config.ca_file),
	measure,
	shell: tlsShell,
};

function options(z: Zod) {
	return z.strictObject({
		...familyOptions(z),
		tls_config: tlsConfig(z),
		alpn: z
			.array(z.string().regex(/^[\x21-\x7e]{1,60}$/, 'expected the name of a protocol such as h2'))
			.max(10)
			.default([])
			.describe('Protocols to offer (ALPN), best first; down when the server takes none of them.'),
		min_remaining: durationOption(z, 1000, 100 * 365 * 86_400_000, '14d')
			.optional()
			.describe('Down when the chain ends sooner than this, such as 14d.'),
		starttls: z
			.enum(startTlsProtocols)
			.optional()
			.describe('Asks for TLS in plain text first, as this protocol does it.'),
	});
}

async function measure(target: Target, given: TlsProbeOptions, place: Place, signal: AbortSignal): Promise<Reading> {
	signal.throwIfAborted();
	const parsed = parseHostPort(target.address);
	if (!parsed.ok) return {ok: false, reason: 'forbidden', detail: oneLine(parsed.detail, 300), values: {}, facts: {}};
	const findings: Findings = {clock: new PhaseClock(), values: {}, facts: {}};
	const {clock, values, facts} = findings;
	const what = `TLS ${target.address}`;
	try {
		const connection = await shakeHands({target, ...parsed, given, place}, findings, signal);
		clock.leave();
		facts.phase = 'tls';
		const elapsed = inMs(clock.elapsedMs());
		await noteChain(connection, given.tls_config.ca_file, findings);
		const fault = faultOf(connection, given, findings);
		const known = {phases: clock.seconds(), values, facts};
		if (!fault) return {ok: true, ...known};
		return {ok: false, reason: 'tls', detail: oneLine(`${what} shook hands after ${elapsed}; ${fault}`, 300), ...known};
	} catch (error) {
		if (error instanceof CertificateError && error.leaf) noteCertificate(error.leaf, findings);
		return failedReading(error, what, findings, signal);
	}
}

interface Aim {
	target: Target;
	host: string;
	port: number;
	given: TlsProbeOptions;
	place: Place;
}

async function shakeHands(
	{target, host, port, given, place}: Aim,
	findings: Findings,
	signal: AbortSignal,
): Promise<TlsConnection> {
	const {tls_config: tlsOptions, alpn, starttls} = given;
	const context = await tlsContext(tlsOptions, place);
	const resolved = await resolvePhase(host, ruleFor(target, place), given, place, findings, signal);
	const plain = await connectPhase(resolved, port, target.via, place, findings, signal);
	let connection: TlsConnection | undefined;
	try {
		if (starttls !== undefined) {
			findings.clock.enter('processing');
			await askForTls(plain, starttls, signal);
		}
		connection = await tlsPhase(plain, {options: tlsOptions, context, host, alpn}, findings, signal);
		await verdictPhase(connection, findings, place, signal);
		return connection;
	} finally {
		sayGoodbye(connection?.socket ?? plain, plain);
	}
}

/** What is not as wanted although the handshake went well: a clause. */
function faultOf({alpn}: TlsConnection, given: TlsProbeOptions, {facts, values}: Findings): string | undefined {
	facts.tls_fault ??= 'none';
	const left = given.min_remaining === undefined ? undefined : remaining(values, given.min_remaining);
	if (left !== undefined) {
		if (facts.tls_fault === 'none') facts.tls_fault = 'ends_soon';
		return left;
	}
	if (given.alpn.length === 0 || alpn !== undefined) return undefined;
	return `the server took none of the protocols ${given.alpn.join(', ')} (alpn)`;
}
