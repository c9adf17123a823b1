import test from 'ava';
import {ownSeriesAtMost, vastCollector} from '../../src/collectors/vast.ts';
import type {JoinedInstance, VastJoin} from '../../src/vast/join.ts';
import {viewVast} from '../../src/vast/view.ts';
import {checkRows, collect} from '../helpers/samples.ts';

function joined(id: string, over: Partial<JoinedInstance> = {}): JoinedInstance {
	return {instance: {id, label: '', status: 'running'}, reach: 'reachable', paid: true, ...over};
}

function aJoin(over: Partial<VastJoin> = {}): VastJoin {
	return {
		instances: [],
		podsWithoutInstance: [],
		mismatches: new Map(),
		prices: new Map([['reachable', 0]]),
		unpriced: 0,
		complete: true,
		...over,
	};
}

test('its rows keep to the rules', t => {
	checkRows(t, vastCollector);
});

test('nothing is told while nothing is known', t => {
	t.deepEqual(collect(t, vastCollector, undefined, 0), []);
});

test('an instance that is paid for and never joined shows what it costs, and since when', t => {
	const lines = collect(
		t,
		vastCollector,
		aJoin({
			instances: [
				joined('77', {
					instance: {
						id: '77',
						label: 'x',
						status: 'running',
						machineId: '5',
						gpuModel: 'RTX 4090',
						gpus: 2,
						pricePerHour: 0.5,
						startMs: 1000,
						endMs: 9000,
						reliabilityRatio: 0.99,
						gpuUtilizationRatio: 0.1,
						gpuTemperatureCelsius: 40,
					},
					reach: 'never_joined',
					unreachableSince: 2000,
					withoutPod: true,
				}),
			],
			prices: new Map([
				['reachable', 0],
				['never_joined', 0.5],
			]),
			mismatches: new Map([['never_joined', 1]]),
			unpriced: 0,
		}),
		0,
	).filter(line => !/_instances\{status="(?!running)/.test(line));

	t.deepEqual(lines, [
		'tailprobe_vast_instance_end_timestamp_seconds{vast_instance="77"} 9',
		'tailprobe_vast_instance_gpu_temperature_celsius{vast_instance="77"} 40',
		'tailprobe_vast_instance_gpu_utilization_ratio{vast_instance="77"} 0.1',
		'tailprobe_vast_instance_info{vast_instance="77",gpu_model="RTX 4090",gpus="2",machine="5",peer=""} 1',
		'tailprobe_vast_instance_mismatch{vast_instance="77",kind="instance_without_pod"} 1',
		'tailprobe_vast_instance_mismatch{vast_instance="77",kind="never_joined"} 1',
		'tailprobe_vast_instance_price_dollars_per_hour{vast_instance="77"} 0.5',
		'tailprobe_vast_instance_reliability_ratio{vast_instance="77"} 0.99',
		'tailprobe_vast_instance_start_timestamp_seconds{vast_instance="77"} 1',
		'tailprobe_vast_instance_unreachable_since_timestamp_seconds{vast_instance="77"} 2',
		'tailprobe_vast_instances_without_price 0',
		'tailprobe_vast_instances_without_series 0',
		'tailprobe_vast_instances{status="running"} 1',
		'tailprobe_vast_list_complete 1',
		'tailprobe_vast_mismatches{kind="never_joined"} 1',
		'tailprobe_vast_price_dollars_per_hour{reach="never_joined"} 0.5',
		'tailprobe_vast_price_dollars_per_hour{reach="reachable"} 0',
	]);
});

test('what is not told about an instance is absent', t => {
	const lines = collect(t, vastCollector, aJoin({instances: [joined('1')]}), 0).filter(line =>
		line.includes('vast_instance="1"'),
	);

	t.deepEqual(lines, ['tailprobe_vast_instance_info{vast_instance="1",gpu_model="",gpus="",machine="",peer=""} 1']);
});

test('of ten thousand instances those in trouble have series of their own, and the rest is counted', t => {
	const instances = Array.from({length: 10_000}, (_, at) => joined(String(at + 1)));
	const bad = joined('99999', {reach: 'offline', unreachableSince: 1, node: {name: 'june-gpu-x', by: 'name'}});

	const lines = collect(t, vastCollector, aJoin({instances: [...instances, bad]}), 0);

	t.is(lines.filter(line => line.includes('instance_info')).length, ownSeriesAtMost);
	t.true(lines.some(line => line.includes('vast_instance="99999"') && line.includes('peer="june-gpu-x"')));
	t.true(lines.includes(`tailprobe_vast_instances_without_series ${10_001 - ownSeriesAtMost}`));
	t.true(lines.includes('tailprobe_vast_instances{status="running"} 10001'));
});

test('the view sums prices, tells trouble in a sentence, and is bounded', t => {
	const view = viewVast(
		aJoin({
			instances: [
				...Array.from({length: 300}, (_, at) => joined(String(at + 1))),
				joined('999', {reach: 'left', unreachableSince: 5, withoutPod: true, timeLeftMs: 60_000}),
			],
			prices: new Map([
				['reachable', 1],
				['left', 0.25],
				['offline', 0.5],
				['unknown', 2],
			]),
			mismatches: new Map([['left', 1]]),
			podsWithoutInstance: [{namespace: 'june-services', name: 'a'}],
		}),
	);

	t.like(view, {
		count: 301,
		complete: true,
		pricePerHour: 3.75,
		unreachablePricePerHour: 0.75,
		unknownPricePerHour: 2,
		mismatches: {left: 1},
	});
	t.deepEqual(view.podsWithoutInstance, ['june-services/a']);
	t.is(view.instances.length, 100);
	t.like(view.instances[0], {id: '999', reach: 'left', timeLeftMs: 60_000, withoutPod: true});
	t.regex(
		view.instances[0]?.trouble ?? '',
		/^It is paid for, and its node has left the tailnet: .*\. No pod stands for it: .*\.$/,
	);
	t.false('trouble' in (view.instances[1] ?? {}));
});
