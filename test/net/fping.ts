import {spawnSync} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {fpingArguments, parseFping, pingAddresses} from '../../src/net/fping.ts';
import {CannotLookError} from '../../src/util/errors.ts';
import {until} from '../helpers/until.ts';

const plan = {addresses: ['127.0.0.1'], count: 3, pauseMs: 20, payloadBytes: 56, dontFragment: false, budgetMs: 3000};
const signal = new AbortController().signal;
/** On a machine without fping these are shown as skipped. */
const withFping = spawnSync('fping', ['--version']).status === 0 ? test.serial : test.serial.skip;

test('each line gives the times of one address, a dash is a lost ping', t => {
	const output = `ICMP Host Unreachable from 10.77.0.7 for ICMP Echo sent to 10.77.0.99
10.77.0.4 : 0.51 0.37 -
fd7a:115c:a1e0::2 : 12.3 11 10.05
10.77.0.99 : - - -
`;

	t.deepEqual(
		[...parseFping(output)],
		[
			['10.77.0.4', [0.00051, 0.00037, undefined]],
			['fd7a:115c:a1e0::2', [0.0123, 0.011, 0.010_05]],
			['10.77.0.99', [undefined, undefined, undefined]],
		],
	);
});

test('lines that are no answer are passed over', t => {
	t.is(parseFping('fping: unknown option\nevil : rm -rf\n1.2.3.4 : 0.1 x\n').size, 0);
});

test('only addresses are ever given to fping', t => {
	t.throws(() => fpingArguments(plan, ['-f/etc/passwd']), {message: /is no address/});
	t.throws(() => fpingArguments(plan, ['localhost']), {message: /is no address/});
});

test('fping 5.1 is told from where to ask, of each family that is asked: unprivileged it would hear no answer', t => {
	const both = fpingArguments(plan, ['127.0.0.1', '::1']).join(' ');
	const oldOnly = fpingArguments(plan, ['127.0.0.1']).join(' ');

	t.regex(both, /-S 0\.0\.0\.0 -S :: 127\.0\.0\.1 ::1$/);
	t.notRegex(oldOnly, /-S ::/);
});

test('pauses shrink so that a round of many pings ends within its time', t => {
	const args = fpingArguments({...plan, count: 20, pauseMs: 1000, budgetMs: 2200}, ['127.0.0.1']);

	const value = (flag: string) => Number(args[args.indexOf(flag) + 1]);
	t.true(value('-p') * 20 + value('-t') <= 2000);
});

test('a machine without fping cannot look, and the sentence says what to install', async t => {
	const path = process.env.PATH;
	process.env.PATH = '/nonexistent';
	t.teardown(() => {
		process.env.PATH = path;
	});

	const error = await t.throwsAsync(pingAddresses(plan, signal), {instanceOf: CannotLookError});

	t.is(error.reason, 'unsupported');
	t.regex(error.message, /install the package fping/);
});

/** Puts a script in fping's place until the test ends; `$HERE` is a directory of its own. */
function fakeFping(t: ExecutionContext, script: string): string {
	const directory = mkdtempSync(join(tmpdir(), 'fping-'));
	const path = process.env.PATH;
	writeFileSync(join(directory, 'fping'), `#!/bin/sh\nHERE=${directory}\n${script}`, {mode: 0o755});
	process.env.PATH = `${directory}:${path}`;
	t.teardown(() => {
		process.env.PATH = path;
		rmSync(directory, {recursive: true});
	});
	return directory;
}

function isAlive(pid: number): boolean {
	try {
		process.kill(pid, 0);
		return true;
	} catch {
		return false;
	}
}

test.serial('an fping that hangs is ended within its time, with all that it started', async t => {
	await import('execa'); // so that loading it takes nothing from the budget
	const directory = fakeFping(t, 'trap "" TERM\nsleep 60 &\necho $! > $HERE/child\nwait\n');

	const error = await t.throwsAsync(pingAddresses({...plan, budgetMs: 2000}, signal), {instanceOf: CannotLookError});

	t.is(error.reason, 'incomplete');
	t.regex(error.message, /^fping hung: it did not end within \d+ ms and was ended\.$/);
	const child = Number(readFileSync(join(directory, 'child'), 'utf8'));
	await until(() => !isAlive(child));
});

test.serial('a run whose deadline passed because fping hung is no verdict on the targets', async t => {
	fakeFping(t, 'sleep 60');
	const deadline = new AbortController();
	const run = pingAddresses({...plan, budgetMs: 60_000}, deadline.signal);

	deadline.abort(new DOMException('the deadline passed', 'TimeoutError'));

	const error = await t.throwsAsync(run, {instanceOf: CannotLookError});
	t.is(error.reason, 'incomplete');
});

test.serial('fping gets nothing of our environment but where programs are', async t => {
	const directory = fakeFping(t, 'env > $HERE/seen\n');
	process.env.AGENT_SECRET = 'x';
	t.teardown(() => {
		delete process.env.AGENT_SECRET;
	});

	await pingAddresses(plan, signal).catch(() => {});

	const seen = readFileSync(join(directory, 'seen'), 'utf8')
		.split('\n')
		.map(line => line.split('=', 1)[0] ?? '');
	// What a shell adds by itself stays out of it.
	const others = seen.filter(name => !['', 'PWD', 'OLDPWD', 'SHLVL', '_'].includes(name));
	t.deepEqual(others.toSorted(), ['LC_ALL', 'PATH']);
});

test.serial('an fping without the right to send is denied', async t => {
	fakeFping(t, `echo "fping: can't create socket (must run as root?) : Operation not permitted" >&2\nexit 4\n`);

	const error = await t.throwsAsync(pingAddresses(plan, signal), {instanceOf: CannotLookError});

	t.is(error.reason, 'denied');
});

test.serial('an fping that fails otherwise is told with its words', async t => {
	fakeFping(t, 'echo "fping: no such option" >&2\nexit 3\n');

	const error = await t.throwsAsync(pingAddresses(plan, signal), {
		instanceOf: CannotLookError,
		message: /ended with 3: fping: no such option/,
	});

	t.is(error.reason, 'incomplete');
});

withFping('the real fping answers for many addresses at once', async t => {
	const addresses = Array.from({length: 250}, (_, at) => `127.0.1.${at + 1}`);

	const found = await pingAddresses({...plan, addresses}, signal);

	t.is(found.size, 250);
	t.true([...found.values()].every(times => times.length === 3));
});

withFping('a run that is cut short ends its fping at once', async t => {
	const controller = new AbortController();
	const run = pingAddresses({...plan, count: 50, pauseMs: 1000, budgetMs: 60_000}, controller.signal);

	controller.abort(new Error('stop'));

	await t.throwsAsync(run, {message: 'stop'});
});
