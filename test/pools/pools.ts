import test from 'ava';
import type {PoolConfig} from '../../src/config/types.ts';
import type {Verdict} from '../../src/engine/types.ts';
import {createExposition} from '../../src/metrics/exposition.ts';
import {createPools} from '../../src/pools/pools.ts';
import type {PoolCheck, PoolInputs} from '../../src/pools/types.ts';
import {verdictOf, viewPool} from '../../src/pools/view.ts';
import type {NodeView} from '../../src/server/types.ts';
import {aCheck, anOutcome} from '../helpers/checks.ts';
import {fakeClock} from '../helpers/fake-clock.ts';
import {aNode} from '../helpers/fake-daemon.ts';

const pool: PoolConfig = {name: 'gpus', match: {kind: 'nodes', selector: {name: 'june-gpu-*'}}, min: 2};

function start(pools: readonly PoolConfig[] = [pool]) {
	const exposition = createExposition();
	const clock = fakeClock();
	return {exposition, clock, pools: createPools({exposition, clock, pools})};
}

function inputs(nodes: readonly NodeView[], over: Partial<PoolInputs> = {}): PoolInputs {
	return {nodes, nodesAreFresh: true, checks: [], localVantages: new Set(['local']), vast: undefined, ...over};
}

function node(id: string, verdict: Verdict, createdMs = 0): NodeView {
	return {node: aNode({id, name: `june-gpu-${id}`, createdMs}), tunnels: [{vantage: 'local', verdict}]};
}

function gpuCheck(vantage: string, verdict: Verdict): PoolCheck {
	const reading = {ok: verdict === 'up', values: {gpus_visible: 4}, facts: {}};
	const target = {name: 'self', address: 'self', via: 'direct' as const, peer: ''};
	const check = aCheck({key: `gpu/${vantage}`, name: 'gpu', type: 'gpu', vantage, target});
	return {check, verdict, ran: true, last: anOutcome({verdict, reading})};
}

async function lines({exposition}: ReturnType<typeof start>, pattern: RegExp): Promise<string[]> {
	let text = '';
	for await (const piece of exposition.render()) text += piece;
	return text.split('\n').filter(line => !line.startsWith('#') && pattern.test(line));
}

test('a pool is counted by state, unknown apart from usable', async t => {
	const daemon = start();

	daemon.pools.update(inputs([node('a', 'up'), node('b', 'down'), node('c', 'unknown')]));

	t.deepEqual(await lines(daemon, /pool_(?!time|member_)/), [
		'tailprobe_pool_members{pool="gpus",state="usable"} 1',
		'tailprobe_pool_members{pool="gpus",state="unusable"} 1',
		'tailprobe_pool_members{pool="gpus",state="unknown"} 1',
		'tailprobe_pool_usable{pool="gpus"} 1',
		'tailprobe_pool_min{pool="gpus"} 2',
	]);
});

test('before the nodes were ever read a pool has a minimum and no members, not zero of them', async t => {
	const daemon = start();

	daemon.pools.update(inputs([], {nodesAreFresh: false}));

	t.deepEqual(await lines(daemon, /pool_(?!time)/), ['tailprobe_pool_min{pool="gpus"} 2']);
	t.deepEqual(daemon.pools.view(), []);
});

test('a pool that is really empty has zero of them', async t => {
	const daemon = start();

	daemon.pools.update(inputs([]));

	t.deepEqual(await lines(daemon, /usable"|pool_usable/), [
		'tailprobe_pool_members{pool="gpus",state="usable"} 0',
		'tailprobe_pool_members{pool="gpus",state="unusable"} 0',
		'tailprobe_pool_usable{pool="gpus"} 0',
	]);
});

test('while headscale is silent the members that were known are judged on, by their tunnels', t => {
	const daemon = start();

	daemon.pools.update(inputs([node('a', 'up')], {nodesAreFresh: false}));

	t.like(daemon.pools.view()[0], {usable: 1, unusable: 0, unknown: 0});
});

test('a machine that comes is observed once in the histogram', async t => {
	const daemon = start();
	daemon.pools.update(inputs([]));
	await daemon.clock.advance(100_000);
	const created = daemon.clock.wall() - 5000;
	daemon.pools.update(inputs([node('a', 'unknown', created)]));
	await daemon.clock.advance(95_000);

	for (let times = 0; times < 3; times++) daemon.pools.update(inputs([node('a', 'up', created)]));

	t.deepEqual(await lines(daemon, /serving_seconds_(sum|count)|serving.*le="(90|120)"/), [
		'tailprobe_pool_time_to_serving_seconds_bucket{pool="gpus",le="90"} 0',
		'tailprobe_pool_time_to_serving_seconds_bucket{pool="gpus",le="120"} 1',
		'tailprobe_pool_time_to_serving_seconds_sum{pool="gpus"} 100',
		'tailprobe_pool_time_to_serving_seconds_count{pool="gpus"} 1',
	]);
	t.deepEqual(await lines(daemon, /to_joined/), []);
});

test('a reload takes series of pools that are gone along, and keeps those of others', async t => {
	const daemon = start([pool, {...pool, name: 'others'}]);
	daemon.pools.update(inputs([]));
	await daemon.clock.advance(10_000);
	daemon.pools.update(inputs([node('a', 'up', daemon.clock.wall())]));
	t.is((await lines(daemon, /serving_seconds_count/)).length, 2);

	daemon.pools.configure([{...pool, min: 5}]);

	t.deepEqual(await lines(daemon, /others/), []);
	t.deepEqual(await lines(daemon, /pool_min|serving_seconds_count/), [
		'tailprobe_pool_time_to_serving_seconds_count{pool="gpus"} 1',
		'tailprobe_pool_min{pool="gpus"} 5',
	]);
	t.like(daemon.pools.view(), [{name: 'gpus', min: 5, usable: 1}]);
});

test('while vast.ai is silent its members are judged by the nodes that they had', t => {
	const daemon = start([{...pool, match: {kind: 'vast'}}]);
	const vast = {
		instances: [
			{
				instance: {id: '1', label: '', status: 'running' as const},
				reach: 'reachable' as const,
				paid: true,
				node: {name: 'june-gpu-a', by: 'name' as const},
			},
		],
		podsWithoutInstance: [],
		mismatches: new Map(),
		prices: new Map(),
		unpriced: 0,
		complete: true,
	};
	daemon.pools.update(inputs([node('a', 'up')], {vast}));

	daemon.pools.update(inputs([node('a', 'down')]));

	t.like(daemon.pools.view()[0], {usable: 0, unusable: 1});
});

test('a view lists those in trouble first, bounded, and sums the GPUs of the usable', t => {
	const members = [
		{name: 'a', state: 'usable' as const, hasGpuLook: true as const, gpus: 4},
		{name: 'b', state: 'unknown' as const, hasGpuLook: true as const, gpus: 2},
		{name: 'c', state: 'unusable' as const, hasGpuLook: true as const, gpus: 1},
		...Array.from({length: 300}, (_, at) => ({name: `z${at}`, state: 'usable' as const})),
	];

	const view = viewPool(pool, members);

	t.is(view.gpusUsable, 4);
	t.is(view.usable, 301);
	t.deepEqual(
		view.members.slice(0, 3).map(({name}) => name),
		['c', 'b', 'a'],
	);
	t.is(view.members.length, 200);
	t.false('gpusUsable' in viewPool(pool, members.slice(3)));
});

test('usable GPUs are none, not absent, while something looks at GPUs and finds every one down or cannot look', async t => {
	const daemon = start();
	const nodes = [node('a', 'up'), node('b', 'down')];
	const told = async (a: Verdict, b: Verdict) => {
		daemon.pools.update(inputs(nodes, {checks: [gpuCheck('june-gpu-a', a), gpuCheck('june-gpu-b', b)]}));
		return lines(daemon, /gpus_usable/);
	};

	t.deepEqual(await told('up', 'down'), ['tailprobe_pool_gpus_usable{pool="gpus"} 4']);
	t.deepEqual(await told('down', 'down'), ['tailprobe_pool_gpus_usable{pool="gpus"} 0']);
	t.deepEqual(await told('unknown', 'unknown'), ['tailprobe_pool_gpus_usable{pool="gpus"} 0']);
});

test('usable GPUs are absent where no check looks at any, and none where they are wanted and no machine is left', t => {
	const gpusOf = (config: PoolConfig, nodes: readonly NodeView[], checks: readonly PoolCheck[] = []) => {
		const daemon = start([config]);
		daemon.pools.update(inputs(nodes, {checks}));
		return daemon.pools.view()[0]?.gpusUsable;
	};

	t.is(gpusOf(pool, [node('a', 'up')]), undefined);
	t.is(gpusOf({...pool, gpu: false}, [node('a', 'up')], [gpuCheck('june-gpu-a', 'up')]), undefined);
	t.is(gpusOf({...pool, gpu: true}, []), 0);
});

test('a pool has its histograms from the beginning: the first machine must not be taken for the beginning', async t => {
	const counts = /time_to_\w+_seconds_(sum|count)|le="30"/;
	const without = start();
	without.pools.update(inputs([]));
	const daemon = start([]);
	daemon.pools.configure([pool]);
	daemon.pools.update(inputs([], {hasVast: true}));

	const serving = [
		'tailprobe_pool_time_to_serving_seconds_bucket{pool="gpus",le="30"} 0',
		'tailprobe_pool_time_to_serving_seconds_sum{pool="gpus"} 0',
		'tailprobe_pool_time_to_serving_seconds_count{pool="gpus"} 0',
	];
	t.deepEqual(await lines(without, counts), serving);
	t.deepEqual(await lines(daemon, counts), [
		'tailprobe_pool_time_to_joined_seconds_bucket{pool="gpus",le="30"} 0',
		'tailprobe_pool_time_to_joined_seconds_sum{pool="gpus"} 0',
		'tailprobe_pool_time_to_joined_seconds_count{pool="gpus"} 0',
		...serving,
	]);
	t.deepEqual(await lines(start(), counts), serving);
});

test('there are enough, too few, or it is not known, whatever the unknown ones turn out to be', t => {
	t.deepEqual(verdictOf({min: 2, usable: 2, unknown: 9}), {verdict: 'enough'});
	t.deepEqual(verdictOf({min: 2, usable: 0, unknown: 1}), {verdict: 'short', says: '0 of at least 2 are usable.'});
	t.deepEqual(verdictOf({min: 2, usable: 1, unknown: 1}), {
		verdict: 'unknown',
		says: '1 of at least 2 are usable, and nobody could look at 1 more.',
	});
});
