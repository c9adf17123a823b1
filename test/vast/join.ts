import test from 'ava';
import {type Reach, type Remembered, remember} from '../../src/vast/join.ts';
import {
	anInstance as instance,
	joinScene as join,
	minute,
	aTieNode as node,
	nowMs,
	type VastScene as Scene,
	type TunnelVerdict as Verdict,
} from '../helpers/vast-scene.ts';

const reachesOf = (result: ReturnType<typeof join>) =>
	Object.fromEntries(result.instances.map(({instance: {id}, reach}) => [id, reach]));
const nodesOf = (result: ReturnType<typeof join>) =>
	Object.fromEntries(
		result.instances.flatMap(({instance: {id}, node: tied}) => (tied ? [[id, `${tied.name} by ${tied.by}`]] : [])),
	);

test('an instance is the node that has its label or its id as a name, whatever else there is', t => {
	const result = join({
		instances: [instance(27_711_234), instance(2, {label: 'june-gpu-Blue'}), instance(312, {label: 'a*b'})],
		nodes: [
			node('june-gpu-27711234', 'up'),
			node('june-gpu-blue', 'down'),
			node('june-gpu-0312', 'up'),
			node('livekit', 'up'),
		],
		rules: {nodes: undefined},
	});

	t.deepEqual(nodesOf(result), {27711234: 'june-gpu-27711234 by name', 2: 'june-gpu-blue by name'});
	t.deepEqual(reachesOf(result), {27711234: 'reachable', 2: 'offline', 312: 'unknown'});
});

test('a node that MagicDNS gave another name is found by what it calls itself, and of several the one that lives', t => {
	const result = join({
		instances: [instance(77)],
		nodes: [
			node('june-gpu-77', 'down', {online: false, hostname: 'june-gpu-77'}),
			node('june-gpu-77-x2k9', 'up', {hostname: 'june-gpu-77', createdMs: nowMs}),
		],
	});

	t.deepEqual(nodesOf(result), {77: 'june-gpu-77-x2k9 by name'});
	t.deepEqual(reachesOf(result), {77: 'reachable'});
});

test('that a node lives is not believed of another machine', t => {
	const stale = node('june-gpu-77', 'down', {online: false, hostname: 'june-gpu-77', createdMs: nowMs});
	const result = join({
		instances: [instance(77)],
		nodes: [
			{...stale, tunnels: [...stale.tunnels, {vantage: 'june-gpu-9', verdict: 'up'}]},
			node('june-gpu-77-x2k9', 'up', {hostname: 'june-gpu-77', createdMs: nowMs - minute}),
		],
		rules: {nodeBy: ['june-gpu-{id}*']},
	});

	t.deepEqual(nodesOf(result), {77: 'june-gpu-77-x2k9 by name'});
});

test('an instance is the node whose tunnel ends at its public address, unless others share that', t => {
	const at = (publicAddress: string) => ({publicAddress});
	const result = join({
		instances: [instance(1, at('203.0.113.1')), instance(2, at('203.0.113.2')), instance(3, at('203.0.113.2'))],
		nodes: [node('june-gpu-aa', 'up', {}, ['203.0.113.1', '10.0.0.1']), node('june-gpu-bb', 'up', {}, ['203.0.113.2'])],
		rules: {nodes: undefined},
	});

	t.deepEqual(nodesOf(result), {1: 'june-gpu-aa by address'});
});

test('where names tell nothing, times do: a record is not older than the machine that made it', t => {
	const early = instance(1, {startMs: nowMs - 120 * minute});
	const late = instance(2, {startMs: nowMs - 30 * minute});

	const both = join({
		instances: [early, late],
		nodes: [
			node('june-gpu-aa', 'up', {createdMs: nowMs - 110 * minute}),
			node('june-gpu-bb', 'up', {createdMs: nowMs - 20 * minute}),
		],
	});
	t.deepEqual(nodesOf(both), {1: 'june-gpu-aa by time', 2: 'june-gpu-bb by time'});

	const one = join({instances: [early, late], nodes: [node('june-gpu-aa', 'up', {createdMs: nowMs - 110 * minute})]});
	t.deepEqual(reachesOf(one), {1: 'reachable', 2: 'never_joined'});
	t.is(one.mismatches.get('never_joined'), 1);
});

test('where it cannot be told which of two has joined, neither is blamed, and one is counted', t => {
	const result = join({
		instances: [instance(1), instance(2)],
		nodes: [node('june-gpu-aa', 'up', {createdMs: nowMs - 5 * minute})],
	});

	t.deepEqual(reachesOf(result), {1: 'unknown', 2: 'unknown'});
	t.is(result.mismatches.get('never_joined'), 1);
	t.deepEqual([result.prices.get('unknown'), result.prices.get('never_joined')], [1, 0]);
});

test('a node of the cluster is never taken for an instance', t => {
	const result = join({instances: [instance(1)], nodes: [node('june-orchestrator', 'up', {createdMs: nowMs})]});

	t.deepEqual(reachesOf(result), {1: 'never_joined'});
});

test('how it was tied at the last look stands, also when a relay hides its address or one more node comes', t => {
	const tied: Remembered = {paidSeenMs: 0, paidSinceMs: 0, node: {name: 'june-gpu-aa', by: 'address'}};
	const result = join({
		instances: [instance(1, {publicAddress: '203.0.113.1'})],
		nodes: [node('june-gpu-aa', 'up'), node('june-gpu-bb', 'up')],
		memory: new Map([['1', tied]]),
	});

	t.deepEqual(nodesOf(result), {1: 'june-gpu-aa by address'});
});

const reach = test.macro({
	exec(t, scene: Scene, expected: Reach) {
		t.is(reachesOf(join(scene))[scene.instances[0]?.id ?? ''], expected);
	},
	title: (title = '') => title,
});
const named = (id: number) => ({instances: [instance(id)], rules: {nodes: undefined}});

test('a tunnel that is up: reachable', reach, {...named(7), nodes: [node('june-gpu-7', 'up')]}, 'reachable');
test('a tunnel that is down: offline', reach, {...named(7), nodes: [node('june-gpu-7', 'down')]}, 'offline');
test(
	'nobody could look at its tunnel: unknown',
	reach,
	{...named(7), nodes: [node('june-gpu-7', 'unknown')]},
	'unknown',
);
test('no check of its tunnel: unknown', reach, {...named(7), nodes: [node('june-gpu-7', undefined)]}, 'unknown');
test(
	'only tunnels of local vantages count',
	reach,
	{...named(7), nodes: [{...node('june-gpu-7', 'down'), tunnels: [{vantage: 'gpu-2', verdict: 'up'}]}]},
	'unknown',
);
test(
	'a running one that is not there, within the grace: joining',
	reach,
	{instances: [instance(7)], seenForMs: 9 * minute},
	'joining',
);
test(
	'the same after the grace: never joined',
	reach,
	{instances: [instance(7)], seenForMs: 10 * minute},
	'never_joined',
);
test(
	'seen for the first time it is joining, however old it is',
	reach,
	{instances: [instance(7)], memory: new Map()},
	'joining',
);
test(
	'while headscale is silent nothing is told of a node that is not there',
	reach,
	{instances: [instance(7)], nodesAreFresh: false},
	'unknown',
);
test(
	'its tunnel is told also while headscale is silent',
	reach,
	{...named(7), nodes: [node('june-gpu-7', 'up')], nodesAreFresh: false},
	'reachable',
);
test('without a selector of nodes nobody is missing', reach, named(7), 'unknown');
test('one that is loading is not expected anywhere', reach, {instances: [instance(7, {status: 'loading'})]}, 'idle');
test(
	'one that has exited and is paid for is expected',
	reach,
	{instances: [instance(7, {status: 'exited'})]},
	'never_joined',
);
test(
	'one whose node is gone has left',
	reach,
	{
		instances: [instance(7)],
		memory: new Map([
			['7', {paidSeenMs: nowMs - minute, paidSinceMs: nowMs, node: {name: 'june-gpu-7', by: 'name'} as const}],
		]),
	},
	'left',
);

test('prices are summed by reach over what is paid for; what has no price is counted', t => {
	const {prices, unpriced} = join({
		instances: [
			instance(1, {pricePerHour: 0.25}),
			instance(2, {pricePerHour: 0.5}),
			instance(3, {pricePerHour: 4, status: 'stopped'}),
			(({pricePerHour: _, ...rest}) => rest)(instance(4)),
		],
		nodes: [node('june-gpu-1', 'up'), node('june-gpu-2', 'down'), node('june-gpu-4', 'up')],
	});

	t.deepEqual(Object.fromEntries(prices), {
		reachable: 0.25,
		joining: 0,
		never_joined: 0,
		left: 0,
		offline: 0.5,
		unknown: 0,
	});
	t.is(unpriced, 1);
});

test('time left is until the end of the offer, and never negative', t => {
	const {instances} = join({
		instances: [instance(1, {endMs: nowMs + minute}), instance(2, {endMs: nowMs - minute}), instance(3)],
	});

	t.deepEqual(
		instances.map(({timeLeftMs}) => timeLeftMs),
		[minute, 0, undefined],
	);
});

test('while headscale is silent it is not told how many are missing, but who is offline is', t => {
	const {mismatches} = join({
		instances: [instance(1), instance(2)],
		nodes: [node('june-gpu-1', 'down')],
		nodesAreFresh: false,
	});

	t.deepEqual(Object.fromEntries(mismatches), {offline: 1});
});

test('since when it cannot be reached is remembered, through not knowing, until it can', t => {
	const scene = (verdict: Verdict) => ({...named(7), nodes: [node('june-gpu-7', verdict)]});
	let memory: ReadonlyMap<string, Remembered> = new Map();
	const since = (verdict: Verdict, atMs: number) => {
		const result = join({...scene(verdict), memory, nowMs: atMs});
		memory = remember(memory, result, atMs, false);
		return result.instances[0]?.unreachableSince;
	};

	t.is(since('up', nowMs), undefined);
	t.is(since('down', nowMs + 1), nowMs + 1);
	t.is(since('unknown', nowMs + 2), undefined);
	t.is(since('down', nowMs + 3), nowMs + 1);
	t.is(since('up', nowMs + 4), undefined);
	t.is(since('down', nowMs + 5), nowMs + 5);
});

test('one that never joined is told since when it runs: since its start where it ran at our first look', t => {
	const atFirst = remember(new Map(), join({instances: [instance(7)]}), nowMs, true);
	const later = remember(new Map(), join({instances: [instance(7)]}), nowMs, false);

	t.is(atFirst.get('7')?.paidSinceMs, nowMs - 60 * minute);
	t.is(later.get('7')?.paidSinceMs, nowMs);
	t.is(atFirst.get('7')?.paidSeenMs, nowMs);
	t.is(
		join({instances: [instance(7)], memory: atFirst, nowMs: nowMs + 11 * minute}).instances[0]?.unreachableSince,
		nowMs - 60 * minute,
	);
});

test('what is gone or not paid for is forgotten', t => {
	const before = new Map([
		['1', {paidSeenMs: 0, paidSinceMs: 0}],
		['2', {paidSeenMs: 0, paidSinceMs: 0}],
	]);

	t.is(remember(before, join({instances: [instance(1, {status: 'stopped'})]}), nowMs, false).size, 0);
});

test('ten times as many instances and nodes are ten times the work to join, not a hundred times', t => {
	/** How often the name of a node is looked at. */
	const workOf = (count: number) => {
		let looks = 0;
		const instances = Array.from({length: count}, (_, at) => instance(27_000_000 + at));
		const nodes = instances.map(({id}) => {
			const view = node(`june-gpu-${id}`, 'up');
			const {name} = view.node;
			const look = () => {
				looks++;
				return name;
			};
			Object.defineProperty(view.node, 'name', {get: look});
			return view;
		});
		const result = join({instances, nodes});
		t.true(result.instances.every(({reach: each}) => each === 'reachable'));
		return looks;
	};

	const [few, many] = [workOf(100), workOf(1000)];

	t.true(many < 20 * few, `${few} looks for 100 of each, ${many} for 1000`);
});
