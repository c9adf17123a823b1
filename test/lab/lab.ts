import {spawn} from 'node:child_process';
import {existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {createServer} from 'node:net';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {commandLab} from '../../src/lab/commanding.ts';
import {startLab} from '../../src/lab/lab.ts';
import {UserError} from '../../src/util/errors.ts';
import {ask, isAlive, until} from '../helpers/lab.ts';

function aDirectory(t: ExecutionContext): string {
	const directory = mkdtempSync(join(tmpdir(), 'tailprobe-test-'));
	t.teardown(() => rmSync(directory, {recursive: true, force: true}));
	return directory;
}

/** A lab started by another process, which stays. */
async function startElsewhere(t: ExecutionContext, directory: string) {
	const module = new URL('../../src/lab/lab.ts', import.meta.url);
	const script = `
		const {startLab} = await import(${JSON.stringify(module.href)});
		const lab = await startLab({quiet: true, directory: ${JSON.stringify(directory)}});
		console.log(JSON.stringify({pid: lab.pid, urls: lab.urls}));
	`;
	const parent = spawn(process.execPath, ['--input-type=module', '--eval', script], {
		stdio: ['ignore', 'pipe', 'inherit'],
	});
	t.teardown(() => parent.kill('SIGKILL'));
	const line = await new Promise<string>(resolve => parent.stdout.setEncoding('utf8').once('data', resolve));
	return {parent, lab: JSON.parse(line) as {pid: number; urls: {headscaleUrl: string; apiKeyFile: string}}};
}

test('stopping leaves no process, no file and no listener', async t => {
	const lab = await startLab({quiet: true});
	const directory = dirname(lab.urls.apiKeyFile);
	t.true(isAlive(lab.pid));
	t.is(statSync(directory).mode & 0o777, 0o700);
	t.is(statSync(lab.urls.apiKeyFile).mode & 0o777, 0o600);

	await lab.stop();

	t.false(isAlive(lab.pid));
	t.false(existsSync(directory));
	t.is(await ask(`${lab.urls.headscaleUrl}/health`), 'refused');
	t.true(await lab.ended);
});

test('a parent that is killed leaves neither process nor files', async t => {
	const directory = aDirectory(t);
	const {parent, lab} = await startElsewhere(t, directory);

	parent.kill('SIGKILL');

	await until(t, 'the servers end', () => !isAlive(lab.pid));
	await until(t, 'the files are gone', () => readdirSync(directory).length === 0);
	t.pass();
});

test('Ctrl-C in the terminal does not end the servers by itself', async t => {
	const {lab} = await startElsewhere(t, aDirectory(t));

	process.kill(lab.pid, 'SIGINT');
	process.kill(lab.pid, 'SIGHUP');

	t.like(await ask(`${lab.urls.headscaleUrl}/health`), {status: 200});
});

test('servers that end by themselves are noticed, and their files removed', async t => {
	const lab = await startLab({quiet: true});

	process.kill(lab.pid, 'SIGKILL');

	t.false(await lab.ended);
	t.false(existsSync(dirname(lab.urls.apiKeyFile)));
	await t.throwsAsync(lab.break('gpu1-derp'), {instanceOf: UserError, message: 'The lab has ended.'});
	await lab.stop();
});

test('faults are listed with whether they are on, also those switched from elsewhere', async t => {
	const directory = aDirectory(t);
	const lab = await startLab({quiet: true, directory});
	t.teardown(() => lab.stop());

	await lab.break('gpu1-derp');
	await commandLab(directory, {do: 'break', fault: 'livekit-slow'});

	await until(t, 'both are on', () => lab.faults().filter(fault => fault.on).length === 2);
	t.deepEqual(
		lab
			.faults()
			.filter(fault => fault.on)
			.map(fault => fault.name),
		['gpu1-derp', 'livekit-slow'],
	);
	await t.throwsAsync(lab.break('gpu9-on-fire'), {
		instanceOf: UserError,
		message: /no fault named "gpu9-on-fire"\. There are: gpu1-derp/,
	});
});

test('a second lab in the same directory is refused', async t => {
	const directory = aDirectory(t);
	const lab = await startLab({quiet: true, directory});
	t.teardown(() => lab.stop());

	const error = await t.throwsAsync(startLab({quiet: true, directory}), {instanceOf: UserError});

	t.is(
		error?.message,
		`A lab of yours is running already (process ${lab.pid}). End it with Ctrl-C in its terminal first.`,
	);
});

test('what a killed lab left does not stand in the way', async t => {
	const directory = aDirectory(t);
	const {parent, lab: killed} = await startElsewhere(t, directory);
	process.kill(parent.pid ?? 0, 'SIGSTOP');
	process.kill(killed.pid, 'SIGKILL');
	parent.kill('SIGKILL');
	await until(t, 'both end', () => !isAlive(killed.pid) && !isAlive(parent.pid ?? 0));
	t.true(existsSync(join(directory, 'control.sock')));

	const lab = await startLab({quiet: true, directory});

	t.false(existsSync(dirname(killed.urls.apiKeyFile)));
	await lab.stop();
	t.deepEqual(readdirSync(directory), []);
});

test('a lab does not start in a directory that others may enter', async t => {
	const directory = join(aDirectory(t), 'file');
	writeFileSync(directory, '');

	await t.throwsAsync(startLab({quiet: true, directory}), {instanceOf: UserError, message: /it is no directory/});
});

test('a usual port that is taken is replaced by a free one', async t => {
	const blocker = createServer();
	// Taken by us or by somebody else: both will do.
	await new Promise<void>(resolve => blocker.once('error', () => resolve()).listen(7880, '0.0.0.0', () => resolve()));
	t.teardown(() => blocker.close());

	const lab = await startLab({quiet: true, ports: 'preferred'});
	t.teardown(() => lab.stop());

	t.not(lab.urls.servicePorts.livekit, 7880);
	t.like(await ask(`http://127.77.0.2:${lab.urls.servicePorts.livekit}/`), {status: 200});
	t.regex(lab.config, new RegExp(`http://livekit:${lab.urls.servicePorts.livekit}/`));
});
