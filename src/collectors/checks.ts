/** The checks as they are configured: what is promised of them, and how much their failures matter. */

import type {CheckConfig} from '../config/types.ts';
import type {MetricDef, Sample} from '../metrics/types.ts';
import type {Collector} from './types.ts';

/** So much of a configured check as is told. */
export type CheckFacts = Pick<
	CheckConfig,
	'name' | 'type' | 'via' | 'expect' | 'critical' | 'intervalMs' | 'objectiveMs' | 'availabilityObjective'
>;

export const configuredMetrics = {
	info: {
		name: 'tailprobe_check_info',
		type: 'gauge',
		help: 'A configured check, from whatever vantages it runs; via: tailnet or direct, expect: answer or unreachable, critical: whether its failures are to wake somebody.',
		labels: ['check', 'type', 'via', 'expect', 'critical'],
	},
	interval: {
		name: 'tailprobe_check_interval_seconds',
		type: 'gauge',
		help: 'Time between two scheduled runs of a target: `interval` of the check.',
		labels: ['check'],
	},
	availability: {
		name: 'tailprobe_check_availability_objective_ratio',
		type: 'gauge',
		help: 'Promised share of runs that are up, of those that were up or down: `availability_objective` of the check; absent where nothing is promised.',
		labels: ['check'],
	},
	latency: {
		name: 'tailprobe_check_latency_objective_seconds',
		type: 'gauge',
		help: 'Promised latency: `objective` of the check; absent where none is promised.',
		labels: ['check'],
	},
} as const satisfies Record<string, MetricDef>;

/** One series of each metric for a configured check, however many vantages and targets it has. */
export const checkCollector: Collector<readonly CheckFacts[]> = {
	name: 'checks',
	metrics: Object.values(configuredMetrics),
	collect: checks => checks.flatMap(describe),
};

function describe(check: CheckFacts): Sample[] {
	const {name, type, via, expect = 'answer', critical, intervalMs, objectiveMs, availabilityObjective} = check;
	const labels = {check: name};
	return [
		sample(configuredMetrics.info, 1, {...labels, type, via, expect, critical: String(critical)}),
		sample(configuredMetrics.interval, intervalMs / 1000, labels),
		...(availabilityObjective === undefined
			? []
			: [sample(configuredMetrics.availability, availabilityObjective, labels)]),
		...(objectiveMs === undefined ? [] : [sample(configuredMetrics.latency, objectiveMs / 1000, labels)]),
	];
}

function sample({name}: MetricDef, value: number, labels: Record<string, string>): Sample {
	return {name, labels, value};
}
