/** Instances rented at vast.ai: how many, what they cost, and what of that nobody can reach. */

import type {MetricDef, Sample} from '../metrics/types.ts';
import {type JoinedInstance, mismatchKinds, type VastJoin} from '../vast/join.ts';
import {instanceStatuses} from '../vast/types.ts';
import type {Collector} from './types.ts';

/** So many instances have series of their own, the ones in trouble first. */
export const ownSeriesAtMost = 200;

const own = ['vast_instance'] as const;

export const vastMetrics = {
	instances: {
		name: 'tailprobe_vast_instances',
		type: 'gauge',
		help: 'Instances by what vast.ai says of their container; `provisioning` while it says nothing, `unknown` where the host is silent, `other` for a word that is not known here.',
		labels: ['status'],
	},
	complete: {
		name: 'tailprobe_vast_list_complete',
		type: 'gauge',
		help: '1 if all instances were read, 0 if there are more than `max_instances` or entries that cannot be used.',
		labels: [],
	},
	withoutSeries: {
		name: 'tailprobe_vast_instances_without_series',
		type: 'gauge',
		help: `Instances beyond the ${ownSeriesAtMost} that have series of their own; sums count all.`,
		labels: [],
	},
	price: {
		name: 'tailprobe_vast_price_dollars_per_hour',
		type: 'gauge',
		help: 'Price of the instances whose GPUs are paid for, by whether they can be reached: reachable (a tunnel is up), joining (within the grace), never_joined, left (the node is gone), offline (the tunnel is down), unknown; the sum is the whole price.',
		labels: ['reach'],
	},
	unpriced: {
		name: 'tailprobe_vast_instances_without_price',
		type: 'gauge',
		help: 'Instances that are paid for and whose price vast.ai does not tell: they are missing in the price.',
		labels: [],
	},
	mismatches: {
		name: 'tailprobe_vast_mismatches',
		type: 'gauge',
		help: 'What does not fit together, by kind, also where it cannot be told which; absent while a source that is needed for it is stale or not configured.',
		labels: ['kind'],
	},
	mismatch: {
		name: 'tailprobe_vast_instance_mismatch',
		type: 'gauge',
		help: '1 while something about the instance does not fit, by kind; otherwise absent.',
		labels: [...own, 'kind'],
	},
	info: {
		name: 'tailprobe_vast_instance_info',
		type: 'gauge',
		help: 'Facts about an instance. peer: its node in the tailnet, empty where none is found.',
		labels: [...own, 'gpu_model', 'gpus', 'machine', 'peer'],
	},
	instancePrice: {
		name: 'tailprobe_vast_instance_price_dollars_per_hour',
		type: 'gauge',
		help: 'What the instance costs while it runs.',
		labels: own,
	},
	start: {
		name: 'tailprobe_vast_instance_start_timestamp_seconds',
		type: 'gauge',
		help: 'When the instance was rented.',
		labels: own,
	},
	end: {
		name: 'tailprobe_vast_instance_end_timestamp_seconds',
		type: 'gauge',
		help: 'Until when the host offers the instance; it is lost then.',
		labels: own,
	},
	unreachableSince: {
		name: 'tailprobe_vast_instance_unreachable_since_timestamp_seconds',
		type: 'gauge',
		help: 'Since when the instance has been paid for without being reachable, as far as was seen; absent while it is, or while that is unknown.',
		labels: own,
	},
	reliability: {
		name: 'tailprobe_vast_instance_reliability_ratio',
		type: 'gauge',
		help: 'Reliability of the host, as vast.ai reckons it.',
		labels: own,
	},
	utilization: {
		name: 'tailprobe_vast_instance_gpu_utilization_ratio',
		type: 'gauge',
		help: 'Utilisation of the GPUs as the host tells vast.ai, up to a minute old; `tailprobe_gpu_*` is measured.',
		labels: own,
	},
	temperature: {
		name: 'tailprobe_vast_instance_gpu_temperature_celsius',
		type: 'gauge',
		help: 'Temperature of the GPUs as the host tells vast.ai.',
		labels: own,
	},
} as const satisfies Record<string, MetricDef>;

/** undefined: nothing is known, because none is configured or its list is stale. */
export const vastCollector: Collector<VastJoin | undefined> = {
	name: 'vast',
	metrics: Object.values(vastMetrics),
	collect(join) {
		if (!join) return [];
		const {instances, prices, mismatches, unpriced, complete} = join;
		const shown = worstFirst(instances).slice(0, ownSeriesAtMost);
		return [
			...instanceStatuses.map(status =>
				sample(vastMetrics.instances, instances.filter(({instance}) => instance.status === status).length, {status}),
			),
			sample(vastMetrics.complete, Number(complete)),
			sample(vastMetrics.withoutSeries, instances.length - shown.length),
			...[...prices].map(([reach, dollars]) => sample(vastMetrics.price, dollars, {reach})),
			sample(vastMetrics.unpriced, unpriced),
			...mismatchKinds.flatMap(kind => {
				const count = mismatches.get(kind);
				return count === undefined ? [] : [sample(vastMetrics.mismatches, count, {kind})];
			}),
			...shown.flatMap(describe),
		];
	},
};

/** Instances in trouble before others, then those that cost most. */
export function worstFirst(instances: readonly JoinedInstance[]): JoinedInstance[] {
	const weight = (joined: JoinedInstance) =>
		Number(joined.unreachableSince !== undefined || joined.withoutPod === true);
	return instances.toSorted(
		(a, b) =>
			weight(b) - weight(a) || (b.instance.pricePerHour ?? 0) - (a.instance.pricePerHour ?? 0) || compareIds(a, b),
	);
}

function describe({instance, reach, node, withoutPod, unreachableSince}: JoinedInstance): Sample[] {
	const labels = {vast_instance: instance.id};
	const numbers: [MetricDef, number | undefined][] = [
		[vastMetrics.instancePrice, instance.pricePerHour],
		[vastMetrics.start, seconds(instance.startMs)],
		[vastMetrics.end, seconds(instance.endMs)],
		[vastMetrics.unreachableSince, seconds(unreachableSince)],
		[vastMetrics.reliability, instance.reliabilityRatio],
		[vastMetrics.utilization, instance.gpuUtilizationRatio],
		[vastMetrics.temperature, instance.gpuTemperatureCelsius],
	];
	const kind = mismatchKinds.find(each => each === reach);
	return [
		sample(vastMetrics.info, 1, {
			...labels,
			gpu_model: instance.gpuModel ?? '',
			gpus: instance.gpus === undefined ? '' : String(instance.gpus),
			machine: instance.machineId ?? '',
			peer: node?.name ?? '',
		}),
		...numbers.flatMap(([def, value]) => (value === undefined ? [] : [sample(def, value, labels)])),
		...(kind === undefined ? [] : [sample(vastMetrics.mismatch, 1, {...labels, kind})]),
		...(withoutPod ? [sample(vastMetrics.mismatch, 1, {...labels, kind: 'instance_without_pod'})] : []),
	];
}

function seconds(ms: number | undefined): number | undefined {
	return ms === undefined ? undefined : ms / 1000;
}

function compareIds(a: JoinedInstance, b: JoinedInstance): number {
	return a.instance.id.length - b.instance.id.length || (a.instance.id < b.instance.id ? -1 : 1);
}

function sample({name}: MetricDef, value: number, labels: Record<string, string> = {}): Sample {
	return {name, labels, value};
}
