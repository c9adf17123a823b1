/** What the Kubernetes API says of GPU pods, virtual nodes and what exposes services to the tailnet. What it does not tell is absent. */

import {evictionAt} from '../kubernetes/evictions.ts';
import {
	type Deployment,
	type KubernetesState,
	type Node,
	type Pod,
	podPhases,
	type WatchState,
} from '../kubernetes/types.ts';
import type {MetricDef, Sample} from '../metrics/types.ts';
import {freshValue} from '../sources/read.ts';
import type {Collector} from './types.ts';

export interface KubernetesReadings {
	state: KubernetesState;
	watched: readonly {name: string; state: WatchState<unknown>}[];
	intervalMs: number;
	/** The deployment that should be there. */
	virtualKubelet?: {namespace: string; deployment: string} | undefined;
	/** The namespace of the GPU pods. */
	podNamespace?: string | undefined;
}

const pod = ['k8s_namespace', 'k8s_pod', 'k8s_node'] as const;

export const kubernetesMetrics = {
	nodePresent: {
		name: 'tailprobe_kubernetes_node_present',
		type: 'gauge',
		help: '1 if the node is there; 0 if it is configured, or a GPU pod is on it, and Kubernetes knows no such node.',
		labels: ['k8s_node'],
	},
	nodeReady: {
		name: 'tailprobe_kubernetes_node_ready',
		type: 'gauge',
		help: 'The condition Ready of a virtual node: exactly one of true, false and unknown is 1. Unknown means that its kubelet stopped telling.',
		labels: ['k8s_node', 'state'],
	},
	nodeReadySince: {
		name: 'tailprobe_kubernetes_node_ready_since_timestamp_seconds',
		type: 'gauge',
		help: 'When the condition Ready of the node changed last.',
		labels: ['k8s_node'],
	},
	nodeSchedulable: {
		name: 'tailprobe_kubernetes_node_schedulable',
		type: 'gauge',
		help: '0 while the node is cordoned, otherwise 1.',
		labels: ['k8s_node'],
	},
	nodeInfo: {
		name: 'tailprobe_kubernetes_node_info',
		type: 'gauge',
		help: 'Version of the kubelet, and where it serves exec and logs: `none` (it tells no port), `loopback` (only on the machine of the API server), `routable`.',
		labels: ['k8s_node', 'kubelet_version', 'kubelet_endpoint'],
	},
	nodeEviction: {
		name: 'tailprobe_kubernetes_node_first_eviction_timestamp_seconds',
		type: 'gauge',
		help: 'When the first GPU pod on the node will be evicted, which ends its machine; absent while none will be.',
		labels: ['k8s_node'],
	},
	leaseRenewed: {
		name: 'tailprobe_kubernetes_node_lease_renewed_timestamp_seconds',
		type: 'gauge',
		help: "When the node's lease was renewed last, on the clock of its kubelet; absent where it has none.",
		labels: ['k8s_node'],
	},
	pods: {
		name: 'tailprobe_kubernetes_pods',
		type: 'gauge',
		help: 'GPU pods by phase, and by reason (none, or a word of Kubernetes, or other).',
		labels: ['k8s_namespace', 'phase', 'reason'],
	},
	podsLeftOut: {
		name: 'tailprobe_kubernetes_pods_left_out',
		type: 'gauge',
		help: 'GPU pods beyond the first 500, which have no series of their own.',
		labels: ['k8s_namespace'],
	},
	podInfo: {
		name: 'tailprobe_kubernetes_pod_info',
		type: 'gauge',
		help: 'Phase and reason of a GPU pod. Phase stays Running when its kubelet is gone: go by ready.',
		labels: [...pod, 'phase', 'reason'],
	},
	podReady: {
		name: 'tailprobe_kubernetes_pod_ready',
		type: 'gauge',
		help: '1 while the condition Ready of the GPU pod is true, otherwise 0; absent where its kubelet tells none.',
		labels: pod,
	},
	podReadySince: {
		name: 'tailprobe_kubernetes_pod_ready_since_timestamp_seconds',
		type: 'gauge',
		help: 'When the condition Ready of the GPU pod changed last.',
		labels: pod,
	},
	podRestarts: {
		name: 'tailprobe_kubernetes_pod_restarts_total',
		type: 'counter',
		help: 'Restarts of all containers of the GPU pod; absent where its kubelet tells of none.',
		labels: pod,
	},
	podDeletion: {
		name: 'tailprobe_kubernetes_pod_deletion_timestamp_seconds',
		type: 'gauge',
		help: 'Until when the GPU pod, which was asked to go, should be gone; absent otherwise.',
		labels: pod,
	},
	podEviction: {
		name: 'tailprobe_kubernetes_pod_eviction_timestamp_seconds',
		type: 'gauge',
		help: 'When the GPU pod will be evicted because of its node; absent while it will not.',
		labels: pod,
	},
	deploymentPresent: {
		name: 'tailprobe_kubernetes_deployment_present',
		type: 'gauge',
		help: '1 if the deployment of the virtual kubelet is there, otherwise 0.',
		labels: ['k8s_namespace', 'k8s_deployment'],
	},
	deploymentWanted: {
		name: 'tailprobe_kubernetes_deployment_replicas_wanted',
		type: 'gauge',
		help: 'Pods that the deployment of the virtual kubelet should have.',
		labels: ['k8s_namespace', 'k8s_deployment'],
	},
	deploymentAvailable: {
		name: 'tailprobe_kubernetes_deployment_replicas_available',
		type: 'gauge',
		help: 'Pods of the deployment of the virtual kubelet that are available.',
		labels: ['k8s_namespace', 'k8s_deployment'],
	},
	deploymentSince: {
		name: 'tailprobe_kubernetes_deployment_available_since_timestamp_seconds',
		type: 'gauge',
		help: 'When the condition Available of the deployment changed last.',
		labels: ['k8s_namespace', 'k8s_deployment'],
	},
	exposureReady: {
		name: 'tailprobe_kubernetes_exposure_ready',
		type: 'gauge',
		help: 'Whether a pod that puts a service on the tailnet is ready (kind operator or sidecar; peer is its likeliest name there); absent where its kubelet tells nothing.',
		labels: [...pod, 'kind', 'peer'],
	},
	exposureReadySince: {
		name: 'tailprobe_kubernetes_exposure_ready_since_timestamp_seconds',
		type: 'gauge',
		help: 'When the condition Ready of that pod changed last.',
		labels: [...pod, 'kind', 'peer'],
	},
	exposureLeftOut: {
		name: 'tailprobe_kubernetes_exposure_left_out',
		type: 'gauge',
		help: 'Pods beyond the first 500 that put a service on the tailnet, which have no series of their own.',
		labels: ['k8s_namespace'],
	},
	objects: {
		name: 'tailprobe_kubernetes_objects',
		type: 'gauge',
		help: 'Objects that are kept of what is watched.',
		labels: ['source'],
	},
	badObjects: {
		name: 'tailprobe_kubernetes_bad_objects',
		type: 'gauge',
		help: 'Objects that could not be used, or were too many.',
		labels: ['source'],
	},
	watchRestarts: {
		name: 'tailprobe_kubernetes_watch_restarts_total',
		type: 'counter',
		help: 'How often a watch broke, was refused or ended too early, and began anew.',
		labels: ['source'],
	},
	allowed: {
		name: 'tailprobe_kubernetes_allowed',
		type: 'gauge',
		help: 'Whether Kubernetes grants a right that is used, asked at the start and every hour. Exec needs both get and create of pods/exec.',
		labels: ['verb', 'resource', 'k8s_namespace'],
	},
} as const satisfies Record<string, MetricDef>;

/** Series of single pods beyond so many would be no help to anybody. */
const maxPods = 500;

/** The readings of the one cluster; undefined: Kubernetes is not configured. */
export const kubernetesCollector: Collector<KubernetesReadings | undefined> = {
	name: 'kubernetes',
	metrics: Object.values(kubernetesMetrics),
	collect(readings, nowMs) {
		if (!readings) return [];
		const {state, intervalMs, virtualKubelet, podNamespace = ''} = readings;
		const now = <T>(watch: WatchState<T> | undefined) => watch && freshValue(watch.read, intervalMs, nowMs)?.items;
		const nodes = now(state.nodes);
		const pods = now(state.pods);
		const deployments = now(state.deployment);
		const leases = state.leases && freshValue(state.leases, intervalMs, nowMs);
		return [
			...(nodes ? describeNodes(nodes, state.virtualNodes, pods ?? []) : []),
			...(leases ?? []).flatMap(({node, renewedAt}) =>
				timestamp(kubernetesMetrics.leaseRenewed, renewedAt, {k8s_node: node}),
			),
			...(pods ? describePods(pods, nodes ?? [], podNamespace) : []),
			...(deployments && virtualKubelet ? describeDeployment(deployments, virtualKubelet) : []),
			...[...state.exposure].flatMap(([namespace, watch]) => {
				const proxies = now(watch);
				return proxies ? describeExposure(proxies, namespace) : [];
			}),
			...readings.watched.flatMap(({name, state: watch}) => describeWatch(name, watch)),
			...describeRights(state.rights.value ?? []),
		];
	},
};

function describeNodes(all: readonly Node[], virtualNodes: readonly string[], pods: readonly Pod[]): Sample[] {
	const byName = new Map(all.map(node => [node.name, node]));
	return virtualNodes.slice(0, maxPods).flatMap(name => {
		const node = byName.get(name);
		const labels = {k8s_node: name};
		const present = sample(kubernetesMetrics.nodePresent, Number(node !== undefined), labels);
		if (!node) return present;
		const {ready, readySince, schedulable, kubeletVersion = '', kubeletPort, loopback} = node;
		const kubelet_endpoint = kubeletPort === undefined ? 'none' : loopback ? 'loopback' : 'routable';
		const evictions = pods.flatMap(one => evictionAt(one, node) ?? []);
		return [
			present,
			...(ready === undefined
				? []
				: (['true', 'false', 'unknown'] as const).map(state =>
						sample(kubernetesMetrics.nodeReady, Number(state === ready), {...labels, state}),
					)),
			...timestamp(kubernetesMetrics.nodeReadySince, readySince, labels),
			sample(kubernetesMetrics.nodeSchedulable, Number(schedulable), labels),
			sample(kubernetesMetrics.nodeInfo, 1, {...labels, kubelet_version: kubeletVersion, kubelet_endpoint}),
			...timestamp(kubernetesMetrics.nodeEviction, evictions.length === 0 ? undefined : Math.min(...evictions), labels),
		];
	});
}

function describePods(pods: readonly Pod[], nodes: readonly Node[], k8s_namespace: string): Sample[] {
	const byName = new Map(nodes.map(node => [node.name, node]));
	// Every phase is there, so that one that nobody is in any more falls to zero.
	const counts = new Map(podPhases.map(phase => [`${phase} none`, 0]));
	for (const {phase, reason} of pods) {
		const key = `${phase} ${reason}`;
		counts.set(key, (counts.get(key) ?? 0) + 1);
	}
	const shown = firstOf(pods);
	return [
		...[...counts].map(([key, count]) => {
			const [phase = '', reason = ''] = key.split(' ');
			return sample(kubernetesMetrics.pods, count, {k8s_namespace, phase, reason});
		}),
		sample(kubernetesMetrics.podsLeftOut, pods.length - shown.length, {k8s_namespace}),
		...shown.flatMap(one => describePod(one, byName.get(one.node ?? ''))),
	];
}

/** The same ones at each scrape, in whatever order they became known. */
function firstOf(pods: readonly Pod[]): Pod[] {
	return pods.toSorted((a, b) => (a.name < b.name ? -1 : 1)).slice(0, maxPods);
}

function describePod(one: Pod, node: Node | undefined): Sample[] {
	const {phase, reason, ready, readySince, restarts, deletionAt} = one;
	const labels = podLabels(one);
	return [
		sample(kubernetesMetrics.podInfo, 1, {...labels, phase, reason}),
		...(ready === undefined ? [] : [sample(kubernetesMetrics.podReady, Number(ready), labels)]),
		...timestamp(kubernetesMetrics.podReadySince, readySince, labels),
		...(restarts === undefined ? [] : [sample(kubernetesMetrics.podRestarts, restarts, labels)]),
		...timestamp(kubernetesMetrics.podDeletion, deletionAt, labels),
		...timestamp(kubernetesMetrics.podEviction, evictionAt(one, node), labels),
	];
}

function describeDeployment(
	deployments: readonly Deployment[],
	{namespace, deployment}: {namespace: string; deployment: string},
): Sample[] {
	const labels = {k8s_namespace: namespace, k8s_deployment: deployment};
	const found = deployments.find(({name}) => name === deployment);
	const present = sample(kubernetesMetrics.deploymentPresent, Number(found !== undefined), labels);
	if (!found) return [present];
	return [
		present,
		sample(kubernetesMetrics.deploymentWanted, found.wanted, labels),
		sample(kubernetesMetrics.deploymentAvailable, found.available, labels),
		...timestamp(kubernetesMetrics.deploymentSince, found.availableSince, labels),
	];
}

function describeExposure(proxies: readonly Pod[], k8s_namespace: string): Sample[] {
	const shown = firstOf(proxies);
	return [
		sample(kubernetesMetrics.exposureLeftOut, proxies.length - shown.length, {k8s_namespace}),
		...shown.flatMap(describeProxy),
	];
}

function describeProxy(one: Pod): Sample[] {
	const {proxy, ready, readySince} = one;
	if (!proxy) return [];
	const labels = {...podLabels(one), kind: proxy.kind, peer: proxy.hostnames[0] ?? ''};
	// A pod whose kubelet is gone is not ready, whatever its containers were when they were last heard of.
	const isReady = ready === false ? false : (proxy.ready ?? ready);
	return [
		...(isReady === undefined ? [] : [sample(kubernetesMetrics.exposureReady, Number(isReady), labels)]),
		...timestamp(kubernetesMetrics.exposureReadySince, readySince, labels),
	];
}

function describeWatch(source: string, {read, restarts}: WatchState<unknown>): Sample[] {
	const labels = {source};
	return [
		sample(kubernetesMetrics.watchRestarts, restarts, labels),
		...(read.value
			? [
					sample(kubernetesMetrics.objects, read.value.items.length, labels),
					sample(kubernetesMetrics.badObjects, read.value.bad, labels),
				]
			: []),
	];
}

function describeRights(rights: NonNullable<KubernetesState['rights']['value']>): Sample[] {
	return rights.map(({verb, resource, subresource, namespace = '', allowed}) =>
		sample(kubernetesMetrics.allowed, Number(allowed), {
			verb,
			resource: subresource === undefined ? resource : `${resource}/${subresource}`,
			k8s_namespace: namespace,
		}),
	);
}

function podLabels({namespace, name, node = ''}: Pod): {k8s_namespace: string; k8s_pod: string; k8s_node: string} {
	return {k8s_namespace: namespace, k8s_pod: name, k8s_node: node};
}

function timestamp(def: MetricDef, atMs: number | undefined, labels: Record<string, string>): Sample[] {
	return atMs === undefined ? [] : [sample(def, atMs / 1000, labels)];
}

function sample({name}: MetricDef, value: number, labels: Record<string, string>): Sample {
	return {name, labels, value};
}
