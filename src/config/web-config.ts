/**
 * The web configuration file as users of Prometheus's exporter-toolkit know it: TLS, client certificates, passwords, headers, a rate.
 * What tailprobe does not do is a mistake here, never ignored.
 */

import {dirname, resolve} from 'node:path';
import {z} from 'zod';
import type {Rate} from '../util/token-bucket.ts';
import {parseDurationMs} from '../util/units.ts';
import type {Mistake} from './judge.ts';
import {mistakesOf} from './mistakes.ts';
import {readYaml} from './yaml-file.ts';

export type LoadedWebConfig = {ok: true; web: WebConfig} | {ok: false; mistakes: readonly string[]};

/** The file, checked. Certificates and keys are not read yet. */
export interface WebConfig {
	tls?: WebTls;
	/** Set on each answer, instead of ours of the same name. */
	headers: Readonly<Record<string, string>>;
	/** Bcrypt hashes by user name. */
	users: ReadonlyMap<string, string>;
	/** Of all requests together. */
	rate?: Rate;
}

export interface WebTls {
	certificate: Pem;
	key: Pem;
	clientAuth: ClientAuth;
	/** Whose certificates are believed. */
	clientCa?: Pem;
	/** One of them must be in a client's certificate. */
	allowedSans?: readonly string[];
	minVersion: 'TLSv1.2' | 'TLSv1.3';
	maxVersion: 'TLSv1.2' | 'TLSv1.3';
	/** As OpenSSL wants it; undefined: its own choice. */
	ciphers?: string;
	curves?: string;
	preferOwnCiphers: boolean;
}

/** Where PEM text is: in a file, by its absolute path, or right here. */
export type Pem = {file: string} | {text: string};

export const clientAuthTypes = [
	'NoClientCert',
	'RequestClientCert',
	'RequireAnyClientCert',
	'VerifyClientCertIfGiven',
	'RequireAndVerifyClientCert',
] as const;
export type ClientAuth = (typeof clientAuthTypes)[number];

/** A higher cost keeps one thread busy for more than a second with each wrong password. */
export const maxBcryptCost = 13;

/** Judges the text. `path` is for messages, and its folder is where relative paths start. Secrets are in no message. */
export function parseWebConfig(text: string, path: string): LoadedWebConfig {
	const read = readYaml(text, path);
	if (!read.ok) return {ok: false, mistakes: read.mistakes.map(mistake => withoutContent(mistake, path))};
	const {written, describe} = read.file;
	const result = webFileSchema.safeParse(written ?? {});
	const mistakes = result.success
		? judge(result.data)
		: result.error.issues.flatMap(issue => mistakesOf(issue, webFileSchema));
	if (result.success && mistakes.length === 0) return {ok: true, web: normalise(result.data, dirname(resolve(path)))};
	return {ok: false, mistakes: mistakes.map(describe)};
}

/** What the YAML reader says may repeat what stands there. */
function withoutContent(mistake: string, path: string): string {
	const [plain] = /^.*?this is no YAML: [^:"]*/s.exec(mistake) ?? [];
	return plain ?? `${path}: it has an alias without an anchor, or too many of them`;
}

/** Go's names of the cipher suites that are still sound, and OpenSSL's. Those of TLS 1.3 are always on. */
const cipherSuites: Record<string, string> = {
	TLS_AES_128_GCM_SHA256: 'TLS_AES_128_GCM_SHA256',
	TLS_AES_256_GCM_SHA384: 'TLS_AES_256_GCM_SHA384',
	TLS_CHACHA20_POLY1305_SHA256: 'TLS_CHACHA20_POLY1305_SHA256',
	TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA: 'ECDHE-ECDSA-AES128-SHA',
	TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA: 'ECDHE-ECDSA-AES256-SHA',
	TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA: 'ECDHE-RSA-AES128-SHA',
	TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA: 'ECDHE-RSA-AES256-SHA',
	TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: 'ECDHE-ECDSA-AES128-GCM-SHA256',
	TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384: 'ECDHE-ECDSA-AES256-GCM-SHA384',
	TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256: 'ECDHE-RSA-AES128-GCM-SHA256',
	TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384: 'ECDHE-RSA-AES256-GCM-SHA384',
	TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256: 'ECDHE-RSA-CHACHA20-POLY1305',
	TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256: 'ECDHE-ECDSA-CHACHA20-POLY1305',
};
const curves: Record<string, string> = {
	CurveP256: 'P-256',
	CurveP384: 'P-384',
	CurveP521: 'P-521',
	X25519: 'X25519',
};
const versions = {TLS12: 'TLSv1.2', TLS13: 'TLSv1.3'} as const;

const text = z.string().min(1, 'expected a text');
const tlsVersion = z.enum(['TLS12', 'TLS13'], 'expected TLS12 or TLS13; older versions are broken and not offered');
const oneOf = (names: Record<string, string>) =>
	z.enum(Object.keys(names) as [string, ...string[]], `expected one of ${Object.keys(names).join(', ')}`);
const headerValue = z
	.string()
	.regex(/^[\t -~]+$/, 'expected printable ASCII; leave the header out to keep that of tailprobe');
const bcryptHash = z
	.string()
	.regex(/^\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}$/, 'expected a bcrypt hash such as `htpasswd -nBC 10 ""` prints')
	.refine(hash => costOf(hash) >= 4 && costOf(hash) <= maxBcryptCost, {
		error: `expected a bcrypt cost of 4 to ${maxBcryptCost}: beyond, each wrong password costs more than a second of CPU`,
	});

const wantedInterval = 'expected a duration such as 1s, or 0 for no limit';

const webFileSchema = z.strictObject({
	tls_server_config: z
		.strictObject({
			cert_file: text.optional(),
			key_file: text.optional(),
			cert: text.optional(),
			key: text.optional(),
			client_auth_type: z
				.enum([...clientAuthTypes, 'RequireClientCert', ''], `expected one of ${clientAuthTypes.join(', ')}`)
				.default('NoClientCert'),
			client_ca_file: text.optional(),
			client_ca: text.optional(),
			client_allowed_sans: z.array(text).min(1, 'expected at least one name').optional(),
			min_version: tlsVersion.default('TLS12'),
			max_version: tlsVersion.default('TLS13'),
			cipher_suites: z.array(oneOf(cipherSuites)).optional(),
			prefer_server_cipher_suites: z.boolean().default(true),
			curve_preferences: z.array(oneOf(curves)).optional(),
		})
		.optional(),
	http_server_config: z
		.strictObject({
			http2: z.literal(false, 'tailprobe serves HTTP/1.1 only: leave http2 out, or set it to false').optional(),
			headers: z
				.strictObject({
					'Content-Security-Policy': headerValue.optional(),
					'X-Frame-Options': z.enum(['deny', 'sameorigin'], 'expected deny or sameorigin').optional(),
					'X-Content-Type-Options': z.literal('nosniff', 'expected nosniff').optional(),
					'X-XSS-Protection': headerValue.optional(),
					'Strict-Transport-Security': headerValue.optional(),
				})
				.optional(),
		})
		.optional(),
	basic_auth_users: z
		.record(
			z.string().regex(/^[^:\u0000-\u001f\u007f]{1,256}$/, 'a user name has no colon and no control characters'),
			bcryptHash,
		)
		.optional(),
	rate_limit: z
		.strictObject({
			interval: z.union(
				[z.literal(0), z.string().refine(written => parseDurationMs(written) !== undefined, wantedInterval)],
				wantedInterval,
			),
			burst: z.int('expected a number').min(0).default(0),
		})
		.optional(),
});
type WebFile = z.output<typeof webFileSchema>;

/** What only several keys together show. */
function judge({tls_server_config: tls, rate_limit: rate}: WebFile): Mistake[] {
	const mistakes: Mistake[] = [];
	const complain = (path: string[], message: string) => void mistakes.push({path, message});
	if (rate && intervalMs(rate.interval) > 0 && rate.burst === 0)
		complain(['rate_limit', 'burst'], 'expected at least 1: with 0 every request would be refused');
	if (!tls) return mistakes;
	const here = 'tls_server_config';
	for (const [inline, file] of [
		['cert', 'cert_file'],
		['key', 'key_file'],
		['client_ca', 'client_ca_file'],
	] as const) {
		if (tls[inline] !== undefined && tls[file] !== undefined)
			complain([here, file], `expected either ${inline} or ${file}, not both`);
		if (inline !== 'client_ca' && tls[inline] === undefined && tls[file] === undefined)
			complain([here], `expected ${file} (or ${inline})`);
	}
	if (tls.min_version === 'TLS13' && tls.max_version === 'TLS12')
		complain([here, 'max_version'], 'expected a version that is not below min_version');
	const clientAuth = clientAuthOf(tls);
	const hasCa = tls.client_ca !== undefined || tls.client_ca_file !== undefined;
	if (hasCa && clientAuth === 'NoClientCert')
		complain(
			[here, 'client_auth_type'],
			'expected RequireAndVerifyClientCert, as an authority for client certificates is set',
		);
	if (!hasCa && clientAuth.includes('Verify'))
		complain(
			[here, 'client_auth_type'],
			`${clientAuth} needs client_ca_file (or client_ca): whose certificates are to be believed?`,
		);
	if (tls.client_allowed_sans && !clientAuth.startsWith('Require'))
		complain(
			[here, 'client_allowed_sans'],
			'expected client_auth_type RequireAndVerifyClientCert (or RequireAnyClientCert)',
		);
	return mistakes;
}

function normalise(file: WebFile, folder: string): WebConfig {
	const {tls_server_config: tls, http_server_config: http, rate_limit: rate} = file;
	const headers = Object.entries(http?.headers ?? {}).filter(
		(entry): entry is [string, string] => entry[1] !== undefined,
	);
	return {
		...(tls ? {tls: normaliseTls(tls, folder)} : {}),
		headers: Object.fromEntries(headers),
		users: new Map(Object.entries(file.basic_auth_users ?? {})),
		...(rate && intervalMs(rate.interval) > 0
			? {rate: {count: rate.burst, perMs: intervalMs(rate.interval) * rate.burst}}
			: {}),
	};
}

function normaliseTls(tls: NonNullable<WebFile['tls_server_config']>, folder: string): WebTls {
	const pem = (file: string | undefined, inline: string | undefined): Pem =>
		file === undefined ? {text: inline ?? ''} : {file: resolve(folder, file)};
	const chosen = tls.cipher_suites?.map(suite => cipherSuites[suite] as string) ?? [];
	const always = Object.values(cipherSuites).filter(suite => suite.startsWith('TLS_'));
	return {
		certificate: pem(tls.cert_file, tls.cert),
		key: pem(tls.key_file, tls.key),
		clientAuth: clientAuthOf(tls),
		...(tls.client_ca_file === undefined && tls.client_ca === undefined
			? {}
			: {clientCa: pem(tls.client_ca_file, tls.client_ca)}),
		...(tls.client_allowed_sans ? {allowedSans: tls.client_allowed_sans} : {}),
		minVersion: versions[tls.min_version],
		maxVersion: versions[tls.max_version],
		...(chosen.length > 0 ? {ciphers: [...new Set([...always, ...chosen])].join(':')} : {}),
		...(tls.curve_preferences?.length
			? {curves: tls.curve_preferences.map(curve => curves[curve] as string).join(':')}
			: {}),
		preferOwnCiphers: tls.prefer_server_cipher_suites,
	};
}

function clientAuthOf({client_auth_type: type}: NonNullable<WebFile['tls_server_config']>): ClientAuth {
	// An older name of exporter-toolkit, which it still takes.
	if (type === 'RequireClientCert') return 'RequireAnyClientCert';
	return type === '' ? 'NoClientCert' : type;
}

function intervalMs(interval: string | 0): number {
	return interval === 0 ? 0 : (parseDurationMs(interval) ?? 0);
}

/** The cost that a bcrypt hash says. */
export function costOf(hash: string): number {
	return Number(hash.slice(4, 6));
}
