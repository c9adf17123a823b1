/** The options of the http probe: names and meaning of blackbox_exporter, so that its modules can be brought along. */

import type * as zod from 'zod';
import {compilePattern} from '../../net/patterns.ts';
import {parseBytes} from '../../util/units.ts';
import {type AuthOptions, authOptions, judgeAuth} from '../shared/auth-options.ts';
import {type FamilyOptions, familyOptions} from '../shared/resolve-phase.ts';
import {type TlsOptions, tlsConfig} from '../shared/tls-options.ts';
import type {Zod} from '../types.ts';

export interface HttpOptions extends FamilyOptions, AuthOptions {
	/** Empty: any 2xx. */
	valid_status_codes: number[];
	/** Empty: any. */
	valid_http_versions: string[];
	method: (typeof methods)[number];
	headers: Record<string, string>;
	body?: string | undefined;
	/** Read at each run. */
	body_file?: string | undefined;
	/** What the answer must be packed with. */
	compression?: Compression | undefined;
	/** Whether HTTP/2 is offered over TLS. */
	enable_http2: boolean;
	fail_if_ssl: boolean;
	fail_if_not_ssl: boolean;
	fail_if_body_matches_regexp: string[];
	fail_if_body_not_matches_regexp: string[];
	fail_if_header_matches: HeaderMatch[];
	fail_if_header_not_matches: HeaderMatch[];
	follow_redirects: boolean;
	/** Bytes. */
	body_size_limit: number;
	tls_config: TlsOptions;
}

export interface HeaderMatch {
	header: string;
	regexp: string;
	allow_missing: boolean;
}

/** The codings that `compression` takes. */
export const compressions = ['identity', 'gzip', 'br', 'deflate', 'zstd'] as const;
export type Compression = (typeof compressions)[number];

/** Largest request body. */
export const maxRequestBodyBytes = 1_048_576;

/** `kept`: for requests over a kept connection, which go to one place only. */
export function httpOptions(z: Zod, connection: 'fresh' | 'kept' = 'fresh'): zod.ZodType<HttpOptions> {
	const redirects =
		connection === 'fresh'
			? z
					.boolean()
					.default(true)
					.describe(
						'Follow up to ten redirects; each address is judged again. Cookies go back to the host that set them.',
					)
			: z
					.literal(false, 'expected false: a kept connection leads to one place, so aim at where the redirects end')
					.default(false)
					.describe('Redirects are not followed: a kept connection leads to one place.');
	const patterns = z.array(patternOption(z)).max(50).default([]);
	const headerMatches = z
		.array(
			z.strictObject({
				header: z.string().regex(headerName, 'expected the name of a header'),
				regexp: patternOption(z),
				allow_missing: z.boolean().default(false).describe('A missing header passes.'),
			}),
		)
		.max(50)
		.default([]);
	return z
		.strictObject({
			valid_status_codes: z
				.array(z.int().min(200).max(599))
				.default([])
				.describe('Statuses that are up; by default any 2xx.'),
			valid_http_versions: z
				.array(z.enum(['HTTP/1.0', 'HTTP/1.1', 'HTTP/2.0']))
				.default([])
				.describe('Versions of the answer that are up; by default any.'),
			method: z.enum(methods).default('GET').describe('Method of the request.'),
			headers: headersOption(z)
				.default({})
				.describe('Headers of the request; not sent to another origin after a redirect.'),
			body: z.string().max(maxRequestBodyBytes).optional().describe('Body of the request.'),
			body_file: z
				.string()
				.min(1)
				.optional()
				.describe('File with the body, at most 1 MiB; read again when it changes.'),
			compression: z
				.enum(compressions, `expected one of ${compressions.join(', ')}`)
				.optional()
				.describe(
					'What the answer must be packed with; it is asked for and unpacked. By default nothing is asked for.',
				),
			enable_http2: z.boolean().default(true).describe('Offer HTTP/2 over TLS; without TLS only HTTP/1.1 is spoken.'),
			...authOptions(z),
			fail_if_ssl: z.boolean().default(false).describe('Down when the final answer came over TLS.'),
			fail_if_not_ssl: z.boolean().default(false).describe('Down when the final answer came without TLS.'),
			fail_if_body_matches_regexp: patterns.describe('Down when the body matches one of these (RE2).'),
			fail_if_body_not_matches_regexp: patterns.describe('Down when the body does not match one of these (RE2).'),
			fail_if_header_matches: headerMatches.describe('Down when a header matches.'),
			fail_if_header_not_matches: headerMatches.describe('Down when a header does not match.'),
			follow_redirects: redirects,
			...familyOptions(z),
			body_size_limit: sizeOption(z)
				.default(1_048_576)
				.describe('Largest body, such as 512KB, after unpacking; a larger one is down.'),
			tls_config: tlsConfig(z),
		})
		.superRefine((options, context) => {
			const say = (path: (string | number)[], message: string) =>
				void context.addIssue({code: 'custom', path, message});
			const complain = (path: string) =>
				say([path], 'these patterns have too many steps together: simplify them or lower body_size_limit');
			judgeAuth(options, Object.keys(options.headers), say);
			if (options.body !== undefined && options.body_file !== undefined)
				say(['body_file'], 'expected body or body_file, not both');
			if (options.valid_http_versions.join() === 'HTTP/2.0' && !options.enable_http2)
				say(['enable_http2'], 'expected true: HTTP/2.0 is the only version that is wanted');
			judgeEncoding(options, say);
			const {fail_if_body_matches_regexp: unwanted, fail_if_body_not_matches_regexp: wanted} = options;
			if (stepsOf([...unwanted, ...wanted]) * options.body_size_limit > maxSteps)
				complain(unwanted.length > 0 ? 'fail_if_body_matches_regexp' : 'fail_if_body_not_matches_regexp');
			const headers = [...options.fail_if_header_matches, ...options.fail_if_header_not_matches];
			if (stepsOf(headers.map(({regexp}) => regexp)) * maxHeadBytes > maxSteps)
				complain(options.fail_if_header_matches.length > 0 ? 'fail_if_header_matches' : 'fail_if_header_not_matches');
		});
}

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;
const headerName = /^[\w!#$%&'*+.^`|~-]{1,100}$/;

/** Headers that decide how the message is read, or that we set to get a fresh connection. */
const ownHeaders = new Set([
	'connection',
	'content-length',
	'expect',
	'keep-alive',
	'proxy-connection',
	'te',
	'trailer',
	'transfer-encoding',
	'upgrade',
]);

/** As blackbox_exporter: a configured Accept-Encoding must let the server answer as `compression` wants. */
function judgeEncoding(
	{headers, compression}: {headers: Record<string, string>; compression?: Compression | undefined},
	complain: (path: string[], message: string) => void,
): void {
	const header = Object.entries(headers).find(([name]) => name.toLowerCase() === 'accept-encoding');
	if (!header || compression === undefined || accepts(header[1], compression)) return;
	complain(['headers', header[0]], `it does not accept ${compression}, which compression wants`);
}

function accepts(header: string, coding: Compression): boolean {
	const weights = new Map(
		header.split(',').map(item => {
			const [name = '', ...parameters] = item.split(';').map(part => part.trim().toLowerCase());
			const q = parameters.find(parameter => parameter.startsWith('q='))?.slice(2);
			return [name, q === undefined ? 1 : Number(q)];
		}),
	);
	const weight = weights.get(coding) ?? weights.get('*') ?? (coding === 'identity' ? 1 : 0);
	return weight > 0;
}

export function headersOption(z: Zod): zod.ZodType<Record<string, string>, Record<string, string>> {
	return z.record(z.string(), z.string()).superRefine((headers, context) => {
		const seen = new Set<string>();
		for (const [name, value] of Object.entries(headers)) {
			const fault = faultOfHeader(name, value, seen);
			if (fault) context.addIssue({code: 'custom', path: [name], message: fault});
			seen.add(name.toLowerCase());
		}
	});
}

function faultOfHeader(name: string, value: string, seen: ReadonlySet<string>): string | undefined {
	const lower = name.toLowerCase();
	if (!headerName.test(name)) return 'this is not the name of a header';
	if (seen.has(lower)) return 'this header is there twice: names are the same in capitals and small letters';
	if (ownHeaders.has(lower)) return 'this header is set by tailprobe itself';
	if (/[\0-\x08\x0a-\x1f\x7f]|[^\0-\xff]/.test(value) || value.length > 8192) {
		return 'the value of this header has characters that cannot be sent, or is longer than 8192';
	}
	if (lower === 'host' && !/^[A-Za-z0-9_.[\]:-]{1,260}$/.test(value)) return 'expected a host, with or without a port';
	return undefined;
}

function patternOption(z: Zod): zod.ZodType<string, string> {
	return z.string().superRefine((source, context) => {
		try {
			compilePattern(source);
		} catch (error) {
			if (!(error instanceof SyntaxError)) throw error;
			context.addIssue({code: 'custom', message: error.message});
		}
	});
}

/** Steps × bytes that the most hostile text may cost: half a second to a second of the measuring thread. */
const maxSteps = 2 ** 26;
/** Largest head of an answer. */
export const maxHeadBytes = 65_536;

function stepsOf(sources: readonly string[]): number {
	return sources.reduce((sum, source) => sum + sizeOf(source), 0);
}

/** 0 for a pattern that is none: that is a mistake of its own. */
function sizeOf(source: string): number {
	try {
		return compilePattern(source).size;
	} catch {
		return 0;
	}
}

function sizeOption(z: Zod): zod.ZodType<number, string | number> {
	const expected = 'expected a size from 1B to 64MiB, such as 512KB';
	const bytesOf = (size: string | number) => (typeof size === 'number' ? size : (parseBytes(size) ?? 0));
	return z
		.union([z.string(), z.int()], expected)
		.refine(size => bytesOf(size) >= 1 && bytesOf(size) <= 67_108_864, expected)
		.transform(bytesOf);
}
