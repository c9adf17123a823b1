import test from 'ava';
import {poolCollector, poolRows} from '../../src/collectors/pools.ts';
import {checkRows, collect} from '../helpers/samples.ts';

test('its rows keep to the rules', t => {
	checkRows(t, {...poolCollector, metrics: poolRows});
});

test('a pool of which nothing is known has its minimum, others their members too', t => {
	const views = [{name: 'gpus', min: 1, usable: 2, unusable: 0, unknown: 1, gpusUsable: 3, members: []}];

	const lines = collect(
		t,
		poolCollector,
		{
			pools: [
				{name: 'gpus', min: 1},
				{name: 'more', min: 4},
			],
			views,
		},
		0,
	);

	t.deepEqual(lines, [
		'tailprobe_pool_gpus_usable{pool="gpus"} 3',
		'tailprobe_pool_members{pool="gpus",state="unknown"} 1',
		'tailprobe_pool_members{pool="gpus",state="unusable"} 0',
		'tailprobe_pool_members{pool="gpus",state="usable"} 2',
		'tailprobe_pool_min{pool="gpus"} 1',
		'tailprobe_pool_min{pool="more"} 4',
		'tailprobe_pool_usable{pool="gpus"} 2',
	]);
});

test('members are told by their node, each in one state; those without a node are only counted', t => {
	const members = [
		{name: 'june-gpu-2', nodeId: '2', state: 'unusable', why: 'The tunnel to it is down.'},
		{name: 'vast-7', instanceId: '7', state: 'unusable'},
		{name: 'june-gpu-1', nodeId: '1', state: 'usable'},
	] as const;
	const views = [{name: 'gpus', min: 1, usable: 1, unusable: 2, unknown: 0, members}];

	const lines = collect(t, poolCollector, {pools: [], views}, 0).filter(line => line.includes('member_state'));

	t.deepEqual(lines, [
		'tailprobe_pool_member_state{pool="gpus",peer="june-gpu-1",state="unknown"} 0',
		'tailprobe_pool_member_state{pool="gpus",peer="june-gpu-1",state="unusable"} 0',
		'tailprobe_pool_member_state{pool="gpus",peer="june-gpu-1",state="usable"} 1',
		'tailprobe_pool_member_state{pool="gpus",peer="june-gpu-2",state="unknown"} 0',
		'tailprobe_pool_member_state{pool="gpus",peer="june-gpu-2",state="unusable"} 1',
		'tailprobe_pool_member_state{pool="gpus",peer="june-gpu-2",state="usable"} 0',
	]);
});
