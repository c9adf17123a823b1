import {createServer, type Server} from 'node:http';
import type {AddressInfo} from 'node:net';
import test, {type ExecutionContext} from 'ava';
import type {Check, Outcome} from '../../src/engine/types.ts';
import {type MeasuringThread, startMeasuringThread} from '../../src/vantages/measuring-thread.ts';
import {aCheck} from '../helpers/checks.ts';
import {until} from '../helpers/until.ts';

interface Setting {
	thread: MeasuringThread;
	outcomes: Outcome[];
	deaths: string[];
	bugs: string[];
	/** The vantage's condition at each call of `onAddresses`. */
	conditions: string[];
	check: Check;
}

async function setUp(
	t: ExecutionContext,
	answer: (respond: () => void) => void = respond => respond(),
): Promise<Setting> {
	const server: Server = createServer((_request, response) => answer(() => response.end('ok')));
	await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
	const {port} = server.address() as AddressInfo;
	const outcomes: Outcome[] = [];
	const deaths: string[] = [];
	const bugs: string[] = [];
	const conditions: string[] = [];
	const thread = startMeasuringThread({
		place: {
			vantage: 'cluster',
			tailnet: {prefixes: ['100.64.0.0/10'], dnsServer: '127.0.0.1', overheadObjectiveSeconds: 0.01},
			allowLoopback: true,
		},
		onOutcomes: batch => outcomes.push(...batch),
		onAddresses: () => conditions.push(thread.state().condition),
		onBug: text => bugs.push(text),
		onThreadDeath: why => deaths.push(why),
	});
	t.teardown(async () => {
		await thread.stop();
		server.closeAllConnections();
		server.close();
	});
	const {parseConfig} = await import('../../src/config/load.ts');
	const loaded = parseConfig(
		`checks: [{name: c, prober: http, via: direct, targets: [{name: t, target: "http://127.0.0.1:${port}/"}]}]`,
		'c',
		{allowLoopback: true},
	);
	const options = loaded.ok ? loaded.config.checks[0]?.options : undefined;
	const check = aCheck({
		key: 'c/cluster/t',
		options,
		intervalMs: 500,
		timeoutMs: 400,
		target: {name: 't', address: `http://127.0.0.1:${port}/`, via: 'direct', peer: ''},
	});
	return {thread, outcomes, deaths, bugs, conditions, check};
}

test('assigned checks run on the thread, and their outcomes come back', async t => {
	const {thread, outcomes, check, bugs} = await setUp(t);

	thread.assign([check]);
	await until(() => outcomes.length >= 2);

	t.true(
		outcomes.every(outcome => outcome.verdict === 'up' && outcome.key === check.key && outcome.kind === 'scheduled'),
	);
	t.deepEqual(bugs, []);
});

test('whoever is told that the vantage is known finds it known', async t => {
	const {conditions} = await setUp(t);

	await until(() => conditions.length > 0);

	t.deepEqual(conditions, ['sound']);
});

test('a check that is no longer assigned is run no more', async t => {
	const {thread, outcomes, check} = await setUp(t);
	thread.assign([check]);
	await until(() => outcomes.length > 0);

	thread.assign([]);
	await thread.run(check, 1000);
	await until(() => thread.state().runsInFlight === 0);
	const before = outcomes.length;
	await thread.run(check, 1000);

	t.true(outcomes.length - before <= 1);
});

test('an ad hoc run answers at once and is not among the scheduled outcomes', async t => {
	const {thread, outcomes, check} = await setUp(t);

	const outcome = await thread.run(check, 2000);

	t.like(outcome, {verdict: 'up', kind: 'adhoc'});
	t.deepEqual(outcomes, []);
});

test('when the thread dies its checks are unknown until it was started again, and that is counted', async t => {
	const {thread, outcomes, deaths, check} = await setUp(t);
	const often = Array.from({length: 20}, (_, at) => ({...check, key: `${check.key}-${at}`}));
	thread.assign(often);
	await until(() => outcomes.length > 0);

	await thread.crash();
	await until(() => outcomes.some(outcome => outcome.reason === 'vantage'));
	const down = thread.state();
	await until(() => thread.state().condition === 'sound' && outcomes.at(-1)?.verdict === 'up');

	t.is(down.condition, 'gone');
	t.is(thread.state().threadRestarts, 1);
	t.is(deaths.length, 1);
	t.false(outcomes.some(outcome => outcome.verdict === 'down'));
});

test('stopping in the middle of a hundred runs cancels them: none is down, none is lost, and nothing hangs', async t => {
	const {thread, outcomes, check} = await setUp(t, () => {});
	const many = Array.from({length: 100}, (_, at) => ({
		...check,
		key: `${check.key}-${at}`,
		timeoutMs: 30_000,
		intervalMs: 500,
	}));
	thread.assign(many);
	await until(() => thread.state().runsInFlight >= 100);

	await thread.stop();

	t.is(outcomes.length, 100);
	t.deepEqual(thread.state().runs, {started: 100, up: 0, down: 0, unknown: 100});
	t.true(outcomes.every(outcome => outcome.verdict === 'unknown' && outcome.reason === 'canceled'));
});

test('a run that is lost with its thread counts as unknown, and the sums go on from there', async t => {
	const {thread, outcomes, check} = await setUp(t, () => {});
	const many = Array.from({length: 10}, (_, at) => ({...check, key: `${check.key}-${at}`, timeoutMs: 30_000}));
	thread.assign(many);
	await until(() => thread.state().runs.started === 10);

	await thread.crash();
	await until(() => outcomes.length >= 10);
	const {started, up, down, unknown} = thread.state().runs;

	t.deepEqual([up, down, unknown], [0, 0, started]);
	t.is(started, 10 + outcomes.length);
});

test('an ad hoc run whose caller goes away is canceled, and says why', async t => {
	const {thread, check} = await setUp(t, () => {});
	const gone = new AbortController();
	const run = thread.run({...check, timeoutMs: 60_000}, 60_000, gone.signal);
	await until(() => thread.state().runsInFlight === 1);

	gone.abort();

	t.like(await run, {verdict: 'unknown', kind: 'adhoc', reason: 'canceled'});
	t.regex((await run).detail ?? '', /because its caller went away/);
	t.is((await thread.run(check, 60_000, AbortSignal.abort())).reason, 'canceled');
});

test('an ad hoc run under way when tailprobe ends is canceled, and does not hold the end', async t => {
	const {thread, check} = await setUp(t, () => {});
	const run = thread.run({...check, timeoutMs: 60_000}, 60_000);
	await until(() => thread.state().runsInFlight === 1);

	await thread.stop();

	t.like(await run, {verdict: 'unknown', kind: 'adhoc', reason: 'canceled'});
});
