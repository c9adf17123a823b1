import {spawn} from 'node:child_process';
import {mkdtempSync, readdirSync, rmSync} from 'node:fs';
import {createServer} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {runLab} from '../../src/cli/lab.ts';
import {faults} from '../../src/lab/faults.ts';
import {UserError} from '../../src/util/errors.ts';
import {isAlive, until} from '../helpers/lab.ts';

function aDirectory(t: ExecutionContext): string {
	const directory = mkdtempSync(join(tmpdir(), 'tailprobe-test-'));
	t.teardown(() => rmSync(directory, {recursive: true, force: true}));
	return directory;
}

/** `tailprobe lab` in a process of its own, with a daemon that only says what it was given. */
async function startElsewhere(
	t: ExecutionContext,
	directory: string,
	stop = 'process.stdout.write("daemon stopped\\n")',
) {
	const module = new URL('../../src/cli/lab.ts', import.meta.url);
	const script = `
		const {runLab} = await import(${JSON.stringify(module.href)});
		process.exitCode = await runLab([], {
			directory: ${JSON.stringify(directory)},
			async startDaemon({configText, listen, allowLoopback}) {
				process.stdout.write('daemon: ' + JSON.stringify({listen, allowLoopback, checks: configText.includes('checks:')}) + '\\n');
				return {url: 'http://' + listen.host + ':' + listen.port + '/', async stop() { ${stop} }};
			},
		});
	`;
	const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
		stdio: ['ignore', 'pipe', 'inherit'],
	});
	t.teardown(() => child.kill('SIGKILL'));
	const seen = {text: ''};
	child.stdout.setEncoding('utf8').on('data', data => {
		seen.text += data;
	});
	const exitCode = new Promise<number | null>(resolve => child.once('close', resolve));
	await until(t, 'the screen', () => seen.text.includes('Changes of state follow here.'));
	return {child, seen, exitCode};
}

/** A command beside a running lab: what it prints, and its status. */
async function command(directory: string, ...args: string[]): Promise<{exitCode: number; text: string}> {
	let text = '';
	const print = (more: string) => {
		text += more;
	};
	return {exitCode: await runLab(args, {directory, print}), text};
}

test('the screen says what to open, what to break and how to end it', async t => {
	const {child, seen, exitCode} = await startElsewhere(t, aDirectory(t));
	const port = /"port":(\d+)/.exec(seen.text)?.[1];

	child.kill('SIGINT');
	await exitCode;

	const screen = seen.text.slice(seen.text.indexOf('A June platform'), seen.text.indexOf('Changes of state'));
	t.true(screen.split('\n').length < 24);
	t.true(screen.split('\n').every(line => line.length <= 100));
	for (const part of [
		`http://127.0.0.1:${port}/`,
		`:${port}/metrics`,
		`:${port}/probe?module=healthz&target=http://livekit:`,
	])
		t.true(screen.includes(part), part);
	t.regex(screen, /lab break gpu1-derp/);
	t.regex(screen, /lab heal/);
	t.regex(screen, /Ctrl-C/);
	t.regex(seen.text, /"allowLoopback":true,"checks":true/);
});

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
	test(`${signal} ends the daemon, then the lab, with status 0 and without remains`, async t => {
		const directory = aDirectory(t);
		const {child, seen, exitCode} = await startElsewhere(t, directory);
		const {text} = await command(directory, 'status');
		const pid = Number(/process (\d+)/.exec(text)?.[1]);

		child.kill(signal);

		t.is(await exitCode, 0);
		t.regex(seen.text, /Ending the lab …\ndaemon stopped\n/);
		t.false(isAlive(pid));
		t.deepEqual(readdirSync(directory), []);
	});

test('a second Ctrl-C does not wait for a daemon that hangs', async t => {
	const directory = aDirectory(t);
	const {child, seen, exitCode} = await startElsewhere(
		t,
		directory,
		'await new Promise(resolve => setTimeout(resolve, 60_000))',
	);
	child.kill('SIGINT');
	await until(t, 'it ends', () => seen.text.includes('Ending the lab'));

	// Signals that follow at once are one Ctrl-C, which npm has passed on.
	const again = setInterval(() => child.kill('SIGINT'), 100);

	t.is(await exitCode, 130);
	clearInterval(again);
	await until(t, 'the files are gone', () => readdirSync(directory).length === 0);
});

test('faults are switched from another terminal, and both sides say so', async t => {
	const directory = aDirectory(t);
	const {seen, child, exitCode} = await startElsewhere(t, directory);

	const broken = await command(directory, 'break', 'gpu1-derp');
	const again = await command(directory, 'break', 'gpu1-derp');
	const status = await command(directory, 'status');
	const healed = await command(directory, 'heal', 'gpu1-derp');
	const nothing = await command(directory, 'heal');
	child.kill('SIGINT');
	await exitCode;

	t.regex(broken.text, /^UDP is blocked.*\nYou should see: .*\nMend it: .* lab heal gpu1-derp\n$/);
	t.regex(again.text, /^gpu1-derp is broken already\./);
	t.regex(status.text, /^The lab runs since \d+s \(process \d+\)\. Broken:\n {2}gpu1-derp, since \d+s: UDP is blocked/);
	t.is(healed.text, 'Healed: gpu1-derp.\n');
	t.is(nothing.text, 'Nothing was broken.\n');
	t.true([broken, again, status, healed, nothing].every(({exitCode}) => exitCode === 0));
	t.regex(seen.text, /^\d\d:\d\d:\d\d Broken: gpu1-derp\. UDP is blocked[\s\S]*^\d\d:\d\d:\d\d Healed: gpu1-derp\./m);
});

test('when the web port is taken the next free one is used, except that of agents', async t => {
	const blocker = createServer();
	await new Promise<void>(resolve => blocker.once('error', () => resolve()).listen(9753, '127.0.0.1', () => resolve()));
	t.teardown(() => blocker.close());

	const {seen} = await startElsewhere(t, aDirectory(t));

	const port = Number(/"port":(\d+)/.exec(seen.text)?.[1]);
	t.true(port > 9754 && port < 9853);
	t.true(seen.text.includes(`Port 9753 is taken, so this is ${port}: \`probe\` without --url asks what is on 9753.\n`));
	t.regex(seen.text, new RegExp(`Probe +.* probe --url http://127\\.0\\.0\\.1:${port} http://livekit:\\d+/\\n`));
});

test('another terminal is told where the page is, and how to probe through it', async t => {
	const directory = aDirectory(t);
	const {seen} = await startElsewhere(t, directory);
	const url = `http://127.0.0.1:${/"port":(\d+)/.exec(seen.text)?.[1]}`;

	const {text} = await command(directory, 'status');

	t.true(text.includes(`Everything works.\nLook at ${url}/, or probe through it: `), text);
	t.true(text.endsWith(` probe --url ${url} TARGET\n`), text);
	await t.throwsAsync(command(directory), {
		instanceOf: UserError,
		message: new RegExp(`^A lab of yours is running already \\(process \\d+, page ${url}/\\)\\.`),
	});
});

test('without a lab the other commands say how to start one', async t => {
	const directory = aDirectory(t);

	for (const args of [['status'], ['heal'], ['break', 'gpu1-derp']]) {
		const error = await t.throwsAsync(command(directory, ...args), {instanceOf: UserError});

		t.regex(
			error?.message ?? '',
			/^No lab of yours is running \(looked in .*, which follows TMPDIR\)\. Start one in another terminal: /,
		);
		t.is(error?.exitCode, 69);
	}
});

test('wrong words are explained with status 64', async t => {
	const cases: [args: string[], message: RegExp][] = [
		[['break', 'gpu9-on-fire'], /^There is no fault named "gpu9-on-fire"\. There are: gpu1-derp, /],
		[['heal', 'gpu9-on-fire'], /^There is no fault named "gpu9-on-fire"/],
		[['break'], /^Say what to break: `.* lab break NAME`\.\nThere are: gpu1-derp, /],
		[['explode'], /^The lab has no command "explode"\./],
		[['status', 'gpu1-derp'], /^`lab status` takes no "gpu1-derp"\./],
		[['break', 'gpu1-derp', 'gpu1-loss'], /^There is one word too many: "gpu1-loss"\./],
	];
	for (const [args, message] of cases) {
		const error = await t.throwsAsync(command(aDirectory(t), ...args), {instanceOf: UserError, message});

		t.is(error?.exitCode, 64);
	}
});

test('faults lists every fault with what is seen, without a lab', async t => {
	const {exitCode, text} = await command(aDirectory(t), 'faults');

	t.is(exitCode, 0);
	for (const {name, effect, see} of faults) for (const part of [name, effect, see]) t.true(text.includes(part), part);
});

test('--help shows the commands', async t => {
	const {exitCode, text} = await command(aDirectory(t), '--help');

	t.is(exitCode, 0);
	t.regex(text, /lab break NAME/);
});
