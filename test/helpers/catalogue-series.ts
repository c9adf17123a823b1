/** Every metric of the catalogue as series for promtool, of a world in which what belongs together fits together: two machines, three checks of each. */

import {catalogue} from '../../src/metrics/catalogue.ts';
import type {MetricDef} from '../../src/metrics/types.ts';
import {absent} from './alert-cases.ts';

/** What one replica exports, under the labels that scraping adds. */
export interface ExportingReplica {
	scraped: Readonly<Record<string, string>>;
	/** Whether it exports a metric at a step. */
	shows(metric: string, step: number): boolean;
}

type Labels = Readonly<Record<string, string>>;

/** The `input_series` of promtool of one replica for so many steps. */
export function catalogueSeries(
	{scraped, shows}: ExportingReplica,
	steps: number,
): Array<{series: string; values: string}> {
	return catalogue.flatMap(({metrics}) =>
		metrics.flatMap(metric => {
			const shown = Array.from({length: steps}, (_, step) => shows(metric.name, step));
			return labelSets(metric).flatMap(labels =>
				seriesOf(metric).map(({name, extra}) => ({
					series: `${name}{${pairs({...labels, ...extra, ...scraped})}}`,
					values: valuesOf(metric, labels, shown),
				})),
			);
		}),
	);
}

const checks: ReadonlyArray<Labels & {vantage?: string}> = [
	{check: 'tunnel', type: 'tunnel'},
	{check: 'tts', type: 'http'},
	{check: 'certificate', type: 'tls'},
	{check: 'gpu', type: 'gpu', vantage: 'own'},
];

/** Labels that hang together. */
const rows: readonly Labels[] = ['1', '2'].flatMap(number =>
	checks.map(({vantage, ...check}) => ({
		...check,
		...{via: 'tailnet', expect: 'answer', critical: 'true'},
		...(vantage === 'own'
			? {vantage: `gpu-${number}`, group: 'gpu', way: 'agent'}
			: {vantage: 'cluster', group: 'cluster', way: 'local'}),
		...{target: `gpu-${number}`, peer: `gpu-${number}`, owner: 'june', pool: 'june'},
		...{vast_instance: number, machine: number, gpu_model: 'A', gpus: '1', gpu: '0', uuid: number, model: 'A'},
		...{k8s_namespace: 'june', k8s_pod: `pod-${number}`, k8s_node: 'vast', k8s_deployment: 'kubelet'},
	})),
);

/** Labels of which each series has one of several values, whatever the rest of it says. */
const free: Readonly<Record<string, readonly string[]>> = {
	state: [
		...['up', 'down', 'unknown', 'usable', 'unusable', 'online', 'offline', 'expired', 'true', 'false'],
		...['used', 'ready', 'idle', 'unsupported', 'failing'],
	],
	verdict: ['up', 'down', 'unknown'],
	reason: ['none', 'timeout', 'vantage', 'hw_thermal_slowdown', 'sw_power_cap'],
	phase: ['connect', 'processing', 'Running'],
	path: ['direct', 'derp', 'peer_relay'],
	rung: ['disco', 'tsmp'],
	within: ['true', 'false'],
	fault: ['none', 'expired'],
	kind: ['offline_but_reachable', 'never_joined', 'instance_without_pod'],
	reach: ['reachable', 'never_joined'],
	source: ['headscale-nodes', 'headscale-metrics', 'kubernetes-pods'],
	ephemeral: ['false'],
	direction: ['inbound', 'outbound'],
	outcome: ['answered', 'timed_out'],
	cause: ['node-silent', 'gpu-lost'],
};

const edges = ['0.1', '1', '+Inf'];

function labelSets({name, labels}: MetricDef): Labels[] {
	const tied = new Map(
		rows.map(row => {
			const own = Object.fromEntries(
				labels.filter(label => row[label] !== undefined).map(label => [label, row[label] ?? '']),
			);
			return [JSON.stringify(own), own];
		}),
	);
	const others = labels.filter(label => rows[0]?.[label] === undefined);
	// A pod is in one phase, and in one alone.
	const values: Readonly<Record<string, readonly string[]>> = {
		...free,
		...(name.startsWith('tailprobe_kubernetes_') && {phase: ['Running'], reason: ['none']}),
	};
	return others.reduce<Labels[]>(
		(sets, label) => sets.flatMap(set => (values[label] ?? ['a', 'b']).map(value => ({...set, [label]: value}))),
		[...tied.values()],
	);
}

function seriesOf({name, type}: MetricDef): Array<{name: string; extra: Labels}> {
	if (type !== 'histogram') return [{name, extra: {}}];
	return [
		...edges.map(le => ({name: `${name}_bucket`, extra: {le}})),
		{name: `${name}_sum`, extra: {}},
		{name: `${name}_count`, extra: {}},
	];
}

/** So much that one replica alone has enough runs for whatever is judged by their number. */
const growth = 100;

/** The same for every replica. The second machine is down, and rights are missing, so that what shows such things has something to show. */
function valuesOf({name, type}: MetricDef, {peer}: Labels, shown: readonly boolean[]): string {
	const isZero = name === 'tailprobe_kubernetes_allowed' || (name === 'tailprobe_check_up' && peer === 'gpu-2');
	const level = isZero ? 0 : name.endsWith('_timestamp_seconds') ? 100 : 1;
	return shown
		.map((isShown, step) => {
			if (!isShown) return shown[step - 1] ? 'stale' : absent;
			return type === 'gauge' ? level : step * growth;
		})
		.join(' ');
}

function pairs(labels: Labels): string {
	return Object.entries(labels)
		.map(([label, value]) => `${label}="${value}"`)
		.join(',');
}
