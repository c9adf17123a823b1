/** What headscale says about each node, and where that contradicts what our tunnels see. */

import type {Verdict} from '../engine/types.ts';
import {isInGrace} from '../headscale/fresh.ts';
import type {TailnetNode} from '../inventory/types.ts';
import type {MetricDef, Sample} from '../metrics/types.ts';
import {freshValue} from '../sources/read.ts';
import type {HeadscaleReadings} from './headscale.ts';
import type {Collector} from './types.ts';

export const disagreements = ['online_but_unreachable', 'offline_but_reachable'] as const;
export type Disagreement = (typeof disagreements)[number];

/** The last verdict of one vantage's tunnel check of a node. */
export interface TunnelVerdict {
	verdict: Verdict;
}

export interface NodeReadings extends HeadscaleReadings {
	/** Verdicts of the tunnel checks of a node, one for each vantage that has one. */
	verdictsOf(peer: string): readonly TunnelVerdict[];
}

/**
 * What headscale says and every tunnel contradicts, or undefined. Vantages that could not look have no say; without any that could,
 * there is no disagreement. Shortly after a restart of headscale its "offline" means nothing.
 */
export function disagreementOf(
	node: Pick<TailnetNode, 'online'>,
	verdicts: readonly TunnelVerdict[],
	inGrace: boolean,
): Disagreement | undefined {
	const seen = new Set(verdicts.map(({verdict}) => verdict));
	if (node.online === true && seen.has('down') && !seen.has('up')) return 'online_but_unreachable';
	if (node.online === false && seen.has('up') && !inGrace) return 'offline_but_reachable';
	return undefined;
}

export const nodeMetrics = {
	online: {
		name: 'tailprobe_headscale_node_online',
		type: 'gauge',
		help: '1 if headscale calls the node online, 0 if offline; offline is absent during the restart grace. A frozen node stays online for minutes.',
		labels: ['peer'],
	},
	lastSeen: {
		name: 'tailprobe_headscale_node_last_seen_timestamp_seconds',
		type: 'gauge',
		help: 'When headscale last noted the node; no heartbeat: for an online node it may be hours ago.',
		labels: ['peer'],
	},
	keyExpiry: {
		name: 'tailprobe_headscale_node_key_expiry_timestamp_seconds',
		type: 'gauge',
		help: "When the node's key expires; in the past after a logout, for headscale 0.26 in 1970; absent if never.",
		labels: ['peer'],
	},
	info: {
		name: 'tailprobe_headscale_node_info',
		type: 'gauge',
		help: 'Facts about a node. tags: joined by commas, with one at both ends. ephemeral: true, false or empty when not told.',
		labels: ['peer', 'owner', 'tags', 'ephemeral', 'register_method'],
	},
	disagreement: {
		name: 'tailprobe_headscale_node_disagreement',
		type: 'gauge',
		help: '1 while headscale calls a node online that every vantage finds down (online_but_unreachable), or offline one that some vantage reaches (offline_but_reachable); otherwise absent.',
		labels: ['peer', 'kind'],
	},
	disagreeing: {
		name: 'tailprobe_headscale_nodes_disagreeing',
		type: 'gauge',
		help: 'Nodes about which headscale and the tunnels disagree, by kind.',
		labels: ['kind'],
	},
} as const satisfies Record<string, MetricDef>;

export const nodeCollector: Collector<NodeReadings> = {
	name: 'nodes',
	metrics: Object.values(nodeMetrics),
	collect({state, intervalMs, verdictsOf}, nowMs) {
		const list = freshValue(state.nodes, intervalMs, nowMs);
		if (!list) return [];
		const inGrace = isInGrace(state, nowMs);
		const samples: Sample[] = [];
		const disagreeing = new Map<Disagreement, number>(disagreements.map(kind => [kind, 0]));
		for (const node of list.nodes) {
			samples.push(...describe(node, inGrace));
			const kind = disagreementOf(node, verdictsOf(node.name), inGrace);
			if (kind === undefined) continue;
			samples.push(sample(nodeMetrics.disagreement, 1, {peer: node.name, kind}));
			disagreeing.set(kind, (disagreeing.get(kind) ?? 0) + 1);
		}
		for (const [kind, count] of disagreeing) samples.push(sample(nodeMetrics.disagreeing, count, {kind}));
		return samples;
	},
};

function describe(node: TailnetNode, inGrace: boolean): Sample[] {
	const peer = node.name;
	const samples: Sample[] = [
		sample(nodeMetrics.info, 1, {
			peer,
			owner: node.owner,
			tags: node.tags.length === 0 ? '' : `,${node.tags.join(',')},`,
			ephemeral: node.ephemeral === undefined ? '' : String(node.ephemeral),
			register_method: node.registerMethod ?? '',
		}),
	];
	if (node.online === true || (node.online === false && !inGrace)) {
		samples.push(sample(nodeMetrics.online, Number(node.online), {peer}));
	}
	if (node.lastSeenMs !== undefined) samples.push(sample(nodeMetrics.lastSeen, node.lastSeenMs / 1000, {peer}));
	if (node.keyExpiryMs !== undefined) samples.push(sample(nodeMetrics.keyExpiry, node.keyExpiryMs / 1000, {peer}));
	return samples;
}

function sample({name}: MetricDef, value: number, labels: Record<string, string>): Sample {
	return {name, labels, value};
}
