/** The options of the http probe: names and meaning of blackbox_exporter, so that its modules can be brought along. */

import type * as zod from 'zod';
import {compilePattern} from '../../net/patterns.ts';
import {parseBytes} from '../../util/units.ts';
import {type FamilyOptions, familyOptions} from '../shared/resolve-phase.ts';
import type {Zod} from '../types.ts';

export interface HttpOptions extends FamilyOptions {
	/** Empty: any 2xx. */
	valid_status_codes: number[];
	/** Empty: any. */
	valid_http_versions: string[];
	method: (typeof methods)[number];
	headers: Record<string, string>;
	body?: string | undefined;
	fail_if_ssl: boolean;
	fail_if_not_ssl: boolean;
	fail_if_body_matches_regexp: string[];
	fail_if_body_not_matches_regexp: string[];
	fail_if_header_matches: HeaderMatch[];
	fail_if_header_not_matches: HeaderMatch[];
	follow_redirects: boolean;
	/** Bytes. */
	body_size_limit: number;
	tls_config: {insecure_skip_verify: boolean; server_name?: string | undefined; ca_file?: string | undefined};
}

export interface HeaderMatch {
	header: string;
	regexp: string;
	allow_missing: boolean;
}

export function httpOptions(z: Zod): zod.ZodType<HttpOptions> {
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
				.refine(versions => versions.length === 0 || versions.some(spoken), 'only HTTP/1.0 and HTTP/1.1 are spoken')
				.default([])
				.describe('Versions of the answer that are up; by default any.'),
			method: z.enum(methods).default('GET').describe('Method of the request.'),
			headers: headersOption(z)
				.default({})
				.describe('Headers of the request; not sent to another origin after a redirect.'),
			body: z.string().max(1_048_576).optional().describe('Body of the request.'),
			fail_if_ssl: z.boolean().default(false).describe('Down when the final answer came over TLS.'),
			fail_if_not_ssl: z.boolean().default(false).describe('Down when the final answer came without TLS.'),
			fail_if_body_matches_regexp: patterns.describe('Down when the body matches one of these (RE2).'),
			fail_if_body_not_matches_regexp: patterns.describe('Down when the body does not match one of these (RE2).'),
			fail_if_header_matches: headerMatches.describe('Down when a header matches.'),
			fail_if_header_not_matches: headerMatches.describe('Down when a header does not match.'),
			follow_redirects: z.boolean().default(true).describe('Follow up to ten redirects; each address is judged again.'),
			...familyOptions(z),
			body_size_limit: sizeOption(z).default(1_048_576).describe('Largest body, such as 512KB; a larger one is down.'),
			tls_config: z
				.strictObject({
					insecure_skip_verify: z.boolean().default(false).describe('Take any certificate.'),
					server_name: z
						.string()
						.regex(/^[A-Za-z0-9_.:-]{1,253}$/, 'expected a host name or an address')
						.optional()
						.describe('Name to ask for and to find in the certificate, instead of the host.'),
					ca_file: z
						.string()
						.min(1)
						.optional()
						.describe('PEM file of the authorities to trust; read again when it changes.'),
				})
				.default({insecure_skip_verify: false})
				.describe('TLS of the connection.'),
		})
		.superRefine((options, context) => {
			const complain = (path: string) =>
				context.addIssue({
					code: 'custom',
					path: [path],
					message: 'these patterns have too many steps together: simplify them or lower body_size_limit',
				});
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

function spoken(version: string): boolean {
	return version !== 'HTTP/2.0';
}

function headersOption(z: Zod): zod.ZodType<Record<string, string>, Record<string, string>> {
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
