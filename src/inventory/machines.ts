/** Which instance, which pod and which GPUs are behind a node of the tailnet. Nothing is claimed that nothing tells. Pure. */

import type {GpuReading} from '../collectors/gpus.ts';
import type {PodWayConfig} from '../config/types.ts';
import {mostGpus} from '../gpu/fields.ts';
import {cleanModel} from '../gpu/parse.ts';
import {evictionAt} from '../kubernetes/evictions.ts';
import type {Deployment, Node, Pod} from '../kubernetes/types.ts';
import {canonicalAddress} from '../net/guard.ts';
import type {JoinedInstance, VastJoin} from '../vast/join.ts';
import type {TiedBy} from '../vast/tie-nodes.ts';
import {tieNodes} from '../vast/tie-nodes.ts';
import {type VastInstanceView, viewInstance} from '../vast/view.ts';
import type {Machine, MachinesView, PodFacts} from './machine-types.ts';
import type {TailnetNode} from './types.ts';

/** How old something is that was read: see `MachinesView.podsAt`. */
type Age = {ms: number; isFresh: boolean};

export interface MachineInputs {
	/** Nodes as last listed. */
	nodes: readonly TailnetNode[];
	/** Absent: not configured, or never read. */
	vast?: {
		join: Pick<VastJoin, 'instances' | 'podsWithoutInstance'>;
		/** Patterns of the names that an instance's node may have. */
		nodeBy: readonly string[];
		/** The node of each instance when one was last found, by its id. */
		lastNodes: ReadonlyMap<string, {name: string; by: TiedBy}>;
		at: Age;
	};
	/** Absent: not configured, or never listed. */
	kubernetes?: {
		/** The GPU pods. */
		pods: readonly Pod[];
		/** Pods that somebody goes into, and how they tell their node. */
		ways: readonly {nodeBy: PodWayConfig['nodeBy']; pods: readonly Pod[]}[];
		podsAt?: Age;
		/** Nodes of the cluster while that is what it says now. */
		nodes: readonly Node[];
		/** Names of those that matter. */
		virtualNodes: readonly string[];
		/** The deployment that should be there, and what is there while that is known; none: it is gone. */
		virtualKubelet?: {namespace: string; deployment: string; found: readonly Deployment[]};
	};
	/** The last looks at GPUs. */
	readings: readonly GpuReading[];
}

/** One pass over each list: it is asked for with every page. */
export function joinMachines({nodes, vast, kubernetes, readings}: MachineInputs): MachinesView {
	const byNode = new Map<string, Machine>();
	const add = (node: string, part: Machine) => byNode.set(node, {...byNode.get(node), ...part});

	const {inside, outside} = vast ? placeInstances(nodes, vast) : nothingRented;
	for (const [node, joined] of inside) add(node, {instance: viewInstance(joined)});

	const clusterNodes = new Map((kubernetes?.nodes ?? []).map(node => [node.name, node]));
	const withoutInstance = new Set(vast?.join.podsWithoutInstance.map(keyOf));
	const factsOf = (pod: Pod) => ({
		...toFacts(pod, clusterNodes.get(pod.node ?? '')),
		...(withoutInstance.has(keyOf(pod)) ? {withoutInstance: true as const} : {}),
	});
	const pods = kubernetes ? placePods(nodes, kubernetes, inside) : new Map<string, Pod>();
	for (const [node, pod] of pods) add(node, {pod: factsOf(pod)});
	const placed = new Set([...pods.values()].map(keyOf));

	for (const {peer, outcome} of readings)
		if (peer !== '' && outcome.reading) add(peer, {gpus: countGpus(outcome.reading)});

	const {virtualKubelet, virtualNodes = []} = kubernetes ?? {};
	return {
		byNode,
		instancesOutside: outside,
		podsOutside: (kubernetes?.pods ?? []).filter(pod => !placed.has(keyOf(pod))).map(factsOf),
		clusterNodes: virtualNodes.flatMap(name => {
			const node = clusterNodes.get(name);
			if (!node) return [];
			const {ready, readySince, taints, virtual} = node;
			return [
				{
					...{name, taints, virtual},
					...(ready === undefined ? {} : {ready}),
					...(readySince === undefined ? {} : {readySince}),
				},
			];
		}),
		...(virtualKubelet ? {virtualKubelet: viewKubelet(virtualKubelet)} : {}),
		...(kubernetes?.podsAt ? {podsAt: kubernetes.podsAt} : {}),
		...(vast ? {instancesAt: vast.at} : {}),
	};
}

/** What is to be known of instances at the next look: their nodes, without instances that are gone. Pure. */
export function rememberNodes(
	before: ReadonlyMap<string, {name: string; by: TiedBy}>,
	{instances}: Pick<VastJoin, 'instances'>,
): Map<string, {name: string; by: TiedBy}> {
	return new Map(
		instances.flatMap(({instance: {id}, node}) => {
			const last = node ?? before.get(id);
			return last ? [[id, last] as const] : [];
		}),
	);
}

const nothingRented = {inside: new Map<string, JoinedInstance>(), outside: [] as VastInstanceView[]};

/**
 * Instances by their node. Those that nobody pays for are not looked for in the tailnet by the join; their record may still be there, so
 * that their names are. One whose node left the list goes on under the name that the node had, unless another has that now.
 */
function placeInstances(
	nodes: readonly TailnetNode[],
	{join, nodeBy, lastNodes}: NonNullable<MachineInputs['vast']>,
): {inside: Map<string, JoinedInstance>; outside: VastInstanceView[]} {
	const inside = new Map<string, JoinedInstance>();
	const left: JoinedInstance[] = [];
	for (const joined of join.instances) {
		if (joined.node) inside.set(joined.node.name, joined);
		else left.push(joined);
	}
	const idle = left.filter(({paid}) => !paid).map(({instance}) => instance);
	const free = nodes.filter(({name}) => !inside.has(name)).map(node => ({node, tunnels: []}));
	const ties =
		idle.length === 0 ? undefined : tieNodes(idle, free, {nodeBy, localVantages: new Set()}, lastNodes).nodes;

	const listed = new Set(nodes.map(({name}) => name));
	const outside: VastInstanceView[] = [];
	for (const joined of left) {
		const {id} = joined.instance;
		const tied = ties?.get(id);
		if (tied) {
			inside.set(tied.node.node.name, {...joined, node: {name: tied.node.node.name, by: tied.by}});
			continue;
		}
		outside.push(viewInstance(joined));
		const last = lastNodes.get(id);
		if (last && !listed.has(last.name) && !inside.has(last.name)) inside.set(last.name, joined);
	}
	return {inside, outside};
}

/** Pods by their node: as the instance says, as the way into the pod says, by an address of the tailnet, or by the name. */
function placePods(
	nodes: readonly TailnetNode[],
	{pods, ways}: NonNullable<MachineInputs['kubernetes']>,
	inside: ReadonlyMap<string, JoinedInstance>,
): Map<string, Pod> {
	const found = new Map<string, Pod>();
	const taken = new Set<string>();
	const place = (node: string, pod: Pod | undefined) => {
		if (!pod || found.has(node) || taken.has(keyOf(pod))) return;
		found.set(node, pod);
		taken.add(keyOf(pod));
	};

	const byKey = indexPods(pods, pod => [keyOf(pod)]);
	for (const [node, joined] of inside) if (joined.pod) place(node, byKey.get(keyOf(joined.pod)));

	for (const {nodeBy, pods: ofWay} of ways) {
		if (nodeBy === 'name' || nodeBy === 'address') continue;
		const byMark = indexPods(ofWay, pod => {
			const mark = 'label' in nodeBy ? pod.labels[nodeBy.label] : pod.annotations[nodeBy.annotation];
			return mark === undefined ? [] : [mark];
		});
		for (const {name} of nodes) place(name, byMark.get(name));
	}

	const all = [...pods, ...ways.flatMap(way => way.pods)];
	if (all.length === 0) return found;
	const byAddress = indexPods(all, ({podIp}) => (podIp === undefined ? [] : [canonicalAddress(podIp) ?? podIp]));
	for (const {name, addresses} of nodes) for (const address of addresses) place(name, byAddress.get(address));

	const byName = indexPods(all, pod => [pod.name]);
	for (const {name} of nodes) place(name, byName.get(name));
	// The machine of a pod calls itself by the pod's name; of several such records only the online one can be it.
	const byHostname = Map.groupBy(
		nodes.filter(({hostname}) => hostname !== undefined && byName.has(hostname)),
		({hostname}) => hostname,
	);
	for (const [hostname, records] of byHostname) {
		const online = records.filter(node => node.online === true);
		const only = records.length === 1 ? records[0] : online.length === 1 ? online[0] : undefined;
		if (only && hostname !== undefined) place(only.name, byName.get(hostname));
	}
	return found;
}

/** The best pod of each key: what runs before what does not, what stays before what was asked to go, the youngest. */
function indexPods(pods: readonly Pod[], keysOf: (pod: Pod) => readonly string[]): Map<string, Pod> {
	const index = new Map<string, Pod>();
	for (const pod of pods)
		for (const key of keysOf(pod)) {
			const other = index.get(key);
			if (!other || isBetter(pod, other)) index.set(key, pod);
		}
	return index;
}

function isBetter(one: Pod, other: Pod): boolean {
	const rank = ({phase, deletionAt}: Pod) =>
		(phase === 'Succeeded' || phase === 'Failed' ? 0 : 2) + (deletionAt === undefined ? 1 : 0);
	return rank(one) - rank(other) > 0 || (rank(one) === rank(other) && (one.createdAt ?? 0) > (other.createdAt ?? 0));
}

function keyOf({namespace, name}: {namespace: string; name: string}): string {
	return `${namespace}/${name}`;
}

function toFacts(pod: Pod, node: Node | undefined): PodFacts {
	const {namespace, name, phase, reason, detail, ready, readySince, restarts, createdAt, deletionAt} = pod;
	const eviction = evictionAt(pod, node);
	return {
		...{namespace, name, phase, reason},
		...(detail === undefined ? {} : {detail}),
		...(ready === undefined ? {} : {ready}),
		...(readySince === undefined ? {} : {readySince}),
		...(restarts === undefined ? {} : {restarts}),
		...(pod.node === undefined ? {} : {node: pod.node}),
		...(createdAt === undefined ? {} : {createdAt}),
		...(deletionAt === undefined ? {} : {deletionAt}),
		...(eviction === undefined ? {} : {evictionAt: eviction}),
	};
}

/** One that is gone has no pods, and nobody wants any. */
function viewKubelet({
	namespace,
	deployment,
	found,
}: NonNullable<NonNullable<MachineInputs['kubernetes']>['virtualKubelet']>): NonNullable<
	MachinesView['virtualKubelet']
> {
	const {wanted = 0, available = 0, availableSince} = found.find(({name}) => name === deployment) ?? {};
	return {
		namespace,
		name: deployment,
		wanted,
		available,
		...(availableSince === undefined ? {} : {availableSince}),
	};
}

/** What came may come from a machine that lies: numbers are held to what can be, names cleaned. */
function countGpus({gpus = []}: NonNullable<GpuReading['outcome']['reading']>): NonNullable<Machine['gpus']> {
	const models = new Set(gpus.slice(0, mostGpus).map(({model = ''}) => cleanModel(model)));
	const [model = ''] = models;
	return {count: Math.min(gpus.length, mostGpus), ...(models.size === 1 && model !== '' ? {model} : {})};
}
