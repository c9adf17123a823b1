import {spawnSync} from 'node:child_process';
import test from 'ava';
import {fpingArguments, parseFping, pingAddresses} from '../../src/net/fping.ts';
import {CannotLookError} from '../../src/util/errors.ts';

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
