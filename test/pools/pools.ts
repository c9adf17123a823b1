import test from 'ava';
import type {PoolConfig} from '../../src/config/types.ts';
import type {Verdict} from '../../src/engine/types.ts';
import {createExposition} from '../../src/metrics/exposition.ts';
import {createPools} from '../../src/pools/pools.ts';
import type {PoolInputs} from '../../src/pools/types.ts';
import {verdictOf, viewPool} from '../../src/pools/view.ts';
import type {NodeView} from '../../src/server/types.ts';
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

async function lines({exposition}: ReturnType<typeof start>, pattern: RegExp): Promise<string[]> {
	let text = '';
	for await (const piece of exposition.render()) text += piece;
	return text.split('\n').filter(line => !line.startsWith('#') && pattern.test(line));
}

test('a pool is counted by state, unknown apart from usable', async t => {
	const daemon = start();

	daemon.pools.update(inputs([node('a', 'up'), node('b', 'down'), node('c', 'unknown')]));

	t.deepEqual(await lines(daemon, /pool/), [
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

	t.deepEqual(await lines(daemon, /pool/), ['tailprobe_pool_min{pool="gpus"} 2']);
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
		{name: 'a', state: 'usable' as const, gpus: 4},
		{name: 'b', state: 'unknown' as const, gpus: 2},
		{name: 'c', state: 'unusable' as const, gpus: 1},
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

test('there are enough, too few, or it is not known, whatever the unknown ones turn out to be', t => {
	t.deepEqual(verdictOf({min: 2, usable: 2, unknown: 9}), {verdict: 'enough'});
	t.deepEqual(verdictOf({min: 2, usable: 0, unknown: 1}), {verdict: 'short', says: '0 of at least 2 are usable.'});
	t.deepEqual(verdictOf({min: 2, usable: 1, unknown: 1}), {
		verdict: 'unknown',
		says: '1 of at least 2 are usable, and nobody could look at 1 more.',
	});
});
