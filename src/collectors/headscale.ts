/** What headscale says about itself, under names that are the same for every version. What a version does not tell is absent. */

import {isInGrace} from '../headscale/fresh.ts';
import {versionIntervalMs} from '../headscale/poll.ts';
import type {Family, HeadscaleState} from '../headscale/types.ts';
import type {NodeList, TailnetNode} from '../inventory/types.ts';
import type {MetricDef, Sample} from '../metrics/types.ts';
import {freshValue} from '../sources/read.ts';
import type {Collector} from './types.ts';

export interface HeadscaleReadings {
	state: HeadscaleState;
	/** How often it is read. */
	intervalMs: number;
}

export const headscaleMetrics = {
	health: {
		name: 'tailprobe_headscale_health',
		type: 'gauge',
		help: '1 if GET /health of the last try said pass, 0 if it said fail, which means that its database does not answer; absent when the last try was not answered.',
		labels: [],
	},
	buildInfo: {
		name: 'tailprobe_headscale_build_info',
		type: 'gauge',
		help: 'Version of headscale; 0.27 and newer tell it.',
		labels: ['version'],
	},
	restartGrace: {
		name: 'tailprobe_headscale_restart_grace',
		type: 'gauge',
		help: '1 for a while after headscale restarted or answers again: nodes then come back one by one and none is called offline.',
		labels: [],
	},
	nodes: {
		name: 'tailprobe_headscale_nodes',
		type: 'gauge',
		help: 'Nodes in the list by state (online, offline, unknown). During the restart grace what is not online is unknown.',
		labels: ['state'],
	},
	expiredNodes: {
		name: 'tailprobe_headscale_nodes_expired',
		type: 'gauge',
		help: 'Nodes whose key has expired; headscale goes on calling such nodes online.',
		labels: [],
	},
	ephemeralNodes: {
		name: 'tailprobe_headscale_nodes_ephemeral',
		type: 'gauge',
		help: 'Nodes that headscale removes some time after they leave.',
		labels: [],
	},
	nodeProblems: {
		name: 'tailprobe_headscale_node_list_problems',
		type: 'gauge',
		help: 'Faults in the node list, such as entries without a usable address; the page tells them.',
		labels: [],
	},
	processStart: {
		name: 'tailprobe_headscale_process_start_timestamp_seconds',
		type: 'gauge',
		help: "When headscale's process started.",
		labels: [],
	},
	resident: {
		name: 'tailprobe_headscale_process_resident_memory_bytes',
		type: 'gauge',
		help: "Resident memory of headscale's process.",
		labels: [],
	},
	cpu: {
		name: 'tailprobe_headscale_process_cpu_seconds_total',
		type: 'counter',
		help: "CPU time of headscale's process.",
		labels: [],
	},
	openFds: {
		name: 'tailprobe_headscale_process_open_fds',
		type: 'gauge',
		help: "Open file descriptors of headscale's process; each connected node holds some.",
		labels: [],
	},
	maxFds: {
		name: 'tailprobe_headscale_process_max_fds',
		type: 'gauge',
		help: "File descriptors that headscale's process may have open.",
		labels: [],
	},
	goroutines: {
		name: 'tailprobe_headscale_goroutines',
		type: 'gauge',
		help: "Goroutines of headscale's process.",
		labels: [],
	},
	sessionsEnded: {
		name: 'tailprobe_headscale_map_sessions_ended_total',
		type: 'counter',
		help: 'Long polls of nodes that ended, by reason (done, cancelled, other); each is a node that left or came back.',
		labels: ['reason'],
	},
	endpointUpdates: {
		name: 'tailprobe_headscale_endpoint_updates_total',
		type: 'counter',
		help: 'Updates of their own endpoints that nodes sent, by status (ok, noop, error, other); 0.27 and newer only count ok.',
		labels: ['status'],
	},
	mapResponses: {
		name: 'tailprobe_headscale_map_responses_total',
		type: 'counter',
		help: 'Map updates for nodes by type (full, self, policy, patch, peers, config, ping, keepalive, other). 0.28 and newer: built; 0.23 to 0.26: sent, whose change and remove count as peers and derp as config; 0.27 only tells keepalive.',
		labels: ['type'],
	},
	storeNodes: {
		name: 'tailprobe_headscale_store_nodes',
		type: 'gauge',
		help: 'Registered nodes in the memory of headscale 0.27 and newer.',
		labels: [],
	},
	storeQueue: {
		name: 'tailprobe_headscale_store_queue_depth',
		type: 'gauge',
		help: 'Writes that wait for the node store of headscale 0.27 and newer; above 0 for long means overload.',
		labels: [],
	},
	storeOperations: {
		name: 'tailprobe_headscale_store_operations_total',
		type: 'counter',
		help: 'Operations of the node store of headscale 0.27 and newer. An update also counts as update_multi.',
		labels: ['operation'],
	},
	storeSeconds: {
		name: 'tailprobe_headscale_store_operation_seconds_total',
		type: 'counter',
		help: 'Time spent in operations of the node store of headscale 0.27 and newer.',
		labels: ['operation'],
	},
	snapshots: {
		name: 'tailprobe_headscale_store_snapshots_total',
		type: 'counter',
		help: 'Times that headscale 0.27 and newer computed anew who sees whom, which costs most in large tailnets.',
		labels: [],
	},
	snapshotSeconds: {
		name: 'tailprobe_headscale_store_snapshot_seconds_total',
		type: 'counter',
		help: 'Time spent computing anew who sees whom, in headscale 0.27 and newer.',
		labels: [],
	},
	connectedNodes: {
		name: 'tailprobe_headscale_connected_nodes',
		type: 'gauge',
		help: 'Nodes that hold a long poll, as headscale 0.23 to 0.26 counts them.',
		labels: [],
	},
	httpRequests: {
		name: 'tailprobe_headscale_http_requests_total',
		type: 'counter',
		help: 'HTTP requests that headscale 0.23 to 0.28 answered, by status; newer ones do not count them.',
		labels: ['code'],
	},
} as const satisfies Record<string, MetricDef>;

export const headscaleCollector: Collector<HeadscaleReadings> = {
	name: 'headscale',
	metrics: Object.values(headscaleMetrics),
	collect({state, intervalMs}, nowMs) {
		const health = state.health.error === undefined ? freshValue(state.health, intervalMs, nowMs) : undefined;
		const version = freshValue(state.version, Math.max(intervalMs, versionIntervalMs), nowMs);
		const list = freshValue(state.nodes, intervalMs, nowMs);
		const metrics = freshValue(state.metrics, intervalMs, nowMs);
		const tried = state.health.triedAt !== undefined;
		return [
			...(health === undefined ? [] : [sample(headscaleMetrics.health, Number(health))]),
			...(version === undefined ? [] : [sample(headscaleMetrics.buildInfo, 1, {version})]),
			...(tried ? [sample(headscaleMetrics.restartGrace, Number(isInGrace(state, nowMs)))] : []),
			...(list === undefined ? [] : countNodes(list, isInGrace(state, nowMs), nowMs)),
			...(metrics === undefined ? [] : translate(metrics.families)),
		];
	},
};

function countNodes({nodes, problems}: NodeList, inGrace: boolean, nowMs: number): Sample[] {
	const count = (matches: (node: TailnetNode) => boolean) => nodes.filter(matches).length;
	const online = count(node => node.online === true);
	const offline = inGrace ? 0 : count(node => node.online === false);
	const isExpired = ({keyExpiryMs}: TailnetNode) => keyExpiryMs !== undefined && keyExpiryMs <= nowMs;
	return [
		sample(headscaleMetrics.nodes, online, {state: 'online'}),
		...(inGrace ? [] : [sample(headscaleMetrics.nodes, offline, {state: 'offline'})]),
		sample(headscaleMetrics.nodes, nodes.length - online - offline, {state: 'unknown'}),
		sample(headscaleMetrics.expiredNodes, count(isExpired)),
		sample(
			headscaleMetrics.ephemeralNodes,
			count(node => node.ephemeral === true),
		),
		sample(headscaleMetrics.nodeProblems, problems.length),
	];
}

type Families = ReadonlyMap<string, Family>;

/** From headscale's own names, which changed over time, to ours. */
function translate(families: Families): Sample[] {
	return [
		...single(headscaleMetrics.processStart, families, 'process_start_time_seconds'),
		...single(headscaleMetrics.resident, families, 'process_resident_memory_bytes'),
		...single(headscaleMetrics.cpu, families, 'process_cpu_seconds_total'),
		...single(headscaleMetrics.openFds, families, 'process_open_fds'),
		...single(headscaleMetrics.maxFds, families, 'process_max_fds'),
		...single(headscaleMetrics.goroutines, families, 'go_goroutines'),
		...byLabel(headscaleMetrics.sessionsEnded, families, [
			{
				family: 'headscale_mapresponse_ended_total',
				label: 'reason',
				words: same('done', 'cancelled'),
				always: ['done', 'cancelled'],
			},
		]),
		...byLabel(headscaleMetrics.endpointUpdates, families, [
			{
				family: 'headscale_mapresponse_endpoint_updates_total',
				label: 'status',
				words: same('ok', 'noop', 'error'),
				always: ['ok'],
			},
		]),
		// 0.27 and newer count nothing but keepalives as sent, older ones nothing as generated: so the two never overlap.
		...byLabel(headscaleMetrics.mapResponses, families, [
			{family: 'headscale_mapresponse_generated_total', label: 'response_type', words: generatedTypes},
			{family: 'headscale_mapresponse_sent_total', label: 'type', words: sentTypes},
		]),
		...single(headscaleMetrics.storeNodes, families, 'headscale_nodestore_nodes', 'headscale_nodestore_nodes_total'),
		...single(headscaleMetrics.storeQueue, families, 'headscale_nodestore_queue_depth'),
		...byLabel(headscaleMetrics.storeOperations, families, [
			{family: 'headscale_nodestore_operations_total', label: 'operation', words: storeOperations},
		]),
		...byLabel(headscaleMetrics.storeSeconds, families, [
			{
				family: 'headscale_nodestore_operation_duration_seconds',
				sample: 'headscale_nodestore_operation_duration_seconds_sum',
				label: 'operation',
				words: storeOperations,
			},
		]),
		...part(headscaleMetrics.snapshots, families, snapshotFamily, `${snapshotFamily}_count`),
		...part(headscaleMetrics.snapshotSeconds, families, snapshotFamily, `${snapshotFamily}_sum`),
		...single(headscaleMetrics.connectedNodes, families, 'headscale_notifier_open_channels_total'),
		...byLabel(headscaleMetrics.httpRequests, families, [
			{family: 'headscale_http_requests_total', label: 'code', words: /^[1-5]\d\d$/},
		]),
	];
}

const snapshotFamily = 'headscale_nodestore_snapshot_build_duration_seconds';

const generatedTypes = same('full', 'self', 'policy', 'patch', 'peers', 'config', 'ping');
const sentTypes = {...same('full', 'patch', 'keepalive'), change: 'peers', remove: 'peers', derp: 'config'};
const storeOperations = same(
	'put',
	'update',
	'update_multi',
	'delete',
	'set_name',
	'get',
	'get_by_key',
	'get_by_machine_key',
	'get_by_machine_key_any_user',
	'get_nodes_by_machine_key_all_users',
	'list',
	'list_peers',
	'list_by_user',
);

interface Source {
	family: string;
	/** Name of the samples, where it is not the family's. */
	sample?: string;
	label: string;
	/** From headscale's word to ours, or the pattern of words that stay; every other one is `other`, so that the label is closed. */
	words: Readonly<Record<string, string>> | RegExp;
	/** Words that every version counts. headscale shows a series only after its first event, which would then be no increase: so they begin at 0. */
	always?: readonly string[];
}

/** Sums over all labels but one. */
function byLabel(def: MetricDef, families: Families, sources: readonly Source[]): Sample[] {
	const sums = new Map<string, number>();
	const isHeadscale = [...families.keys()].some(name => name.startsWith('headscale_'));
	for (const {family, sample: name = family, label, words, always = []} of sources) {
		if (isHeadscale) for (const word of always) sums.set(word, 0);
		for (const {name: found, labels, value} of families.get(family)?.samples ?? []) {
			if (found !== name || !Number.isFinite(value)) continue;
			const word = labels[label] ?? '';
			const ours = words instanceof RegExp ? words.test(word) && word : Object.hasOwn(words, word) && words[word];
			sums.set(ours || 'other', (sums.get(ours || 'other') ?? 0) + value);
		}
	}
	const [label = ''] = def.labels;
	return [...sums].map(([word, sum]) => sample(def, sum, {[label]: word}));
}

/** The value of the first family that is there. */
function single(def: MetricDef, families: Families, ...names: string[]): Sample[] {
	return names.flatMap(name => part(def, families, name, name)).slice(0, 1);
}

function part(def: MetricDef, families: Families, family: string, name: string): Sample[] {
	const value = families.get(family)?.samples.find(found => found.name === name)?.value;
	return value !== undefined && Number.isFinite(value) ? [sample(def, value)] : [];
}

function same(...words: string[]): Record<string, string> {
	return Object.fromEntries(words.map(word => [word, word]));
}

function sample({name}: MetricDef, value: number, labels: Record<string, string> = {}): Sample {
	return {name, labels, value};
}
