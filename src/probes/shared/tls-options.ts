/** TLS as probes take it: the block `tls_config` with blackbox_exporter's keys, and the phase that shakes hands by it. */

import type {Socket} from 'node:net';
import type {SecureContext, SecureVersion} from 'node:tls';
import type * as zod from 'zod';
import {CertificateError, type TlsConnection, upgradeToTls} from '../../net/tls.ts';
import {secureContextFor} from '../../net/tls-contexts.ts';
import {awaitVerdict} from '../../net/tls-verdict.ts';
import type {Place, Zod} from '../types.ts';
import type {Findings} from './failed-reading.ts';

export interface TlsOptions {
	insecure_skip_verify: boolean;
	server_name?: string | undefined;
	ca_file?: string | undefined;
	cert_file?: string | undefined;
	key_file?: string | undefined;
	min_version?: TlsVersion | undefined;
	max_version?: TlsVersion | undefined;
}

type TlsVersion = keyof typeof versions;

/** The names that Prometheus and its exporters write. */
const versions = {TLS12: 'TLSv1.2', TLS13: 'TLSv1.3'} as const satisfies Record<string, SecureVersion>;

export function tlsConfig(z: Zod): zod.ZodType<TlsOptions> {
	const file = z.string().min(1).optional();
	const version = z.enum(['TLS12', 'TLS13'], 'expected TLS12 or TLS13: older versions are not spoken').optional();
	return z
		.strictObject({
			insecure_skip_verify: z.boolean().default(false).describe('Take any certificate.'),
			server_name: z
				.string()
				.regex(/^[A-Za-z0-9_.:-]{1,253}$/, 'expected a host name or an address')
				.optional()
				.describe('Name to ask for and to find in the certificate, instead of the host.'),
			ca_file: file.describe('PEM file of the authorities to trust; read again when it changes.'),
			cert_file: file.describe('PEM file of the certificate that we show, with its chain; read again when it changes.'),
			key_file: file.describe('PEM file of its private key; read again when it changes.'),
			min_version: version.describe('Oldest version that is spoken; `TLS12` by default.'),
			max_version: version.describe('Newest version that is spoken; `TLS13` by default.'),
		})
		.refine(({cert_file, key_file}) => (cert_file === undefined) === (key_file === undefined), {
			path: ['cert_file'],
			error: 'expected cert_file and key_file together',
		})
		.refine(({min_version, max_version}) => min_version !== 'TLS13' || max_version !== 'TLS12', {
			path: ['min_version'],
			error: 'expected min_version to be no newer than max_version',
		})
		.prefault({})
		.describe('TLS of the connection.');
}

/** The options without the certificate that we show: it is meant for configured targets. */
export function withoutClientCertificate({cert_file: _cert, key_file: _key, ...rest}: TlsOptions): TlsOptions {
	return rest;
}

/**
 * The context for these options; made ready before the run's first phase, because reading files is no part of what is measured.
 * Throws CannotLookError (`vantage`) when a file cannot be used, long before the run's deadline.
 */
export function tlsContext(options: TlsOptions, {timeoutMs}: Place): Promise<SecureContext> {
	const {ca_file: caFile, cert_file: certFile, key_file: keyFile, min_version: min, max_version: max} = options;
	const files = {caFile, certFile, keyFile, minVersion: min && versions[min], maxVersion: max && versions[max]};
	return secureContextFor(files, timeoutMs);
}

/**
 * Shakes hands over the connected socket, which is destroyed on failure. `host` is the name to ask for unless `server_name` says
 * otherwise. The phase is `tls`; facts and values of the certificate are noted either way. Throws what upgradeToTls throws.
 */
export async function tlsPhase(
	socket: Socket,
	{options, context, host, alpn}: {options: TlsOptions; context: SecureContext; host: string; alpn: readonly string[]},
	findings: Findings,
	signal: AbortSignal,
): Promise<TlsConnection> {
	const {clock, facts, values} = findings;
	clock.enter('tls');
	findings.shown = undefined;
	const name = (options.server_name ?? host).replace(/\.$/, '');
	const settings = {context, name, skipVerify: options.insecure_skip_verify, alpn};
	try {
		const tls = await upgradeToTls(socket, settings, signal);
		clock.leave();
		findings.shown = tls.shown;
		facts.tls_version = tls.version;
		facts.tls_cipher = tls.cipher;
		if (tls.alpn !== undefined) facts.tls_alpn = tls.alpn;
		if (tls.fault !== undefined) facts.tls_fault = tls.fault;
		noteExpiry(tls.expirySeconds);
		return tls;
	} catch (error) {
		if (error instanceof CertificateError) {
			facts.tls_fault = error.fault;
			noteExpiry(error.expirySeconds);
		}
		throw error;
	}

	function noteExpiry(seconds: number | undefined): void {
		if (seconds !== undefined) values.tls_earliest_cert_expiry_seconds = seconds;
	}
}

/**
 * For a run that ends with the handshake: leaves the phase and waits until the server has shown what it makes of our certificate, for
 * about two round trips and no more than half of what is left of the run. Throws what awaitVerdict throws.
 */
export async function verdictPhase(
	tls: TlsConnection,
	{clock}: Findings,
	{timeoutMs}: Pick<Place, 'timeoutMs'>,
	signal: AbortSignal,
): Promise<void> {
	clock.leave();
	const {connect, connect_proxy: connectProxy} = clock.seconds();
	const tripMs = (connect ?? connectProxy ?? 0) * 1000;
	await awaitVerdict(tls, Math.min(100 + 2 * tripMs, 1000, (timeoutMs - clock.elapsedMs()) / 2), signal);
}

/** Forgets what an earlier connection of the run told of its certificate. */
export function forgetTls(findings: Findings): void {
	const {facts, values} = findings;
	findings.shown = undefined;
	for (const noted of [facts, values])
		for (const name of Object.keys(noted)) if (name.startsWith('tls_')) delete noted[name];
}
