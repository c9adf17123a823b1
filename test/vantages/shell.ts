import test, {type ExecutionContext} from 'ava';
import {z} from 'zod';
import type {Check, Outcome} from '../../src/engine/types.ts';
import {findProbe} from '../../src/probes/registry.ts';
import {createShellVantage, groupShellRounds} from '../../src/vantages/shell.ts';
import type {ShellRun, ShellTransport} from '../../src/vantages/shell-transport.ts';
import type {Vantage} from '../../src/vantages/types.ts';
import {type FakeClock, fakeClock} from '../helpers/fake-clock.ts';
import {type LocalShell, localShell, shellCheck} from '../helpers/local-shell.ts';
import {type LocalApiServer, recorded, startLocalApi} from '../helpers/localapi-server.ts';
import {testPlace} from '../helpers/probing.ts';
import {closedPort, httpAnswer, saying, serve} from '../helpers/servers.ts';
import {until} from '../helpers/until.ts';

interface Watched {
	vantage: Vantage;
	outcomes: Outcome[];
	changes: string[];
}

function start(
	t: ExecutionContext,
	transport: ShellTransport,
	{clock, ...more}: {tailscaled?: string; socks5?: string; clock?: FakeClock} = {},
): Watched {
	const outcomes: Outcome[] = [];
	const changes: string[] = [];
	const vantage = createShellVantage({
		member: {name: 'june-gpu-1', group: 'gpu'},
		transport,
		place: {tailnet: {...testPlace.tailnet, prefixes: ['127.0.0.0/8']}, allowLoopback: true, ...more},
		peers: () => new Map(),
		onOutcomes: batch => void outcomes.push(...batch),
		onChange: () => void changes.push(vantage.state().condition),
		onBug: text => t.fail(text),
		...(clock ? {clock} : {}),
	});
	t.teardown(() => vantage.stop());
	return {vantage, outcomes, changes};
}

function http(address: string, more: Partial<Check> = {}, options: Record<string, unknown> = {}): Check {
	return shellCheck('http', address, findProbe('http')?.options(z).parse(options), {
		intervalMs: 400,
		timeoutMs: 400,
		...more,
	});
}

/** Refuses until it is told otherwise. */
function moody(): LocalShell & {mood: ShellRun | undefined} {
	const shell = localShell({change: run => moodyShell.mood ?? run});
	const moodyShell = Object.assign(shell, {mood: undefined as ShellRun | undefined});
	return moodyShell;
}

/** A shell that begins and tells nothing more, at once; or what the mood is. Counts looks. */
function aPlace(): ShellTransport & {mood: ShellRun | undefined; looks: number; rounds: number} {
	return {
		type: 'ssh',
		maxScriptBytes: 100_000,
		mood: undefined,
		looks: 0,
		rounds: 0,
		async run(script) {
			if (script.includes("'true' </dev/null")) this.looks++;
			else this.rounds++;
			const token = /T=(\w+)/.exec(script)?.[1];
			return this.mood ?? {kind: 'ran', stdout: Buffer.from(`${token} begin 64\n`), stderr: '', roundTripMs: 10};
		},
		async stop() {},
	};
}

const hurried: ShellRun = {kind: 'refused', reason: 'vantage', detail: 'nothing came within 500 ms.', hurried: true};
const lineDown: ShellRun = {kind: 'refused', reason: 'vantage', detail: 'the line is down.'};

test('an ad hoc run that is refused takes nothing from the place, and a look tells', async t => {
	const clock = fakeClock();
	const place = aPlace();
	const {vantage, changes} = start(t, place, {clock});
	await clock.advance(20_000);

	for (const mood of [hurried, lineDown, {...lineDown, reason: 'unsupported'} as const]) {
		const looks = place.looks;
		place.mood = mood;
		t.like(await vantage.run(http('http://127.0.0.1:1/'), 500), {verdict: 'unknown', reason: mood.reason});
		t.is(vantage.state().condition, 'sound');
		place.mood = undefined;
		await clock.advance(11_000);
		t.is(place.looks, looks + 1);
	}
	t.deepEqual(changes, ['sound']);

	place.mood = lineDown;
	await vantage.run(http('http://127.0.0.1:1/'), 500);
	await clock.advance(11_000);
	t.deepEqual(changes, ['sound', 'gone']);
});

test('an ad hoc run that comes through proves that a place is there again', async t => {
	const clock = fakeClock();
	const place = aPlace();
	place.mood = lineDown;
	const {vantage} = start(t, place, {clock});
	await clock.advance(100);
	t.is(vantage.state().condition, 'gone');

	place.mood = undefined;
	await vantage.run(http('http://127.0.0.1:1/'), 2000);

	t.is(vantage.state().condition, 'sound');
});

test('rounds that had no time leave the place as it is, and looks, now and then, find out', async t => {
	const clock = fakeClock();
	const place = aPlace();
	const {vantage, outcomes, changes} = start(t, place, {clock});
	await clock.advance(100);
	const answer = place.run;
	place.run = async function (script, options) {
		const run = await answer.call(this, script, options);
		return this.mood ?? (script.includes("'true' </dev/null") ? run : hurried);
	};

	vantage.assign([http('http://127.0.0.1:1/', {intervalMs: 1000, timeoutMs: 1000})]);
	await clock.advance(30_000);
	t.deepEqual(changes, ['sound']);
	t.true(outcomes.length >= 25 && outcomes.every(({verdict}) => verdict === 'unknown'));
	t.true(place.looks >= 3 && place.looks <= 4, String(place.looks));

	place.mood = lineDown;
	await clock.advance(15_000);
	t.deepEqual(changes, ['sound', 'gone']);
});

test('a place about which a look could not find out is looked at again soon', async t => {
	const clock = fakeClock();
	const place = aPlace();
	place.mood = hurried;
	const {vantage} = start(t, place, {clock});
	await clock.advance(100);
	t.is(vantage.state().condition, 'starting');

	place.mood = undefined;
	await clock.advance(2000);

	t.is(vantage.state().condition, 'sound');
});

test('rounds that send nothing prove nothing: neither that a place is there, nor that it need not be looked at', async t => {
	const clock = fakeClock();
	const place = aPlace();
	const {vantage, outcomes, changes} = start(t, place, {clock});
	const nothing = shellCheck('stun', '127.0.0.1:1', {}, {intervalMs: 1000, timeoutMs: 500});
	await clock.advance(100);

	vantage.assign([nothing]);
	place.mood = lineDown;
	await clock.advance(65_000);

	t.true(outcomes.length > 50);
	t.is(place.rounds, 0);
	t.deepEqual(changes, ['sound', 'gone']);
	t.like(await vantage.run(nothing, 1000), {verdict: 'unknown', reason: 'unsupported'});
	t.is(vantage.state().condition, 'gone');
});

test('checks of the same interval are one script, and their outcomes come in one batch', async t => {
	const server = await serve(t, saying(httpAnswer('200 OK')));
	const closed = await closedPort();
	const shell = localShell();
	const {vantage, outcomes} = start(t, shell);
	await until(() => vantage.state().condition === 'sound');
	const before = shell.scripts.length;

	vantage.assign([
		http(`http://127.0.0.1:${server.port}/`, {intervalMs: 3000, timeoutMs: 2000}),
		http(`http://127.0.0.1:${closed}/`, {intervalMs: 3000, timeoutMs: 2000}),
	]);
	await until(() => outcomes.length >= 2);

	t.is(shell.scripts.length, before + 1);
	t.deepEqual(
		outcomes.slice(0, 2).map(({verdict, reason, kind, late}) => [verdict, reason, kind, late]),
		[
			['up', undefined, 'scheduled', false],
			['down', 'refused', 'scheduled', false],
		],
	);
	t.true((outcomes[0]?.durationMs ?? 0) > 0);
	t.like(vantage.state(), {type: 'ssh', group: 'gpu', runs: {up: 1, down: 1, unknown: 0}});
});

test('without checks it runs nothing but a look whether it could', async t => {
	const shell = localShell();
	const {vantage, changes} = start(t, shell);

	await until(() => vantage.state().condition === 'sound');

	t.is(shell.scripts.length, 1);
	t.deepEqual(changes, ['sound']);
});

for (const [reason, unsupported] of [
	['vantage', undefined],
	['denied', undefined],
	['unsupported', true],
] as const) {
	test(`a way that refuses with ${reason} is gone, and says why`, async t => {
		const shell = moody();
		shell.mood = {kind: 'refused', reason, detail: 'no way in.'};
		const {vantage, outcomes} = start(t, shell);

		await until(() => vantage.state().condition === 'gone');
		const outcome = await vantage.run(http('http://127.0.0.1:1/'), 1000);

		t.like(vantage.state(), {condition: 'gone', detail: 'no way in.'});
		t.is(vantage.state().unsupported, unsupported);
		t.like(outcome, {verdict: 'unknown', reason, detail: 'no way in.', kind: 'adhoc'});
		t.is(outcomes.length, 0);
	});
}

test('a way that comes back is found by itself, and goes on with its checks', async t => {
	const server = await serve(t, saying(httpAnswer('200 OK')));
	const shell = moody();
	const {vantage, outcomes, changes} = start(t, shell);
	await until(() => vantage.state().condition === 'sound');
	vantage.assign([http(`http://127.0.0.1:${server.port}/`)]);
	await until(() => outcomes.some(({verdict}) => verdict === 'up'));
	shell.mood = {kind: 'refused', reason: 'vantage', detail: 'the line is down.'};
	await until(() => vantage.state().condition === 'gone');
	t.like(outcomes.at(-1), {verdict: 'unknown', reason: 'vantage', detail: 'the line is down.'});
	const said = outcomes.length;

	shell.mood = undefined;
	await until(() => outcomes.length > said);

	t.like(outcomes.at(-1), {verdict: 'up'});
	t.deepEqual(changes, ['sound', 'gone', 'sound']);
});

test('a stream that ends early leaves unknown what was not told, and the rest as it is', async t => {
	const server = await serve(t, saying(httpAnswer('200 OK')));
	let cut = 1;
	const shell = localShell({
		change: run =>
			run.kind === 'ran'
				? {...run, status: 0, stdout: run.stdout.subarray(0, Math.floor(run.stdout.length * cut))}
				: run,
	});
	const {vantage} = start(t, shell);
	await until(() => vantage.state().condition === 'sound');
	cut = 0.5;

	const outcome = await vantage.run(http(`http://127.0.0.1:${server.port}/`), 3000);

	t.like(outcome, {verdict: 'unknown', reason: 'incomplete'});
	t.is(vantage.state().condition, 'sound');
});

test('nothing at all from there is no shell', async t => {
	const shell = localShell({
		change: run => ({...run, stdout: Buffer.alloc(0), status: 127, stderr: 'sh: not found'}) as ShellRun,
	});
	const {vantage} = start(t, shell);

	await until(() => vantage.state().condition === 'gone');

	t.like(vantage.state(), {unsupported: true});
	t.regex(vantage.state().detail ?? '', /no shell.*sh: not found/);
});

function tailnetCheck(address: string, options: Record<string, unknown> = {}): Check {
	return http(
		address,
		{timeoutMs: 2000, intervalMs: 3000, target: {name: 'target', address, via: 'tailnet', peer: ''}},
		options,
	);
}

const soundness: [string, Partial<LocalApiServer>, Record<string, unknown>][] = [
	['signed out', {status: recorded('status-needs-login')}, {verdict: 'unknown', reason: 'vantage'}],
	['not answering', {status: 'close'}, {verdict: 'unknown', reason: 'vantage'}],
	['running', {}, {verdict: 'down', reason: 'refused'}],
];

for (const [title, over, wanted] of soundness) {
	test(`a refusal in the tailnet where tailscaled is ${title} is ${Object.values(wanted).join(', ')}`, async t => {
		const local = await startLocalApi(t, over);
		const {vantage} = start(t, localShell(), {tailscaled: local.socket});

		const outcome = await vantage.run(tailnetCheck(`http://127.0.0.1:${await closedPort()}/`), 3000);

		t.like(outcome, wanted);
		t.is(vantage.state().condition, wanted.verdict === 'unknown' ? 'sick' : 'sound');
		if (title === 'running') {
			t.like(vantage.state().facts, {backendState: 'Running', tun: 'true'});
			t.true(vantage.addresses().length > 0);
		}
	});
}

test('an answer proves that the tailnet works, whatever tailscaled says', async t => {
	const server = await serve(t, saying(httpAnswer('500 No')));
	const local = await startLocalApi(t, {status: recorded('status-needs-login')});
	const {vantage} = start(t, localShell(), {tailscaled: local.socket});

	const outcome = await vantage.run(tailnetCheck(`http://127.0.0.1:${server.port}/`), 3000);

	t.like(outcome, {verdict: 'down', reason: 'status'});
});

test('without a tunnel device and a proxy, what answered was another network', async t => {
	const server = await serve(t, saying(httpAnswer('200 OK')));
	const local = await startLocalApi(t, {status: recorded('status-userspace')});
	const {vantage} = start(t, localShell(), {tailscaled: local.socket});

	const outcome = await vantage.run(tailnetCheck(`http://127.0.0.1:${server.port}/`), 3000);

	t.like(outcome, {verdict: 'unknown', reason: 'unsupported'});
	t.regex(outcome.detail ?? '', /--socks5-server/);
});

test('what must be closed and answers is exposed', async t => {
	const server = await serve(t, saying(httpAnswer('200 OK')));
	const {vantage} = start(t, localShell());

	const open = await vantage.run(http(`http://127.0.0.1:${server.port}/`, {expect: 'unreachable'}), 2000);

	t.like(open, {verdict: 'down', reason: 'expected_unreachable'});
});

test('stopping ends what runs, as canceled', async t => {
	const server = await serve(t, {onHead() {}});
	const {vantage} = start(t, localShell());
	const running = vantage.run(http(`http://127.0.0.1:${server.port}/`), 20_000);
	await until(() => server.open.size > 0);

	await vantage.stop();

	t.like(await running, {verdict: 'unknown', reason: 'canceled'});
});

test('checks that differ in interval, timeout or recheck are rounds of their own, and each vantage has its own place in time', t => {
	const one = http('http://127.0.0.1:1/');
	const checks = [
		one,
		{...one, key: 'b'},
		{...one, key: 'c', intervalMs: 900},
		{...one, key: 'd', timeoutMs: 300},
		{...one, key: 'e', recheckMs: 100},
	];

	const rounds = groupShellRounds('here', checks);

	t.deepEqual(
		rounds.map(round => round.checks.length),
		[2, 1, 1, 1],
	);
	t.is(new Set([...rounds, ...groupShellRounds('there', checks)].map(({key}) => key)).size, 8);
	for (const round of rounds) t.true(round.timeoutMs <= round.intervalMs);
});
