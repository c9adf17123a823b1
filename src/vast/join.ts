/** Instances held against pods and against the tailnet: what is paid for, and what of it can be reached. Pure. */

import {type TiedBy, type TieNode, tieNodes} from './tie-nodes.ts';
import {type TiePod, tiePods} from './tie-pods.ts';
import {type Instance, type InstanceList, isPaid} from './types.ts';

/**
 * How an instance stands to the tailnet. `idle`: nothing is paid for it, so nothing is expected. `joining`: not there yet, and within its
 * grace. `never_joined`: not there although it had the time. `left`: it was there, and its node is gone. `offline`: its node is there and
 * the tunnel to it is down. `unknown`: cannot be told.
 */
export const reaches = ['reachable', 'joining', 'never_joined', 'left', 'offline', 'idle', 'unknown'] as const;
export type Reach = (typeof reaches)[number];

/** What does not fit together. The list is closed: it is a label value. */
export const mismatchKinds = [
	'instance_without_pod',
	'pod_without_instance',
	'never_joined',
	'left',
	'offline',
] as const;
export type MismatchKind = (typeof mismatchKinds)[number];

export interface JoinedInstance {
	instance: Instance;
	reach: Reach;
	/** Whether its GPUs are paid for. */
	paid: boolean;
	/** Since when it has been paid for without being reachable, as far as we saw, milliseconds since 1970. */
	unreachableSince?: number;
	node?: {name: string; by: TiedBy};
	pod?: {namespace: string; name: string};
	/** No pod stands for it. */
	withoutPod?: true;
	/** Milliseconds until the host's offer ends; never negative. */
	timeLeftMs?: number;
}

export interface VastJoin {
	instances: readonly JoinedInstance[];
	podsWithoutInstance: readonly {namespace: string; name: string}[];
	/** By kind; absent where that cannot be told at all. */
	mismatches: ReadonlyMap<MismatchKind, number>;
	/** Dollars per hour by reach, of what is paid for; 0 where nothing is. */
	prices: ReadonlyMap<Exclude<Reach, 'idle'>, number>;
	/** Instances that are paid for and whose price was not told. */
	unpriced: number;
	/** Whether these are all instances. */
	complete: boolean;
}

/** What an instance was like before, by its id: see `remember`. */
export interface Remembered {
	/** When it was first seen paid for, in this row of times. */
	paidSeenMs: number;
	/** From when on it may have been: the same, or its start where it was so at our first look. */
	paidSinceMs: number;
	/** Its node when last seen in the tailnet. */
	node?: {name: string; by: TiedBy};
	/** From when on it was not reachable. */
	unreachableSince?: number;
}

export interface JoinInputs {
	list: InstanceList;
	/** Nodes as last known, and whether that is what headscale says now: otherwise nothing is told of nodes that are not there. */
	nodes: readonly TieNode[];
	nodesAreFresh: boolean;
	/** undefined: not known or not configured. */
	pods: readonly TiePod[] | undefined;
	/** Tunnels from these count. */
	localVantages: ReadonlySet<string>;
	memory: ReadonlyMap<string, Remembered>;
	rules: {
		nodeBy: readonly string[];
		nodes?: Parameters<typeof tieNodes>[2]['nodes'];
		podBy: Parameters<typeof tiePods>[2];
		joinGraceMs: number;
	};
	nowMs: number;
}

export function joinVast(inputs: JoinInputs): VastJoin {
	const {list, nodes, nodesAreFresh, pods, localVantages, memory, rules, nowMs} = inputs;
	const paid = list.instances.filter(isPaid);
	const tiedBefore = new Map([...memory].flatMap(([id, {node}]) => (node ? [[id, node] as const] : [])));
	const ties = tieNodes(paid, nodes, {...rules, localVantages}, tiedBefore);
	const podTies = pods && tiePods(list.instances, pods, rules.podBy, list.complete);

	const instances = list.instances.map((instance): JoinedInstance => {
		const tied = ties.nodes.get(instance.id);
		const before = memory.get(instance.id);
		const isWithout = ties.without.has(instance.id);
		const reach = isPaid(instance) ? reachOf({tied: tied?.node, before, isWithout}, inputs) : 'idle';
		const pod = podTies?.pods.get(instance.id);
		const isUnreachable = reach === 'never_joined' || reach === 'left' || reach === 'offline';
		const since = before?.unreachableSince ?? (reach === 'never_joined' ? before?.paidSinceMs : undefined) ?? nowMs;
		return {
			instance,
			reach,
			paid: isPaid(instance),
			...(isUnreachable ? {unreachableSince: since} : {}),
			...(tied ? {node: {name: tied.node.node.name, by: tied.by}} : {}),
			...(pod ? {pod: {namespace: pod.namespace, name: pod.name}} : {}),
			...(podTies?.instancesWithout.has(instance.id) ? {withoutPod: true} : {}),
			...(instance.endMs === undefined ? {} : {timeLeftMs: Math.max(0, instance.endMs - nowMs)}),
		};
	});

	const count = (reach: Reach) => instances.filter(joined => joined.reach === reach).length;
	// What cannot be told apart counts as young: nobody is blamed for a machine that may still be starting.
	const graceOver = paid.every(({id}) => isGraceOver(memory.get(id), rules.joinGraceMs, nowMs));
	const mismatches = new Map<MismatchKind, number>();
	if (podTies) {
		mismatches.set('instance_without_pod', podTies.instancesWithout.size + podTies.moreInstancesWithout);
		if (list.complete) mismatches.set('pod_without_instance', podTies.podsWithout.length + podTies.morePodsWithout);
	}
	if (nodesAreFresh) {
		if (rules.nodes) mismatches.set('never_joined', count('never_joined') + (graceOver ? ties.moreWithout : 0));
		mismatches.set('left', count('left'));
	}
	if (nodesAreFresh || nodes.length > 0) mismatches.set('offline', count('offline'));

	const paidInstances = instances.filter(joined => joined.paid);
	return {
		instances,
		podsWithoutInstance: (podTies?.podsWithout ?? []).map(({namespace, name}) => ({namespace, name})),
		mismatches,
		prices: new Map(
			pricedReaches.map(reach => [reach, sumPrices(paidInstances.filter(joined => joined.reach === reach))]),
		),
		unpriced: paidInstances.filter(({instance}) => instance.pricePerHour === undefined).length,
		complete: list.complete,
	};
}

/** Without the dust of binary fractions. */
function sumPrices(instances: readonly JoinedInstance[]): number {
	const dollars = instances.reduce((sum, {instance}) => sum + (instance.pricePerHour ?? 0), 0);
	return Math.round(dollars * 1e6) / 1e6;
}

const pricedReaches = reaches.filter(reach => reach !== 'idle');

/** What is to be known of the instances at the next look: by id, without those that are gone or not paid for. Pure. */
export function remember(
	before: ReadonlyMap<string, Remembered>,
	{instances}: Pick<VastJoin, 'instances'>,
	nowMs: number,
	isFirstLook: boolean,
): Map<string, Remembered> {
	const after = new Map<string, Remembered>();
	for (const {instance, paid, reach, node, unreachableSince} of instances) {
		if (!paid) continue;
		const known = before.get(instance.id);
		const lastNode = node ?? known?.node;
		// Not knowing does not end it.
		const since = unreachableSince ?? (reach === 'unknown' ? known?.unreachableSince : undefined);
		after.set(instance.id, {
			paidSeenMs: known?.paidSeenMs ?? nowMs,
			paidSinceMs: known?.paidSinceMs ?? (isFirstLook ? Math.min(instance.startMs ?? nowMs, nowMs) : nowMs),
			...(lastNode === undefined ? {} : {node: lastNode}),
			...(since === undefined ? {} : {unreachableSince: since}),
		});
	}
	return after;
}

function reachOf(
	{tied, before, isWithout}: {tied: TieNode | undefined; before: Remembered | undefined; isWithout: boolean},
	{localVantages, nodesAreFresh, nodes, rules, nowMs}: JoinInputs,
): Reach {
	if (tied) {
		const verdicts = new Set(
			tied.tunnels.filter(({vantage}) => localVantages.has(vantage)).map(({verdict}) => verdict),
		);
		if (verdicts.has('up')) return 'reachable';
		return verdicts.has('down') ? 'offline' : 'unknown';
	}
	if (!nodesAreFresh) return 'unknown';
	const last = before?.node;
	const isGone = last !== undefined && !nodes.some(({node}) => node.name === last.name || node.hostname === last.name);
	// What was found by its name would be found again.
	if (isGone && (isWithout || last.by === 'name')) return 'left';
	if (!isWithout) return 'unknown';
	return isGraceOver(before, rules.joinGraceMs, nowMs) ? 'never_joined' : 'joining';
}

function isGraceOver(before: Remembered | undefined, graceMs: number, nowMs: number): boolean {
	return before !== undefined && nowMs - before.paidSeenMs >= graceMs;
}
