import {readFileSync} from 'node:fs';
import test from 'ava';
import {type KubernetesReadings, kubernetesCollector} from '../../src/collectors/kubernetes.ts';
import {createListing} from '../../src/kubernetes/listing.ts';
import type {Parsed} from '../../src/kubernetes/meta.ts';
import {parseDeployment, parseLease, parseNode} from '../../src/kubernetes/nodes.ts';
import {parsePod} from '../../src/kubernetes/pods.ts';
import type {KubernetesState, WatchState} from '../../src/kubernetes/types.ts';
import {aPod} from '../helpers/kubernetes-api.ts';
import {checkRows, collect} from '../helpers/samples.ts';

const nowMs = Date.parse('2026-11-23T01:05:00Z');
const intervalMs = 15_000;
const recorded = (name: string) =>
	JSON.parse(readFileSync(new URL(`../fixtures/kubernetes/${name}.json`, import.meta.url), 'utf8'));

function watched<T>(raws: readonly unknown[], parse: (raw: unknown) => Parsed<T>, agoMs = 0): WatchState<T> {
	const listing = createListing(parse);
	for (const raw of raws) listing.put(raw);
	return {
		read: {triedAt: nowMs - agoMs, succeededAt: nowMs - agoMs, seconds: 0.1, value: listing.current()},
		restarts: 2,
	};
}

const nothing: KubernetesState = {exposure: new Map(), wayPods: new Map(), rights: {}, virtualNodes: []};

/** Lines without the prefix. */
function told(
	t: Parameters<typeof collect>[0],
	state: Partial<KubernetesState>,
	more: Partial<KubernetesReadings> = {},
) {
	const readings = {state: {...nothing, ...state}, watched: [], intervalMs, podNamespace: 'june-services', ...more};
	return collect(t, kubernetesCollector, readings, nowMs).map(line => line.replace('tailprobe_kubernetes_', ''));
}

test('its rows keep to the rules', t => {
	checkRows(t, kubernetesCollector as never);
});

test('without Kubernetes, and before anything was read, nothing is told', t => {
	t.deepEqual(collect(t, kubernetesCollector, undefined, nowMs), []);
	t.deepEqual(told(t, {}), []);
});

test('nodes are told with what their kubelet last said, when pods will be evicted, and which are missing', t => {
	const lines = told(t, {
		nodes: watched(recorded('nodes').items, parseNode),
		pods: watched(recorded('gpu-pods').items, parsePod),
		leases: {
			triedAt: nowMs,
			succeededAt: nowMs,
			value: recorded('leases').items.flatMap((raw: unknown) => {
				const parsed = parseLease(raw);
				return 'value' in parsed ? parsed.value : [];
			}),
		},
		virtualNodes: ['vast-gpu-node-python', 'vast-vk-0', 'vast-vk-9'],
	}).filter(line => line.startsWith('node_'));

	t.deepEqual(
		lines.map(line => line.replace(/"} 1795\d+(\.\d+)?$/, '"} TIME')),
		[
			'node_first_eviction_timestamp_seconds{k8s_node="vast-gpu-node-python"} TIME',
			'node_info{k8s_node="vast-gpu-node-python",kubelet_version="",kubelet_endpoint="none"} 1',
			'node_info{k8s_node="vast-vk-0",kubelet_version="v1.36.3-vk-lab",kubelet_endpoint="loopback"} 1',
			'node_lease_renewed_timestamp_seconds{k8s_node="vast-vk-0"} TIME',
			'node_present{k8s_node="vast-gpu-node-python"} 1',
			'node_present{k8s_node="vast-vk-0"} 1',
			'node_present{k8s_node="vast-vk-9"} 0',
			'node_ready_since_timestamp_seconds{k8s_node="vast-gpu-node-python"} TIME',
			'node_ready_since_timestamp_seconds{k8s_node="vast-vk-0"} TIME',
			'node_ready{k8s_node="vast-gpu-node-python",state="false"} 0',
			'node_ready{k8s_node="vast-gpu-node-python",state="true"} 0',
			'node_ready{k8s_node="vast-gpu-node-python",state="unknown"} 1',
			'node_ready{k8s_node="vast-vk-0",state="false"} 0',
			'node_ready{k8s_node="vast-vk-0",state="true"} 1',
			'node_ready{k8s_node="vast-vk-0",state="unknown"} 0',
			'node_schedulable{k8s_node="vast-gpu-node-python"} 1',
			'node_schedulable{k8s_node="vast-vk-0"} 1',
		],
	);
});

test('a pod on a node whose kubelet is gone is not ready, has no restarts, and will be evicted', t => {
	const lines = told(t, {
		nodes: watched(recorded('nodes').items, parseNode),
		pods: watched(recorded('gpu-pods').items, parsePod),
	});

	const labels = '{k8s_namespace="june-services",k8s_pod="gpu-python-1",k8s_node="vast-gpu-node-python"}';
	const evictedAt = Date.parse('2026-11-23T01:05:36Z') / 1000;
	t.true(lines.includes(`pod_ready${labels} 0`));
	t.true(lines.includes(`pod_eviction_timestamp_seconds${labels} ${evictedAt}`));
	t.false(lines.some(line => line.startsWith(`pod_restarts_total${labels}`)));
	t.true(lines.some(line => line.startsWith('pod_restarts_total{k8s_namespace="june-services",k8s_pod="gpu-1"')));
	t.true(lines.includes(`pod_info${labels.slice(0, -1)},phase="Running",reason="none"} 1`));
});

test('pods are counted by phase and reason, and every phase is there', t => {
	const failed = (name: string, reason: string) => aPod(name, {status: {phase: 'Failed', reason}});
	const pods = [aPod('a'), aPod('b'), failed('c', 'Evicted'), failed('d', 'Whatever'), failed('e', 'Another')];

	const lines = told(t, {pods: watched(pods, parsePod)}).filter(line => line.startsWith('pods{'));

	t.deepEqual(
		lines.map(line => line.replace('pods{k8s_namespace="june-services",', '')),
		[
			'phase="Failed",reason="Evicted"} 1',
			'phase="Failed",reason="none"} 0',
			'phase="Failed",reason="other"} 2',
			'phase="Pending",reason="none"} 0',
			'phase="Running",reason="none"} 2',
			'phase="Succeeded",reason="none"} 0',
			'phase="Unknown",reason="none"} 0',
		],
	);
});

test('beyond five hundred pods only their number is told', t => {
	const pods = Array.from({length: 600}, (_, at) => aPod(`gpu-${at}`));

	const lines = told(t, {pods: watched(pods, parsePod)});

	t.is(lines.filter(line => line.startsWith('pod_info')).length, 500);
	t.true(lines.includes('pods_left_out{k8s_namespace="june-services"} 100'));
	t.true(lines.includes('pods{k8s_namespace="june-services",phase="Running",reason="none"} 600'));
});

test('the deployment of the virtual kubelet is told, also when it is gone', t => {
	const virtualKubelet = {namespace: 'kube-system', deployment: 'virtual-kubelet-vast'};
	const labels = '{k8s_namespace="kube-system",k8s_deployment="virtual-kubelet-vast"}';

	const lines = told(t, {deployment: watched(recorded('deployments').items, parseDeployment)}, {virtualKubelet});
	const gone = told(t, {deployment: watched([], parseDeployment)}, {virtualKubelet});

	t.deepEqual(
		lines.map(line => line.replace(/ 1795\d+$/, ' TIME')),
		[
			`deployment_available_since_timestamp_seconds${labels} TIME`,
			`deployment_present${labels} 1`,
			`deployment_replicas_available${labels} 0`,
			`deployment_replicas_wanted${labels} 1`,
		],
	);
	t.deepEqual(gone, [`deployment_present${labels} 0`]);
});

test('what exposes services is told with its name in the tailnet', t => {
	const proxies = [...recorded('operator-pods').items, recorded('sidecar-pod')];
	const dead = {...recorded('sidecar-pod'), metadata: {...recorded('sidecar-pod').metadata, name: 'livekit-1'}};
	dead.status = {
		phase: 'Running',
		conditions: [{type: 'Ready', status: 'False'}],
		containerStatuses: [{name: 'tailscale', ready: true}],
	};

	const lines = told(t, {exposure: new Map([['tailscale', watched([...proxies, dead], parsePod)]])});

	t.deepEqual(
		lines.filter(line => line.startsWith('exposure_ready{')),
		[
			'exposure_ready{k8s_namespace="june-services",k8s_pod="livekit-0",k8s_node="vast-vk-0",kind="sidecar",peer="livekit"} 1',
			'exposure_ready{k8s_namespace="june-services",k8s_pod="livekit-1",k8s_node="vast-vk-0",kind="sidecar",peer="livekit"} 0',
			'exposure_ready{k8s_namespace="tailscale",k8s_pod="ts-june-orchestrator-x7k2f-0",k8s_node="vast-vk-0",kind="operator",peer="june-orchestrator"} 1',
		],
	);
});

test('beyond five hundred pods that expose something the first by name are told, and how many are not', t => {
	const image = 'tailscale/tailscale';
	const proxies = Array.from({length: 502}, (_, at) =>
		aPod(`ts-${String(at).padStart(3, '0')}`, {
			spec: {containers: [{name: 'tailscale', image}]},
			status: {phase: 'Running', conditions: [{type: 'Ready', status: 'True'}]},
		}),
	);

	const lines = told(t, {exposure: new Map([['june-services', watched(proxies.toReversed(), parsePod)]])});
	const ready = lines.filter(line => line.startsWith('exposure_ready{'));

	t.is(ready.length, 500);
	t.true(ready.some(line => line.includes('"ts-000"')));
	t.false(ready.some(line => line.includes('"ts-501"')));
	t.true(lines.includes('exposure_left_out{k8s_namespace="june-services"} 2'));
});

test('what is three intervals old is withdrawn, and how the watches do stays', t => {
	const pods = watched([aPod('a'), {}], parsePod, 3 * intervalMs + 1);

	const lines = told(t, {pods}, {watched: [{name: 'kubernetes-pods', state: pods}]});

	t.deepEqual(lines, [
		'bad_objects{source="kubernetes-pods"} 1',
		'objects{source="kubernetes-pods"} 1',
		'watch_restarts_total{source="kubernetes-pods"} 2',
	]);
});

test('rights are told', t => {
	const exec = {group: '', resource: 'pods', subresource: 'exec', namespace: 'june-services'};
	const lines = told(t, {
		rights: {
			value: [
				{verb: 'get', ...exec, allowed: true},
				{verb: 'create', ...exec, allowed: false},
				{verb: 'list', group: '', resource: 'nodes', allowed: true},
			],
		},
	});

	t.deepEqual(lines, [
		'allowed{verb="create",resource="pods/exec",k8s_namespace="june-services"} 0',
		'allowed{verb="get",resource="pods/exec",k8s_namespace="june-services"} 1',
		'allowed{verb="list",resource="nodes",k8s_namespace=""} 1',
	]);
});
