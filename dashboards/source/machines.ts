/** Everything that is known of a rented machine in one row: what is paid for, its pod, its tunnel, its GPUs. */

import type {Builder} from '@grafana/grafana-foundation-sdk/cog';
import type {Panel} from '@grafana/grafana-foundation-sdk/dashboard';
import {type Column, columns} from './columns.ts';
import {nodePage} from './links.ts';
import {bad, good, linkStates, neutral, nothing, rightOrWrong, steps, unknown, warning, words} from './looks.ts';
import {table} from './panels.ts';
import {gauge, series} from './series.ts';
import {rows} from './targets.ts';
import {chosen} from './variables.ts';

export const machinesTitle = 'Machines: rented, in Kubernetes, in the tailnet, seen by nvidia-smi';

/** The labels that tell machines apart. */
const own = ['peer', 'vast_instance', 'k8s_namespace', 'k8s_pod', 'k8s_node', 'vantage'];
/** Members of pools that were not chosen alone; none while all are. What is in no pool, such as an instance that has not joined, is always there. */
const elsewhere = `(${members('pool!~"$pool"')} unless ${members(chosen('pool'))})`;
const machine = `(${gauge('tailprobe_machine_info', chosen('peer'), chosen('vantage'))} unless ignoring (${own.filter(label => label !== 'peer').join(', ')}) ${elsewhere})`;

const poolState = [words({0: ['usable', good], 1: ['unknown', unknown], 2: ['not usable', bad]}), nothing('–')];

/** Each column that is no label of a machine: its query, and how it looks. */
const facts: ReadonlyArray<{expr: string; column: Column}> = [
	{
		expr: by('peer', `(${member('usable')} == 1) * 0 or (${member('unknown')} == 1) or ${member('unusable')} * 2`),
		column: {field: 'Value #B', title: 'In its pool', mappings: poolState, width: 90},
	},
	{
		expr: by('peer', `2 - 2 * ${tunnel('up')} or ${tunnel('state')} == 1`),
		column: {field: 'Value #C', title: 'Tunnel', mappings: [...linkStates, nothing('–')], width: 70},
	},
	{
		expr: by('vantage', gauge('tailprobe_gpu_visible')),
		column: {field: 'Value #D', title: 'GPUs seen', thresholds: steps(bad, [1, good]), width: 80},
	},
	{
		expr: by('vantage', gauge('tailprobe_gpu_expected')),
		column: {field: 'Value #E', title: 'Expected', width: 75},
	},
	{
		expr: by('vantage', largest('tailprobe_gpu_temperature_celsius')),
		column: {
			...{field: 'Value #F', title: 'Hottest', unit: 'celsius', width: 75},
			thresholds: steps(good, [80, warning], [90, bad]),
		},
	},
	{
		expr: by('vast_instance', one('tailprobe_vast_instance_info', 'gpu_model', 'gpus', 'machine', 'peer'), 'gpu_model'),
		column: {field: 'gpu_model', title: 'Rented GPU', width: 100},
	},
	{
		expr: by('vast_instance', gauge('tailprobe_vast_instance_price_dollars_per_hour')),
		column: {field: 'Value #H', title: 'Per hour', unit: 'currencyUSD', decimals: 2, width: 75},
	},
	{
		expr: by(
			'vast_instance',
			`time() - min without (instance, pod) (${series('tailprobe_vast_instance_unreachable_since_timestamp_seconds')})`,
		),
		column: {
			...{field: 'Value #I', title: 'Unreachable for', unit: 's', width: 115},
			thresholds: steps(warning, [600, bad]),
		},
	},
	{
		expr: by('vast_instance', `time() - ${gauge('tailprobe_vast_instance_start_timestamp_seconds')}`),
		column: {field: 'Value #J', title: 'Rented for', unit: 's', width: 85},
	},
	{
		expr: by(
			['k8s_namespace', 'k8s_pod', 'k8s_node'],
			one('tailprobe_kubernetes_pod_info', 'phase', 'reason'),
			'phase',
		),
		column: {field: 'phase', title: 'Pod phase', width: 90},
	},
	{
		expr: by(['k8s_namespace', 'k8s_pod', 'k8s_node'], gauge('tailprobe_kubernetes_pod_ready')),
		column: {field: 'Value #L', title: 'Pod ready', mappings: rightOrWrong, width: 80},
	},
];

/** The table. A machine that lacks something, such as an instance that never joined, has a gap there. */
export const machinesTable: Builder<Panel> = table({
	title: machinesTitle,
	description:
		'One row for each GPU machine. Read it from the left: is it usable for its pool, does its tunnel answer, does nvidia-smi see its GPUs; then what vast.ai takes for it and since when it is paid for without being reachable, and its pod. A gap in the first column is an instance that has not joined the tailnet. With a pool chosen, machines that belong to other pools alone are left out.',
	unit: 'none',
	span: 24,
	height: 7,
	thresholds: steps(neutral),
	targets: [rows(machine), ...facts.map(({expr}, at) => rows(expr, String.fromCharCode('B'.charCodeAt(0) + at)))],
	...columns([
		{field: 'peer', title: 'Machine', links: [nodePage('columns')], width: 170},
		...facts.slice(0, 5).map(({column}) => column),
		{field: 'vast_instance', title: 'vast.ai', width: 85},
		...facts.slice(5, 9).map(({column}) => column),
		{field: 'k8s_pod', title: 'Pod', width: 120},
		...facts.slice(9).map(({column}) => column),
		{field: 'k8s_node', title: 'Virtual node', width: 120, mappings: [nothing('–', neutral)]},
	]),
});

/** What an expression says of each machine, by the labels that it shares with machines, with more of its labels. */
function by(shared: string | readonly string[], expr: string, ...more: readonly string[]): string {
	const ignored = [...own.filter(label => !shared.includes(label)), ...more];
	return `${machine} * ignoring (${ignored.join(', ')}) group_left (${more.join(', ')}) (${expr})`;
}

/** A series of facts without these labels but the first; where two replicas tell different ones for a moment, one of them. */
function one(metric: string, kept: string, ...dropped: readonly string[]): string {
	const single = `max without (${['instance', 'pod', ...dropped].join(', ')}) (${series(metric)})`;
	return `topk without (${kept}) (1, ${single})`;
}

/** Of all GPUs of a machine. */
function largest(metric: string): string {
	return `max without (instance, pod, gpu) (${series(metric)})`;
}

function member(state: string): string {
	return members(chosen('pool'), `state="${state}"`);
}

function members(...matchers: readonly string[]): string {
	return `max without (instance, pod, pool, state) (${series('tailprobe_pool_member_state', ...matchers)})`;
}

/** Of all vantages that look at a tunnel to the node: whether any finds it up, or that none could look. */
function tunnel(what: 'up' | 'state'): string {
	const without = 'instance, pod, check, type, vantage, target';
	const probes = 'type="tunnel"';
	return what === 'up'
		? `max without (${without}) (${series('tailprobe_check_up', probes)})`
		: `min without (${without}, state) (${series('tailprobe_check_state', probes, 'state="unknown"')})`;
}
