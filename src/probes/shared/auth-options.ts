/**
 * Proving who we are to a target: the keys of prometheus/common's HTTP clients. Secrets come from files and the environment only, and
 * are read at each run, so that a rotated one is used by the next.
 */

import type * as zod from 'zod';
import type {Header} from '../../net/http1-reader.ts';
import {readChanging} from '../../util/changing-file.ts';
import {CannotLookError, messageOf} from '../../util/errors.ts';
import {isHarmlessHeader} from '../../util/redact.ts';
import type {Zod} from '../types.ts';

export interface AuthOptions {
	basic_auth?: BasicAuth | undefined;
	authorization?: Authorization | undefined;
	bearer_token?: SecretSource | undefined;
	bearer_token_file?: string | undefined;
	http_headers?: Record<string, HeaderSources> | undefined;
}

export interface BasicAuth {
	username?: string | undefined;
	username_file?: string | undefined;
	password?: SecretSource | undefined;
	password_file?: string | undefined;
}

export interface Authorization {
	type: string;
	credentials?: SecretSource | undefined;
	credentials_file?: string | undefined;
}

export interface HeaderSources {
	values: string[];
	secrets: SecretSource[];
	files: string[];
}

/** Where a secret is read from at each run. */
export type SecretSource = {file: string} | {env: string};

/** The schemas of AuthOptions, to be spread into those of a type, whose superRefine then calls `judgeAuth`. */
export function authOptions(z: Zod) {
	const file = (what: string) =>
		z.string().min(1).optional().describe(`File with ${what}, read again when it changes.`);
	const secret = (key: string) => secretSource(z, key);
	return {
		basic_auth: z
			.strictObject({
				username: z.string().min(1).max(1000).optional().describe('User name.'),
				username_file: file('the user name'),
				password: secret('password').optional(),
				password_file: file('the password'),
			})
			.optional()
			.describe('User name and password, sent as `Authorization: Basic`.'),
		authorization: z
			.strictObject({
				type: z
					.string()
					.regex(/^[\w!#$%&'*+.^`|~-]{1,60}$/, 'expected a scheme such as Bearer')
					.refine(type => type.toLowerCase() !== 'basic', 'expected another scheme: for Basic there is basic_auth')
					.default('Bearer')
					.describe('Scheme of the header `Authorization`.'),
				credentials: secret('credentials').optional(),
				credentials_file: file('what follows the scheme'),
			})
			.optional()
			.describe('The header `Authorization`: a scheme and what proves who we are.'),
		bearer_token: secret('bearer_token').optional(),
		bearer_token_file: file('a token, sent as `Authorization: Bearer`'),
		http_headers: z
			.record(
				z.string().regex(/^[\w!#$%&'*+.^`|~-]{1,100}$/, 'this is not the name of a header'),
				z.strictObject({
					values: z
						.array(z.string().regex(sendable, 'this value has characters that cannot be sent'))
						.max(20)
						.default([])
						.describe('Values as they stand.'),
					secrets: z.array(secret('secrets')).max(20).default([]),
					files: z.array(z.string().min(1)).max(20).default([]).describe('Files with one value each.'),
				}),
			)
			.optional()
			.describe('More headers, each with one or more values; not sent to another origin after a redirect.'),
	} satisfies Record<keyof AuthOptions, zod.ZodType>;
}

/** Mistakes that only show when the keys are held against each other. `headers` are the names of the type's other headers. */
export function judgeAuth(
	options: AuthOptions,
	headers: readonly string[],
	complain: (path: (string | number)[], message: string) => void,
): void {
	const {basic_auth: basic, authorization, http_headers: more = {}} = options;
	const ways = (['basic_auth', 'authorization', 'bearer_token', 'bearer_token_file'] as const).filter(
		key => options[key] !== undefined,
	);
	const others = new Set(headers.map(name => name.toLowerCase()));
	if (ways[1] !== undefined)
		complain([ways[1]], `expected one way to prove who we are, and there is ${ways[0]} already`);
	if (ways[0] !== undefined && others.has('authorization'))
		complain([ways[0]], 'the header Authorization is among headers already');
	if (basic) {
		judgePair(basic, 'username', 'username_file', ['basic_auth'], complain);
		if (basic.password !== undefined || basic.password_file !== undefined)
			judgePair(basic, 'password', 'password_file', ['basic_auth'], complain);
	}
	if (authorization) judgePair(authorization, 'credentials', 'credentials_file', ['authorization'], complain);
	const seen = new Set<string>();
	for (const [name, {values, secrets, files}] of Object.entries(more)) {
		const lower = name.toLowerCase();
		const here = ['http_headers', name];
		if (reservedHeaders.has(lower)) complain(here, 'this header is not set here: it has a key of its own, or is ours');
		else if (others.has(lower)) complain(here, 'this header is among headers already');
		else if (seen.has(lower))
			complain(here, 'this header is there twice: names are the same in capitals and small letters');
		else if (values.length + secrets.length + files.length === 0) complain(here, 'expected values, secrets or files');
		seen.add(lower);
	}
}

/** Whether a run with these options sends anything that `authHeaders` has to make first. */
export function hasAuth(options: AuthOptions): boolean {
	return (
		options.basic_auth !== undefined ||
		options.authorization !== undefined ||
		options.bearer_token !== undefined ||
		options.bearer_token_file !== undefined ||
		options.http_headers !== undefined
	);
}

/**
 * The headers of these options, read now. They are for the configured origin only, never for where a redirect leads. Throws
 * CannotLookError (`vantage`, as for the files of TLS: it is this machine that lacks something) with the place, never the content.
 */
export async function authHeaders(options: AuthOptions, runMs?: number): Promise<Header[]> {
	const {basic_auth: basic, authorization, bearer_token: bearer, bearer_token_file: bearerFile} = options;
	const headers: Header[] = [];
	if (basic) {
		const user = basic.username ?? (await readSecretSource(sourceOf(undefined, basic.username_file), runMs));
		const withPassword = basic.password !== undefined || basic.password_file !== undefined;
		const password = withPassword ? await readSecretSource(sourceOf(basic.password, basic.password_file), runMs) : '';
		headers.push(['Authorization', `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`]);
	}
	if (authorization) {
		const source = sourceOf(authorization.credentials, authorization.credentials_file);
		headers.push(['Authorization', `${authorization.type} ${await readValue(source, runMs)}`]);
	}
	if (bearer !== undefined || bearerFile !== undefined)
		headers.push(['Authorization', `Bearer ${await readValue(sourceOf(bearer, bearerFile), runMs)}`]);
	for (const [name, {values, secrets, files}] of Object.entries(options.http_headers ?? {})) {
		for (const value of values) headers.push([name, value]);
		for (const source of secrets) headers.push([name, await readValue(source, runMs)]);
		for (const file of files) headers.push([name, await readValue({file}, runMs)]);
	}
	return headers;
}

/** A copy of the options without anything that may prove who we are. */
export function withoutAuth<O extends AuthOptions>(options: O): O {
	const rest: O = {...options};
	for (const key of ['basic_auth', 'authorization', 'bearer_token', 'bearer_token_file', 'http_headers'] as const)
		delete rest[key];
	const kept = Object.entries(options.http_headers ?? {})
		.filter(([name, {values}]) => isHarmlessHeader(name) && values.length > 0)
		.map(([name, {values}]) => [name, {values, secrets: [], files: []}]);
	if (kept.length > 0) rest.http_headers = Object.fromEntries(kept);
	return rest;
}

/**
 * The secret without surrounding blanks, from memory as long as its file is the same. Throws CannotLookError (`vantage`) with the
 * place, never the content; early in the `runMs` that the whole run has, whatever the disk does.
 */
export async function readSecretSource(source: SecretSource, runMs?: number): Promise<string> {
	const place = 'file' in source ? `the file ${source.file}` : `the environment variable ${source.env}`;
	let text: string;
	try {
		text =
			'file' in source
				? (await readChanging(source.file, maxSecretBytes, runMs)).toString()
				: (process.env[source.env] ?? '');
	} catch (error) {
		throw new CannotLookError('vantage', `The secret in ${place} cannot be read: ${messageOf(error)}.`);
	}
	const secret = text.trim();
	if (secret === '') throw new CannotLookError('vantage', `The secret in ${place} is empty.`);
	if (secret.length > maxSecretBytes || /[\u0000-\u001f\u007f]/.test(secret))
		throw new CannotLookError('vantage', `What is in ${place} is no secret: expected one line of at most 16 KiB.`);
	return secret;
}

const maxSecretBytes = 16 * 1024;
const sendable = /^[\t\x20-\x7e\x80-\xff]{0,8192}$/;

/** Those that have a key of their own, and those that decide how a message is read. */
const reservedHeaders = new Set([
	'accept-encoding',
	'authorization',
	'connection',
	'content-encoding',
	'content-length',
	'content-type',
	'expect',
	'host',
	'keep-alive',
	'proxy-authenticate',
	'proxy-authorization',
	'proxy-connection',
	'te',
	'trailer',
	'transfer-encoding',
	'upgrade',
	'user-agent',
	'www-authenticate',
]);

function secretSource(z: Zod, key: string): zod.ZodType<SecretSource> {
	const asFile: Record<string, string> = {
		password: ', or password_file: PATH',
		credentials: ', or credentials_file: PATH',
		bearer_token: ', or bearer_token_file: PATH',
		secrets: ', or its path among files',
	};
	// As in the rest of the file: a secret pasted there is a mistake, whose words do not repeat it.
	const env = z
		.string()
		.regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'expected the name of an environment variable: letters, digits and _');
	const error = `expected {file: PATH} or {env: NAME}${asFile[key] ?? ''}: secrets are never written in the configuration itself`;
	return z
		.union([z.strictObject({file: z.string().min(1)}), z.strictObject({env})], {error})
		.describe('`{file: PATH}` (read again when it changes) or `{env: NAME}`.');
}

function judgePair<K extends string>(
	value: Partial<Record<K, unknown>>,
	plain: K,
	inFile: K,
	here: string[],
	complain: (path: (string | number)[], message: string) => void,
): void {
	if (value[plain] !== undefined && value[inFile] !== undefined)
		complain([...here, inFile], `expected ${plain} or ${inFile}, not both`);
	if (value[plain] === undefined && value[inFile] === undefined) complain(here, `expected ${plain} or ${inFile}`);
}

/** The schema has seen to it that one of the two is there. */
function sourceOf(source: SecretSource | undefined, file: string | undefined): SecretSource {
	return source ?? {file: file ?? ''};
}

/** What a header can carry. */
async function readValue(source: SecretSource, runMs: number | undefined): Promise<string> {
	const secret = await readSecretSource(source, runMs);
	if (sendable.test(secret)) return secret;
	const place = 'file' in source ? `the file ${source.file}` : `the environment variable ${source.env}`;
	throw new CannotLookError('vantage', `The secret in ${place} has characters that no header can carry.`);
}
