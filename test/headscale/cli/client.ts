import {existsSync, readFileSync} from 'node:fs';
import {chmod, copyFile, mkdir, mkdtemp, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import test, {type ExecutionContext} from 'ava';
import {createCliClient} from '../../../src/headscale/cli/client.ts';
import {passedVariables} from '../../../src/headscale/cli/run.ts';
import {nodesToRest, preAuthKeysToRest} from '../../../src/headscale/cli/to-rest.ts';
import {HeadscaleError} from '../../../src/headscale/get.ts';
import {parseNodes} from '../../../src/headscale/nodes.ts';
import {parsePreAuthKeys} from '../../../src/headscale/pre-auth-keys.ts';
import {until} from '../../helpers/until.ts';

const program = fileURLToPath(new URL('../../fixtures/bin/headscale', import.meta.url));
const recordings = (version: string) => fileURLToPath(new URL(`../../fixtures/headscale/${version}`, import.meta.url));
const read = async (version: string, file: string): Promise<unknown> =>
	JSON.parse(await readFile(join(recordings(version), file), 'utf8'));

function clientOf(mode: readonly string[], options: {timeoutMs?: number; maxAnswerBytes?: number} = {}) {
	return createCliClient({command: [program, ...mode], timeoutMs: 20_000, maxAnswerBytes: 1_000_000, ...options});
}

async function scratch(t: ExecutionContext): Promise<string> {
	const directory = await mkdtemp(join(tmpdir(), 'tailprobe-cli-'));
	t.teardown(() => rm(directory, {recursive: true, force: true}));
	return directory;
}

test('the lists are those that the command prints', async t => {
	const client = clientOf(['recorded', recordings('0.29.2')]);

	const [nodes, users, keys, apiKeys] = await Promise.all([
		client.nodes(),
		client.users(),
		client.preAuthKeys(),
		client.apiKeys(),
	]);

	t.deepEqual(nodes, parseNodes(nodesToRest(await read('0.29.2', 'cli-nodes.json'))));
	t.is(users.users[0]?.name, 'ozzu');
	t.is(keys.keys.length, 1);
	t.is(apiKeys.keys.length, 1);
});

const asksByUser = test.macro({
	async exec(t, version: string, type: string, user: string) {
		const list = await clientOf(['by-user', recordings(version), type, user]).preAuthKeys();

		t.deepEqual(list, parsePreAuthKeys(preAuthKeysToRest(await read(version, 'cli-preauthkeys.json'))));
		t.is(list.keys.length, 1);
	},
	title: (_, version, __, user) => `pre-auth keys of ${version} are asked for by --user=${user}`,
});
test(asksByUser, '0.23.0', 'string', 'ozzu');
test(asksByUser, '0.26.1', 'uint', '1');

test('a user that goes while the keys are listed takes only its own keys along', async t => {
	const directory = await scratch(t);
	await copyFile(join(recordings('0.23.0'), 'cli-preauthkeys.json'), join(directory, 'cli-preauthkeys.json'));
	const users = [
		{id: '98', name: 'gone'},
		{id: '1', name: 'ozzu'},
		{id: '3', name: 'quiet'},
	];
	await writeFile(join(directory, 'cli-users.json'), JSON.stringify(users));

	const list = await clientOf(['by-user', directory, 'string', 'ozzu']).preAuthKeys();

	t.deepEqual(
		list.keys.map(({id}) => id),
		['1'],
	);
});

const fails = test.macro({
	async exec(t, mode: readonly string[], expected: RegExp, options: Parameters<typeof clientOf>[1] = {}) {
		const error = await t.throwsAsync(clientOf(mode, options).nodes(), {instanceOf: HeadscaleError});

		t.regex(error?.message ?? '', expected);
		t.false(/hskey-|[0-9a-f]{40}/.test(error?.message ?? ''));
	},
	title: (title = '') => `${title} is told in a sentence`,
});
const plainKey = '69b99be4f829472b800dce4eee361ec8200800079cb38db6';
test(
	'an error in JSON',
	fails,
	['fail', '1', '{\n\t"error": "rpc error: code = Unknown desc = no"\n}\n'],
	/"\S+headscale … nodes list" ended with 1\. It said: "rpc error: code = Unknown desc = no"\./,
);
test(
	'an error in plain words',
	fails,
	['fail', '1', 'Error: unknown command "nodes" for "headscale"\n'],
	/ended with 1\. It said: "Error: unknown command .*of the version that its server has\?/,
);
test(
	'a failure without a word',
	fails,
	['fail', '255', ''],
	/ended with 255\. It said nothing, as headscale does with -o json .* by hand without -o json\./,
);
test(
	'a socket that nobody serves',
	fails,
	['fail', '1', '{"error": "connecting to headscale: context deadline exceeded"}'],
	/Does headscale run, and does the configuration/,
);
test(
	'a socket that we may not use',
	fails,
	['fail', '1', 'dial unix /run/headscale.sock: permission denied'],
	/May the user that tailprobe runs as use this/,
);
test(
	'an error that repeats keys',
	fails,
	['fail', '1', `no: ${plainKey} hskey-auth-abcdefghijkl-${plainKey} P-Vg28v.0123456789abcdefghijklmnopqrstuvwxyz`],
	/It said: "no: <redacted> <redacted> <redacted>"/,
);
test(
	'a command that does not end',
	fails,
	['hang', '/dev/null'],
	/did not end within 0\.5 s\. headscale does not answer its socket/,
	{timeoutMs: 500},
);
test(
	'an output without end',
	fails,
	['flood'],
	/printed too much: more than 100000 bytes, .* raise headscale\.max_answer/,
	{maxAnswerBytes: 100_000},
);
test('complaints without end', fails, ['complain'], /printed too much: more than 262144 bytes of complaints/);
test(
	'half a list',
	fails,
	['print', `[{"id": 1, "pre_auth_key": {"key": "${plainKey}"`],
	/printed JSON that is cut short or no list \(\d+ characters\)/,
);
test(
	'something other than a list',
	fails,
	['print', `{"key": "${plainKey}"}`],
	/printed JSON that is cut short or no list/,
);
test(
	'something other than JSON',
	fails,
	['print', `ID | Key\n1 | ${plainKey}`],
	/printed something that is not JSON .* end in headscale itself\?/,
);
test('nothing at all', fails, ['print', ''], /ended well and printed nothing/);
test('a command that is ended from outside', fails, ['ended'], /was ended by SIGTERM, which was not us/);

const cannotStart = test.macro({
	async exec(t, makeProgram: (t: ExecutionContext) => Promise<string>, expected: RegExp) {
		const client = createCliClient({command: [await makeProgram(t), '-c', 'x'], timeoutMs: 5000, maxAnswerBytes: 1000});

		const error = await t.throwsAsync(client.users(), {instanceOf: HeadscaleError});

		t.regex(error?.message ?? '', expected);
	},
	title: (title = '') => `${title} is told in a sentence`,
});
test(
	'a program that is not there',
	cannotStart,
	async () => 'no-such-headscale',
	/"no-such-headscale … users list" could not be started: there is no program "no-such-headscale"/,
);
test(
	'a path that leads nowhere',
	cannotStart,
	async () => '/nowhere/headscale',
	/there is no file \/nowhere\/headscale\. Correct headscale\.cli\.command/,
);
test(
	'a file that may not be executed',
	cannotStart,
	async t => {
		const path = join(await scratch(t), 'headscale');
		await writeFile(path, '#!/bin/sh\n');
		await chmod(path, 0o600);
		return path;
	},
	/may not be executed/,
);

test(
	'a program of which PATH leads to a file that may not be executed',
	cannotStart,
	async t => {
		const directory = await onPath(t);
		await writeFile(join(directory, 'unexecutable-headscale'), '#!/bin/sh\n', {mode: 0o600});
		return 'unexecutable-headscale';
	},
	/could not be started: \/.*\/unexecutable-headscale may not be executed by the user/,
);
test(
	// As with a directory on PATH that the user may not enter, the system says EACCES here.
	'a program of which PATH leads to no file',
	cannotStart,
	async t => {
		await mkdir(join(await onPath(t), 'folder-headscale'));
		return 'folder-headscale';
	},
	/there is no program "folder-headscale" where tailprobe runs(, unless [^)]+\))?\. Install it/,
);
const asOrdinaryUser = process.getuid?.() === 0 ? test.skip : test;
asOrdinaryUser(
	'a program that may be in a directory of PATH that the user may not enter',
	cannotStart,
	async t => {
		await chmod(await onPath(t), 0o600);
		return 'hidden-headscale';
	},
	/there is no program "hidden-headscale" where tailprobe runs, unless it is where its user may not look \(\/.*\)\. Install it/,
);

/** An empty directory, first on PATH for the length of the test. */
async function onPath(t: ExecutionContext): Promise<string> {
	const directory = await scratch(t);
	process.env.PATH = `${directory}:${process.env.PATH}`;
	t.teardown(() => {
		process.env.PATH = process.env.PATH?.replace(`${directory}:`, '');
	});
	return directory;
}

test('arguments reach the command as they are, and a user cannot become an option or a command', async t => {
	const directory = await scratch(t);
	const file = join(directory, 'arguments');

	await clientOf(['arguments', file, '-c', '/a b/$(touch /tmp/x)', ';', '--']).nodes();

	t.deepEqual((await readFile(file, 'utf8')).split('\n'), [
		'-c',
		'/a b/$(touch /tmp/x)',
		';',
		'--',
		'nodes',
		'list',
		'-o',
		'json',
		'',
	]);
});

test.serial('the command sees a small environment, without secrets of ours', async t => {
	process.env.TAILPROBE_TEST_SECRET = 'hunter2';
	t.teardown(() => {
		delete process.env.TAILPROBE_TEST_SECRET;
	});
	const directory = await scratch(t);
	const wrapper = join(directory, 'wrapper');
	await writeFile(wrapper, `#!/bin/sh\nenv > "${directory}/environment"\necho null\n`);
	await chmod(wrapper, 0o700);

	await createCliClient({command: [wrapper], timeoutMs: 20_000, maxAnswerBytes: 1000}).nodes();

	const environment = await readFile(join(directory, 'environment'), 'utf8');
	const names = [...environment.matchAll(/^(\w+)=/gm)].map(([, name]) => name ?? '');
	const ofTheShell = ['PWD', 'OLDPWD', 'SHLVL', '_', 'LC_ALL'];
	t.deepEqual(
		names.filter(name => !passedVariables.includes(name) && !ofTheShell.includes(name)),
		[],
	);
	t.true(names.includes('PATH'));
});

test('a command in flight, with what it started, ends at once when it is not wanted any more', async t => {
	const pidFile = join(await scratch(t), 'pid');
	const stopping = new AbortController();
	const reason = new Error('stopped');
	const reading = clientOf(['hang', pidFile]).nodes(stopping.signal);
	const pid = async () => Number(await readFile(pidFile, 'utf8').catch(() => ''));
	await until(async () => (await pid()) > 0);

	stopping.abort(reason);

	t.is(await t.throwsAsync(reading), reason);
	const child = await pid();
	await until(() => !isAlive(child));
	t.is(await t.throwsAsync(clientOf(['print', '[]']).nodes(stopping.signal)), reason);
});

test('at most two commands run at a time', async t => {
	const directory = join(await scratch(t), 'running');
	await mkdir(directory);
	const client = clientOf(['count', directory]);

	await Promise.all([client.nodes(), client.users(), client.apiKeys(), client.preAuthKeys(), client.nodes()]);

	const counts = (await readFile(`${directory}.counts`, 'utf8')).trim().split(/\s+/).map(Number);
	t.is(counts.length, 5);
	t.true(Math.max(...counts) <= 2);
});

/** One that has ended and that nobody has waited for yet is not alive. */
function isAlive(pid: number): boolean {
	try {
		process.kill(pid, 0);
		return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
	} catch (error) {
		return (error as NodeJS.ErrnoException).code === 'ENOENT' && !existsSync('/proc/self');
	}
}
