import {setImmediate as breathe} from 'node:timers/promises';
import test, {type ExecutionContext} from 'ava';
import type {HeadscaleClient} from '../../src/headscale/client.ts';
import {HeadscaleError} from '../../src/headscale/get.ts';
import {createHeadscalePoller, type Part} from '../../src/headscale/poll.ts';
import type {NodeList, TailnetNode} from '../../src/inventory/types.ts';
import {raceAbort} from '../../src/net/shared.ts';
import {fakeCalendar} from '../helpers/fake-calendar.ts';
import {fakeClock} from '../helpers/fake-clock.ts';

const intervalMs = 15_000;
const restartGraceMs = 60_000;
const minuteMs = 60_000;

/** What every poller needs besides its client. */
function settings(clock = fakeClock()) {
	return {
		intervalMs,
		restartGraceMs,
		clock,
		calendar: fakeCalendar(clock, minuteMs),
		inventorySchedule: '* * * * *',
	};
}

function node(id: number, online: boolean): TailnetNode {
	return {id: String(id), name: `n${id}`, resolvable: true, addresses: [`100.64.0.${id}`], owner: '', tags: [], online};
}

const listOf = (...online: boolean[]): NodeList => ({nodes: online.map((is, at) => node(at + 1, is)), problems: []});
const metricsOf = (startSeconds: number) =>
	`# TYPE process_start_time_seconds gauge\nprocess_start_time_seconds ${startSeconds}\n`;

/** A headscale of long ago whose answers a test can change, with a poller on a clock that stands still. */
function scene(t: ExecutionContext, {clock = fakeClock()} = {}) {
	const answers = {
		health: async (): Promise<boolean> => true,
		nodes: async (): Promise<NodeList> => listOf(true, true, false),
		metrics: async (): Promise<string> => metricsOf(1_600_000_000),
		version: async (): Promise<string | undefined> => 'v0.29.2',
	};
	const calls: Part[] = [];
	const called = <T>(part: Part, answer: () => Promise<T>, signal = new AbortController().signal): Promise<T> => {
		calls.push(part);
		return raceAbort(answer(), signal);
	};
	const client: HeadscaleClient = {
		health: signal => called('health', () => answers.health(), signal),
		nodes: signal => called('nodes', () => answers.nodes(), signal),
		metrics: signal => called('metrics', () => answers.metrics(), signal),
		version: signal => called('version', () => answers.version(), signal),
	};
	const reads: Part[] = [];
	const poller = createHeadscalePoller({...settings(clock), client, onRead: part => reads.push(part)});
	t.teardown(() => poller.stop());
	const count = (part: Part) => calls.filter(call => call === part).length;
	const inGrace = () => (poller.state().graceUntil ?? 0) > clock.wall();
	return {answers, calls, reads, clock, poller, count, inGrace};
}

test('the first reads start at once, all together', async t => {
	const {poller, calls, clock, reads} = scene(t);

	poller.start();

	t.deepEqual(calls, ['health', 'nodes', 'metrics', 'version']);
	await breathe();
	t.deepEqual([...reads].sort(), ['health', 'metrics', 'nodes', 'version']);
	const {health, nodes, metrics, version} = poller.state();
	t.deepEqual(health, {triedAt: clock.wall(), seconds: 0, succeededAt: clock.wall(), value: true});
	t.is(nodes.value?.nodes.length, 3);
	t.is(metrics.value?.text, metricsOf(1_600_000_000));
	t.is(metrics.value?.families.get('process_start_time_seconds')?.samples.length, 1);
	t.is(version.value, 'v0.29.2');
});

test('reads are repeated at every interval, the version rarely', async t => {
	const {poller, clock, count} = scene(t);

	poller.start();
	await breathe();
	await clock.advance(10 * intervalMs);

	t.is(count('health'), 11);
	t.is(count('nodes'), 11);
	t.is(count('metrics'), 11);
	t.is(count('version'), 1);
	await clock.advance(600_000);
	t.is(count('version'), 2);
});

test('a read that hangs delays no other and is not started twice', async t => {
	const {poller, clock, count, answers, reads} = scene(t);
	let answer = (_: NodeList) => {};
	answers.nodes = () =>
		new Promise(resolve => {
			answer = resolve;
		});

	poller.start();
	await breathe();
	await clock.advance(4 * intervalMs);

	t.is(count('nodes'), 1);
	t.is(count('health'), 5);
	t.is(poller.state().nodes.triedAt, undefined);
	answer(listOf(true));
	await breathe();
	t.is(poller.state().nodes.seconds, 60);
	t.true(reads.includes('nodes'));
	await clock.advance(intervalMs);
	t.is(count('nodes'), 2);
});

test('a failure is told in words, and the last value stays with its time', async t => {
	const {poller, clock, answers} = scene(t);

	poller.start();
	await breathe();
	const firstAt = clock.wall();
	answers.nodes = async () => {
		throw new Error('GET /api/v1/node failed\nbadly');
	};
	await clock.advance(intervalMs);

	const {error, succeededAt, triedAt, value} = poller.state().nodes;
	t.is(error, 'GET /api/v1/node failed badly');
	t.is(succeededAt, firstAt);
	t.is(triedAt, firstAt + intervalMs);
	t.is(value?.nodes.length, 3);
	t.is(poller.state().health.error, undefined);
});

test('an error goes away with the next success', async t => {
	const {poller, clock, answers} = scene(t);
	answers.nodes = () => Promise.reject(new Error('x'));

	poller.start();
	await breathe();
	t.is(poller.state().nodes.error, 'x');
	answers.nodes = async () => listOf(true);
	await clock.advance(intervalMs);

	t.false('error' in poller.state().nodes);
});

test('since when a part fails is told until it works again', async t => {
	const {poller, clock, answers} = scene(t);
	poller.start();
	await breathe();

	answers.nodes = () => Promise.reject(new HeadscaleError('x', 'unanswered'));
	await clock.advance(intervalMs);
	const firstFailure = clock.wall();
	await clock.advance(2 * intervalMs);

	t.like(poller.state().nodes, {failingSince: firstFailure, triedAt: clock.wall(), failure: 'unanswered'});
	answers.nodes = async () => listOf(true);
	await clock.advance(intervalMs);
	t.false('failingSince' in poller.state().nodes);
	t.false('failure' in poller.state().nodes);
});

test('metrics that are none are a failure of the metrics alone', async t => {
	const {poller, answers} = scene(t);
	answers.metrics = async () => '<html>\n';

	poller.start();
	await breathe();

	t.regex(poller.state().metrics.error ?? '', /not the Prometheus text format/);
	t.is(poller.state().metrics.value, undefined);
	t.true(poller.state().health.value);
});

test('a version that is not told is a success without value', async t => {
	const {poller, clock, answers, count} = scene(t);
	answers.version = async () => undefined;

	poller.start();
	await breathe();
	await clock.advance(3 * intervalMs);

	t.false('value' in poller.state().version);
	t.is(poller.state().version.error, undefined);
	t.is(count('version'), 1);
});

test('a version that could not be read is tried again', async t => {
	const {poller, clock, answers, count} = scene(t);
	answers.version = () => Promise.reject(new Error('x'));

	poller.start();
	await breathe();
	await clock.advance(3 * intervalMs);

	t.is(count('version'), 4);
});

test('what the client cannot read is not a part', async t => {
	const clock = fakeClock();
	const client = {health: async () => true, version: async () => 'v'};
	const poller = createHeadscalePoller({...settings(clock), client});

	await poller.refresh(AbortSignal.timeout(5000));

	t.deepEqual(poller.parts, ['health', 'version']);
	t.is(poller.state().nodes.triedAt, undefined);
});

test('refresh reads what it is asked for and joins what is in flight', async t => {
	const {poller, count} = scene(t);

	await poller.refresh(AbortSignal.timeout(5000), ['nodes']);

	t.is(count('nodes'), 1);
	t.is(count('health'), 0);
	await Promise.all([poller.refresh(AbortSignal.timeout(5000)), poller.refresh(AbortSignal.timeout(5000))]);
	t.is(count('nodes'), 2);
	t.is(count('health'), 1);
});

test('an impatient refresh ends alone', async t => {
	const {poller, answers} = scene(t);
	answers.nodes = () => new Promise(() => {});
	const controller = new AbortController();

	const refreshing = poller.refresh(controller.signal, ['nodes']);
	controller.abort(new Error('enough'));

	await t.throwsAsync(refreshing, {message: 'enough'});
	t.is(poller.state().nodes.error, undefined);
});

test('stop ends reads in flight, tells nothing more and leaves no timer', async t => {
	const clock = fakeClock();
	const told: Part[] = [];
	const client: HeadscaleClient = {
		health: signal => new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason))),
		version: async () => 'v',
	};
	const poller = createHeadscalePoller({...settings(clock), client, onRead: part => told.push(part)});

	poller.start();
	await breathe();
	await poller.stop();

	t.deepEqual(told, ['version']);
	t.is(poller.state().health.triedAt, undefined);
	t.is(clock.pending(), 0);
});

test('a new poller can go on with what an older one knew', async t => {
	const {poller} = scene(t);
	await poller.refresh(AbortSignal.timeout(5000));
	const client = {health: async () => true, version: async () => 'v'};

	const next = createHeadscalePoller({...settings(), client, initial: poller.state()});

	t.is(next.state().nodes.value?.nodes.length, 3);
});

test('without a restart there is no grace', async t => {
	const {poller, clock, inGrace} = scene(t);

	poller.start();
	await breathe();
	await clock.advance(10 * intervalMs);

	t.false(inGrace());
});

test('a new start time of the process begins the grace, and the version is read again', async t => {
	const {poller, clock, answers, inGrace, count} = scene(t);
	poller.start();
	await breathe();

	const startSeconds = clock.wall() / 1000 + 12;
	answers.metrics = async () => metricsOf(startSeconds);
	await clock.advance(intervalMs);

	t.true(inGrace());
	t.is(poller.state().graceUntil, clock.wall() + restartGraceMs);
	t.is(count('version'), 2);
	await clock.advance(restartGraceMs + 1);
	t.false(inGrace());
});

test('a start time that moves by a second is no restart', async t => {
	const {poller, clock, answers, inGrace} = scene(t);
	poller.start();
	await breathe();

	answers.metrics = async () => metricsOf(1_600_000_001);
	await clock.advance(intervalMs);

	t.false(inGrace());
});

test('a headscale that began just before us is in its grace', async t => {
	const {poller, clock, answers, inGrace} = scene(t);
	answers.metrics = async () => metricsOf(clock.wall() / 1000 - 20);

	await poller.refresh(AbortSignal.timeout(5000));

	t.true(inGrace());
	t.is(poller.state().graceUntil, clock.wall() - 20_000 + restartGraceMs);
});

for (const [part, good] of [
	['health', async () => true],
	['metrics', async () => '# TYPE up gauge\nup 1\n'],
] as const) {
	test(`${part} that comes back after a failure begins the grace, where nothing tells that the process is the same`, async t => {
		const {poller, clock, answers, inGrace} = scene(t);
		Object.assign(answers, {[part]: good});
		poller.start();
		await breathe();

		Object.assign(answers, {[part]: () => Promise.reject(new Error('refused'))});
		await clock.advance(intervalMs);
		t.false(inGrace());
		Object.assign(answers, {[part]: good});
		await clock.advance(intervalMs);

		t.true(inGrace());
	});
}

test('metrics that fail every other time and tell of the same process begin no grace', async t => {
	const {poller, clock, answers} = scene(t);
	const good = answers.metrics;
	poller.start();
	await breathe();

	for (const answer of [() => Promise.reject(new Error('refused')), good, () => Promise.reject(new Error('x')), good]) {
		answers.metrics = answer;
		await clock.advance(intervalMs);
	}

	t.is(poller.state().metrics.error, undefined);
	t.is(poller.state().graceUntil, undefined);
});

test('nodes that come back after a failure begin no grace', async t => {
	const {poller, clock, answers, inGrace} = scene(t);
	answers.nodes = () => Promise.reject(new Error('x'));
	poller.start();
	await breathe();

	answers.nodes = async () => listOf(true, true, false);
	await clock.advance(intervalMs);

	t.false(inGrace());
});

test('every online node going offline at once begins the grace', async t => {
	const {poller, clock, answers, inGrace} = scene(t);
	poller.start();
	await breathe();

	answers.nodes = async () => listOf(false, false, false);
	await clock.advance(intervalMs);

	t.true(inGrace());
	const until = poller.state().graceUntil;
	await clock.advance(2 * intervalMs);
	t.is(poller.state().graceUntil, until);
});

test('one node going offline begins no grace, be it the only one', async t => {
	const {poller, clock, answers, inGrace} = scene(t);
	answers.nodes = async () => listOf(true, false);
	poller.start();
	await breathe();

	answers.nodes = async () => listOf(false, false);
	await clock.advance(intervalMs);
	t.false(inGrace());
});

test('nonsense as start time begins no grace', async t => {
	const {poller, answers, inGrace} = scene(t);
	answers.metrics = async () => '# TYPE process_start_time_seconds gauge\nprocess_start_time_seconds NaN\n';

	await poller.refresh(AbortSignal.timeout(5000));

	t.false(inGrace());
	t.is(poller.state().graceUntil, undefined);
});
