import test from 'ava';
import {findShortPool, poolShort} from '../../../src/diagnosis/causes/pool-short.ts';
import type {NamedCause} from '../../../src/diagnosis/types.ts';
import type {PoolView} from '../../../src/pools/types.ts';
import {aLink, aScene, aSceneWithoutCheck, isUp} from '../../helpers/scenes.ts';

const pool: PoolView = {
	name: 'gpus',
	min: 3,
	usable: 1,
	unusable: 1,
	unknown: 0,
	members: [
		{name: 'june-gpu-1', nodeId: '1', state: 'unusable', why: 'its tunnel is down'},
		{name: 'june-gpu-2', nodeId: '2', state: 'usable'},
	],
};

test('a pool that is short is told with its members that cannot be used', t => {
	const found = poolShort.find(aSceneWithoutCheck('cluster', '', {pools: () => [pool]}));

	t.like(found, {effect: 'beside', confidence: 'certain', about: 'pool gpus'});
	t.deepEqual(
		found?.evidence.map(({says}) => says),
		['june-gpu-1: its tunnel is down.'],
	);
	t.is(found?.next[0].run, 'tailprobe diagnose june-gpu-1');
});

test('it says which machines are missing, and why where that is known', t => {
	const world = aSceneWithoutCheck('cluster', '', {pools: () => [pool]}).world;
	const stopped = {about: 'node june-gpu-1', title: 'The node went silent'} as NamedCause;

	t.regex(findShortPool(world, pool).says, /Missing: june-gpu-1\.$/);
	t.regex(findShortPool(world, pool, [stopped]).says, /Missing: june-gpu-1 \(because of: The node went silent\)\.$/);
});

test('one without any machine says so, and where to look', t => {
	const found = poolShort.find(
		aSceneWithoutCheck('cluster', '', {pools: () => [{...pool, usable: 0, unusable: 0, members: []}]}),
	);

	t.regex(found?.evidence[0]?.says ?? '', /No machine belongs to it/);
	t.regex(found?.next[0].run ?? '', /kubectl get pods/);
});

test('one that has enough, or may have, is not short, and no link is asked', t => {
	t.is(poolShort.find(aSceneWithoutCheck('cluster', '', {pools: () => [{...pool, unknown: 2}]})), undefined);
	t.is(poolShort.find(aScene([isUp(aLink())], {pools: () => [pool]})), undefined);
});
