import {execFile, spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {aSecret, startDaemonSide} from '../helpers/agents.ts';
import {until} from '../helpers/until.ts';

const main = new URL('../../src/main.ts', import.meta.url).pathname;

function folderWith(t: ExecutionContext, config: string): string {
	const folder = mkdtempSync(join(tmpdir(), 'tailprobe-cli-agent-'));
	t.teardown(() => rmSync(folder, {recursive: true}));
	writeFileSync(join(folder, 'secret'), aSecret);
	writeFileSync(join(folder, 'agent.yaml'), config);
	return folder;
}

async function run(...args: string[]): Promise<{status: number; stdout: string; stderr: string}> {
	const {promise, resolve} = Promise.withResolvers<{status: number; stdout: string; stderr: string}>();
	execFile(process.execPath, [main, 'agent', ...args], (error, stdout, stderr) =>
		resolve({status: Number(error?.code ?? 0), stdout, stderr}),
	);
	return promise;
}

test('the agent is dialled by a daemon, dials no loopback, and ends in order', async t => {
	const folder = folderWith(
		t,
		'listen: 127.0.0.1:0\nsecret: {file: secret}\ntailscaled: false\nallow: [{via: direct, prefixes: [127.0.0.0/8]}]\n',
	);
	const agent = spawn(process.execPath, [main, 'agent', '--config', join(folder, 'agent.yaml')], {
		stdio: ['ignore', 'ignore', 'pipe'],
	});
	t.teardown(() => void agent.kill('SIGKILL'));
	const ended = once(agent, 'exit');
	let log = '';
	agent.stderr.on('data', bytes => {
		log += bytes;
	});
	await until(() => /"port":\d+/.test(log));
	const {vantage} = startDaemonSide(t, Number(/"port":(\d+)/.exec(log)?.[1]));
	await until(() => vantage.state().condition === 'sound');

	const target = {name: 'x', address: '127.0.0.1:1', via: 'direct' as const, peer: ''};
	const {aCheck} = await import('../helpers/checks.ts');
	const outcome = await vantage.run(aCheck({type: 'tcp', target, options: {}}), 1000);
	agent.kill('SIGTERM');

	t.like(outcome, {verdict: 'down', reason: 'forbidden'});
	t.deepEqual(await ended, [0, null]);
	t.regex(log, /the agent is ending/);
});

test('an agent that finds no tailscaled says soon what it waits for', async t => {
	const folder = folderWith(t, 'secret: {file: secret}\ntailscaled: {socket: /tmp/tailprobe-nowhere.sock}\n');
	const agent = spawn(process.execPath, [main, 'agent', '--config', join(folder, 'agent.yaml')], {
		stdio: ['ignore', 'ignore', 'pipe'],
	});
	t.teardown(() => void agent.kill('SIGKILL'));
	let log = '';
	agent.stderr.on('data', bytes => {
		log += bytes;
	});

	await until(() => log.includes('the agent waits for tailscaled'));

	t.regex(log, /nowhere\.sock cannot be used: it does not exist/);
});

test('what of its secret cannot be had here and now is a note, and no mistake', async t => {
	const folder = folderWith(t, '');
	const check = (text: string) => {
		writeFileSync(join(folder, 'agent.yaml'), text);
		return run('--config', join(folder, 'agent.yaml'), '--check');
	};
	writeFileSync(join(folder, 'short'), 'abc');

	const unset = await check('secret: {env: TAILPROBE_NO_SUCH_VARIABLE}\n');
	const missing = await check('secret: {file: nowhere}\n');
	const short = await check('secret: {file: short}\n');
	const right = await check('secret: {file: secret}\n');

	t.deepEqual(
		[unset, missing, short, right].map(({status}) => status),
		[0, 0, 0, 0],
	);
	t.regex(
		unset.stdout,
		/is right: .*\nNote: The environment variable TAILPROBE_NO_SUCH_VARIABLE is not set here and now\.\n$/,
	);
	t.regex(missing.stdout, /\nNote: \/.*nowhere cannot be read here and now\.\n$/);
	t.regex(short.stdout, /\nNote: The secret in \/.*short is shorter than 16 characters: make one with/);
	t.notRegex(right.stdout, /Note/);
});

test('a wrong configuration is told whole, with status 78', async t => {
	const folder = folderWith(t, 'listen: 0.0.0.0:1\nfiles: [x]\n');

	const checked = await run('--config', join(folder, 'agent.yaml'), '--check');
	const started = await run('--config', join(folder, 'agent.yaml'));

	t.is(checked.status, 78);
	t.is(checked.stderr.trim().split('\n').length, 3);
	t.is(started.status, 78);
	t.regex(started.stderr, /The configuration of the agent has 3 mistakes:/);
});

test('a right configuration is told so', async t => {
	const folder = folderWith(t, 'secret: {file: secret}\n');

	const {status, stdout} = await run('--config', join(folder, 'agent.yaml'), '--check');

	t.is(status, 0);
	t.regex(stdout, /is right: 1 rule, 0 files that checks may name/);
});

test('an agent without its secret does not start, and says where it looked', async t => {
	const folder = folderWith(t, 'listen: 127.0.0.1:0\nsecret: {file: nowhere}\ntailscaled: false\n');

	const {status, stderr} = await run('--config', join(folder, 'agent.yaml'));

	t.is(status, 78);
	t.regex(stderr, /The secret in the file .*nowhere cannot be read/);
});

test('wrong arguments have status 64', async t => {
	t.is((await run()).status, 64);
	t.is((await run('agent.yaml')).status, 64);
});
