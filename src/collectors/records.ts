/** What the node list says as a whole: routes that nobody serves, machines with the same name, records of machines that are long gone. */

import {isInGrace} from '../headscale/fresh.ts';
import type {TailnetNode} from '../inventory/types.ts';
import type {MetricDef, Sample} from '../metrics/types.ts';
import {freshValue} from '../sources/read.ts';
import type {HeadscaleReadings} from './headscale.ts';
import type {Collector} from './types.ts';

export interface RecordReadings extends HeadscaleReadings {
	/** An offline node whose last sign of life is older lingers. */
	lingerAfterMs: number;
}

/** Whether the record is of a machine that has been away for so long that it is hardly coming back. */
export function isLingering(
	{online, lastSeenMs, createdMs}: Pick<TailnetNode, 'online' | 'lastSeenMs' | 'createdMs'>,
	lingerAfterMs: number,
	nowMs: number,
): boolean {
	const seenMs = lastSeenMs ?? createdMs;
	return online === false && seenMs !== undefined && nowMs - seenMs > lingerAfterMs;
}

/** Names that several machines call themselves, each with its records. */
export function duplicateHostnames(nodes: readonly TailnetNode[]): ReadonlyMap<string, readonly TailnetNode[]> {
	const byName = new Map<string, TailnetNode[]>();
	for (const node of nodes) {
		if (node.hostname === undefined) continue;
		const records = byName.get(node.hostname);
		if (records) records.push(node);
		else byName.set(node.hostname, [node]);
	}
	return new Map([...byName].filter(([, records]) => records.length > 1));
}

/** Prefixes that are approved at some node and served by none. */
export function unservedRoutes(nodes: readonly TailnetNode[]): readonly string[] {
	const served = new Set(nodes.flatMap(node => node.routes?.served ?? []));
	return [...new Set(nodes.flatMap(node => node.routes?.approved ?? []))].filter(prefix => !served.has(prefix));
}

export const recordMetrics = {
	routes: {
		name: 'tailprobe_headscale_routes',
		type: 'gauge',
		help: 'Routes of all nodes by state: available (a node offers it), approved, served (by this node, now); each node counts its own.',
		labels: ['state'],
	},
	unserved: {
		name: 'tailprobe_headscale_routes_approved_not_served',
		type: 'gauge',
		help: 'Prefixes that are approved at some node and served by none: their network cannot be reached; absent during the restart grace.',
		labels: [],
	},
	duplicates: {
		name: 'tailprobe_headscale_duplicate_hostnames',
		type: 'gauge',
		help: 'Names that the machines of several records call themselves: one came back while its old record was still there, or two share a name. MagicDNS gives the later ones another name.',
		labels: [],
	},
	lingering: {
		name: 'tailprobe_headscale_nodes_lingering',
		type: 'gauge',
		help: 'Nodes that have been offline for longer than `linger_after`, by whether headscale should have removed them (ephemeral true); absent during the restart grace.',
		labels: ['ephemeral'],
	},
} as const satisfies Record<string, MetricDef>;

export const recordCollector: Collector<RecordReadings> = {
	name: 'records',
	metrics: Object.values(recordMetrics),
	collect({state, intervalMs, lingerAfterMs}, nowMs) {
		const nodes = freshValue(state.nodes, intervalMs, nowMs)?.nodes;
		if (!nodes) return [];
		const inGrace = isInGrace(state, nowMs);
		return [
			...countRoutes(nodes, inGrace),
			sample(recordMetrics.duplicates, duplicateHostnames(nodes).size),
			...(inGrace ? [] : countLingering(nodes, lingerAfterMs, nowMs)),
		];
	},
};

function countRoutes(nodes: readonly TailnetNode[], inGrace: boolean): Sample[] {
	const told = nodes.flatMap(({routes}) => (routes ? [routes] : []));
	if (told.length === 0) return [];
	return [
		...(['available', 'approved', 'served'] as const).map(state =>
			sample(
				recordMetrics.routes,
				told.reduce((sum, routes) => sum + routes[state].length, 0),
				{state},
			),
		),
		...(inGrace ? [] : [sample(recordMetrics.unserved, unservedRoutes(nodes).length)]),
	];
}

function countLingering(nodes: readonly TailnetNode[], lingerAfterMs: number, nowMs: number): Sample[] {
	const lingering = nodes.filter(node => isLingering(node, lingerAfterMs, nowMs));
	const ephemeral = lingering.filter(node => node.ephemeral === true).length;
	return [
		sample(recordMetrics.lingering, ephemeral, {ephemeral: 'true'}),
		sample(recordMetrics.lingering, lingering.length - ephemeral, {ephemeral: 'false'}),
	];
}

function sample({name}: MetricDef, value: number, labels: Record<string, string> = {}): Sample {
	return {name, labels, value};
}
