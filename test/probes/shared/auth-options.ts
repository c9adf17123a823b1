import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {z} from 'zod';
import {
	type AuthOptions,
	authHeaders,
	authOptions,
	hasAuth,
	judgeAuth,
	withoutAuth,
} from '../../../src/probes/shared/auth-options.ts';
import {CannotLookError} from '../../../src/util/errors.ts';

const schema = z.strictObject(authOptions(z)).superRefine((options, context) => {
	judgeAuth(options, ['X-Plain'], (path, message) => void context.addIssue({code: 'custom', path, message}));
});

async function secretFile(t: ExecutionContext, content: string): Promise<string> {
	const folder = await mkdtemp(join(tmpdir(), 'auth-'));
	t.teardown(() => rm(folder, {recursive: true}));
	const file = join(folder, 'secret');
	await writeFile(file, content);
	return file;
}

test('nothing configured is nothing sent', async t => {
	t.deepEqual(schema.parse({}), {});
	t.false(hasAuth({}));
	t.deepEqual(await authHeaders({}), []);
});

test('a user with a password from a file, which is read again when it changes', async t => {
	const file = await secretFile(t, 'one\n');
	const options = schema.parse({basic_auth: {username: 'june', password_file: file}});

	const before = await authHeaders(options);
	await writeFile(file, 'another');
	const after = await authHeaders(options);

	t.deepEqual(before, [['Authorization', `Basic ${Buffer.from('june:one').toString('base64')}`]]);
	t.deepEqual(after, [['Authorization', `Basic ${Buffer.from('june:another').toString('base64')}`]]);
	t.true(hasAuth(options));
});

const sends = test.macro(async (t, write: (file: string) => unknown, wanted: string) => {
	process.env.TAILPROBE_TEST_SECRET = 'of-env';
	const file = await secretFile(t, 'of-file\n');

	const headers = await authHeaders(schema.parse(write(file)));

	t.deepEqual(headers, [['Authorization', wanted]]);
});

const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;
test('a user name from a file', sends, file => ({basic_auth: {username_file: file}}), basic('of-file:'));
test(
	'a password from the environment',
	sends,
	() => ({basic_auth: {username: 'a', password: {env: 'TAILPROBE_TEST_SECRET'}}}),
	basic('a:of-env'),
);
test(
	'a scheme with credentials',
	sends,
	file => ({authorization: {type: 'Token', credentials: {file}}}),
	'Token of-file',
);
test('Bearer is the scheme by default', sends, file => ({authorization: {credentials_file: file}}), 'Bearer of-file');
test('a bearer token from a file', sends, file => ({bearer_token_file: file}), 'Bearer of-file');
test(
	'a bearer token from the environment',
	sends,
	() => ({bearer_token: {env: 'TAILPROBE_TEST_SECRET'}}),
	'Bearer of-env',
);

test('headers come from values, secrets and files, in this order', async t => {
	process.env.TAILPROBE_TEST_SECRET = 'of-env';
	const file = await secretFile(t, 'of-file');
	const options = schema.parse({
		http_headers: {'X-A': {values: ['1', '2'], secrets: [{env: 'TAILPROBE_TEST_SECRET'}], files: [file]}},
	});

	t.deepEqual(await authHeaders(options), [
		['X-A', '1'],
		['X-A', '2'],
		['X-A', 'of-env'],
		['X-A', 'of-file'],
	]);
});

const cannotBeRead = test.macro(async (t, content: string | undefined, message: RegExp) => {
	const file = content === undefined ? '/nowhere/secret' : await secretFile(t, content);

	const error = await t.throwsAsync(authHeaders({bearer_token_file: file}), {instanceOf: CannotLookError, message});

	t.is(error?.reason, 'vantage');
	t.false(content !== undefined && content.trim() !== '' && (error?.message ?? '').includes(content.trim()));
});

test(
	'a file that is not there',
	cannotBeRead,
	undefined,
	/The secret in the file \/nowhere\/secret cannot be read: there is no such file/,
);
test('an empty file', cannotBeRead, ' \n', /is empty/);
test('a file of several lines', cannotBeRead, 'hidden\nvalue', /expected one line/);
test('a file with what no header can carry', cannotBeRead, 'geheim€', /no header can carry/);
test('a file that is too large', cannotBeRead, 'x'.repeat(20_000), /larger than 16384 bytes/);

test('an environment variable that is not there is told by its name', async t => {
	await t.throwsAsync(authHeaders({bearer_token: {env: 'TAILPROBE_TEST_NONE'}}), {
		message: 'The secret in the environment variable TAILPROBE_TEST_NONE is empty.',
	});
});

test('without what proves who we are only harmless headers are left', t => {
	const options: AuthOptions & {other: number} = {
		other: 1,
		basic_auth: {username: 'a', password_file: 'b'},
		authorization: {type: 'Bearer', credentials_file: 'c'},
		bearer_token: {env: 'D'},
		bearer_token_file: 'e',
		http_headers: {
			'X-Key': {values: ['f'], secrets: [], files: []},
			Accept: {values: ['text/plain'], secrets: [{env: 'G'}], files: ['h']},
		},
	};

	t.deepEqual(withoutAuth(options), {
		other: 1,
		http_headers: {Accept: {values: ['text/plain'], secrets: [], files: []}},
	});
	t.is(options.bearer_token_file, 'e');
});

const refuses = test.macro((t, options: unknown, path: string, message: RegExp) => {
	const {error} = schema.safeParse(options);

	t.deepEqual(
		error?.issues.map(issue => issue.path.join('.')),
		[path],
	);
	t.regex(error?.issues[0]?.message ?? '', message);
	t.notRegex(JSON.stringify(error?.issues), /hidden/);
});

const elsewhere = /expected \{file: PATH\} or \{env: NAME\}.*secrets are never written in the configuration itself/;
test(
	'a password as it stands',
	refuses,
	{basic_auth: {username: 'a', password: 'hidden'}},
	'basic_auth.password',
	elsewhere,
);
test(
	'a password as it stands is told its other key',
	refuses,
	{basic_auth: {username: 'a', password: 'hidden'}},
	'basic_auth.password',
	/password_file: PATH/,
);
test(
	'credentials as they stand',
	refuses,
	{authorization: {credentials: 'hidden'}},
	'authorization.credentials',
	elsewhere,
);
test('a token as it stands', refuses, {bearer_token: 'hidden'}, 'bearer_token', elsewhere);
test(
	'a secret header as it stands',
	refuses,
	{http_headers: {A: {secrets: ['hidden']}}},
	'http_headers.A.secrets.0',
	elsewhere,
);
test(
	'two ways at once',
	refuses,
	{basic_auth: {username: 'a'}, bearer_token_file: 'b'},
	'bearer_token_file',
	/one way to prove who we are/,
);
test(
	'a user name twice',
	refuses,
	{basic_auth: {username: 'a', username_file: 'b'}},
	'basic_auth.username_file',
	/not both/,
);
test('no user name', refuses, {basic_auth: {password_file: 'b'}}, 'basic_auth', /expected username or username_file/);
test('no credentials', refuses, {authorization: {}}, 'authorization', /expected credentials or credentials_file/);
test(
	'Basic by hand',
	refuses,
	{authorization: {type: 'basic', credentials_file: 'a'}},
	'authorization.type',
	/there is basic_auth/,
);
test(
	'a header of ours',
	refuses,
	{http_headers: {Connection: {values: ['a']}}},
	'http_headers.Connection',
	/is not set here/,
);
test(
	'a header that is there already',
	refuses,
	{http_headers: {'x-plain': {values: ['a']}}},
	'http_headers.x-plain',
	/among headers already/,
);
test('a header twice', refuses, {http_headers: {A: {values: ['a']}, a: {values: ['a']}}}, 'http_headers.a', /twice/);
test(
	'a header without a value',
	refuses,
	{http_headers: {A: {}}},
	'http_headers.A',
	/expected values, secrets or files/,
);
test(
	'a value with a line end',
	refuses,
	{http_headers: {A: {values: ['a\r\nb: c']}}},
	'http_headers.A.values.0',
	/cannot be sent/,
);
