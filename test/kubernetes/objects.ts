import {readFileSync} from 'node:fs';
import test from 'ava';
import {evictionAt} from '../../src/kubernetes/evictions.ts';
import {createListing} from '../../src/kubernetes/listing.ts';
import {parseDeployment, parseLease, parseNode, withSteadySince} from '../../src/kubernetes/nodes.ts';
import {parsePod} from '../../src/kubernetes/pods.ts';
import type {Node, Pod} from '../../src/kubernetes/types.ts';
import {aPod} from '../helpers/kubernetes-api.ts';

/** Recorded from kube-apiserver 1.36.3 with controller-manager, a Virtual Kubelet 1.13 and a node whose kubelet is gone. */
const recorded = (name: string) =>
	JSON.parse(readFileSync(new URL(`../fixtures/kubernetes/${name}.json`, import.meta.url), 'utf8'));

function podOf(raw: unknown): Pod {
	const parsed = parsePod(raw);
	if (!('value' in parsed)) throw new Error(JSON.stringify(parsed));
	return parsed.value;
}

function nodeOf(raw: unknown): Node {
	const parsed = parseNode(raw);
	if (!('value' in parsed)) throw new Error(JSON.stringify(parsed));
	return parsed.value;
}

const pods: Pod[] = recorded('gpu-pods').items.map(podOf);
const nodes: Node[] = recorded('nodes').items.map(nodeOf);

test('a pod of a virtual kubelet is read', t => {
	const pod = pods.find(({name}) => name === 'gpu-1');

	t.like(pod, {
		namespace: 'june-services',
		phase: 'Running',
		reason: 'none',
		ready: true,
		restarts: 0,
		node: 'vast-vk-0',
		podIp: '10.244.0.1',
		containers: ['main'],
		labels: {app: 'june-gpu-services'},
		annotations: {},
		tolerations: [
			{key: 'node.kubernetes.io/not-ready', seconds: 300},
			{key: 'node.kubernetes.io/unreachable', seconds: 300},
		],
	});
	t.true((pod?.readySince ?? 0) > 1.79e12);
});

test('a pod whose kubelet is gone is not ready, although it is Running, and its restarts are not known', t => {
	const pod = pods.find(({name}) => name === 'gpu-python-1');

	t.like(pod, {phase: 'Running', ready: false, node: 'vast-gpu-node-python'});
	t.is(pod?.restarts, undefined);
});

test('a pod without conditions is neither ready nor not', t => {
	t.is(podOf(aPod('gpu-1', {status: {phase: 'Running'}})).ready, undefined);
	t.is(podOf(aPod('gpu-1', {status: null})).phase, 'Unknown');
});

test('nothing but what is wanted of a pod is kept', t => {
	const parsed = parsePod(
		aPod('gpu-1', {
			metadata: {
				...aPod('gpu-1').metadata,
				managedFields: [{manager: 'kubectl'}],
				labels: {node: 'june-gpu-1', 'bad key': 'x', long: 'x'.repeat(64)},
				annotations: {
					'kubectl.kubernetes.io/last-applied-configuration': 'tskey-secret',
					'example.com/node': 'june-gpu-1',
					'tailscale.com/hostname': 'gpu',
				},
			},
		}),
		key => key === 'example.com/node',
	);

	const text = JSON.stringify(parsed);
	t.notRegex(text, /managedFields|tskey|bad key/);
	t.like(parsed, {
		value: {
			labels: {node: 'june-gpu-1'},
			annotations: {'example.com/node': 'june-gpu-1', 'tailscale.com/hostname': 'gpu'},
		},
	});
});

/** Why, for a status. */
const reasonIs = test.macro({
	exec(t, more: Record<string, unknown>, reason: string, detail?: string) {
		const pod = podOf(aPod('gpu-1', more));

		t.is(pod.reason, reason as Pod['reason']);
		t.is(pod.detail, detail);
	},
	title: (_, __, reason) => `the reason of a pod is ${reason}`,
});

const waiting = (reason: string, message?: string) => ({
	status: {phase: 'Pending', containerStatuses: [{name: 'main', state: {waiting: {reason, message}}}]},
});
test(reasonIs, aPod('x'), 'none');
test(
	reasonIs,
	waiting('ImagePullBackOff', 'Back-off\npulling'),
	'ImagePullBackOff',
	'ImagePullBackOff: Back-off pulling',
);
test(
	reasonIs,
	{status: {phase: 'Failed', reason: 'NoOfferFound', message: 'none below 0.5 $/h'}},
	'other',
	'NoOfferFound: none below 0.5 $/h',
);
test(reasonIs, {metadata: {...aPod('x').metadata, deletionTimestamp: '2026-11-23T00:00:00Z'}}, 'Terminating');
test(
	reasonIs,
	{status: {phase: 'Pending', conditions: [{type: 'PodScheduled', status: 'False', reason: 'Unschedulable'}]}},
	'Unschedulable',
	'Unschedulable',
);
test(
	reasonIs,
	{status: {phase: 'Failed', containerStatuses: [{name: 'main', state: {terminated: {reason: 'OOMKilled'}}}]}},
	'OOMKilled',
	'OOMKilled',
);

test('parts of another type count as not told', t => {
	const pod = podOf(
		aPod('gpu-1', {
			spec: {nodeName: 7, tolerations: 'all', containers: [null, {name: 'main'}, {name: '$(reboot)'}]},
			status: {
				phase: ['Running'],
				podIP: '$(reboot)',
				conditions: [null, 'Ready', {type: 'Ready', status: 'Perhaps'}],
				containerStatuses: [{restartCount: -1}],
			},
		}),
	);

	t.like(pod, {phase: 'Unknown', node: undefined, podIp: undefined, ready: undefined, restarts: undefined});
	t.deepEqual(pod.containers, ['main']);
	t.deepEqual(pod.tolerations, []);
});

test('an object with a name that no API server takes is not used, and its name is not told', t => {
	const parsed = parsePod({metadata: {name: '../x\u001b[31m', namespace: 'default', uid: 'u'}});

	t.deepEqual(parsed, {problem: 'A pod without a usable name cannot be used: metadata.name is not as expected.'});
	for (const raw of [undefined, null, [], 'pod', {metadata: null}]) t.true('problem' in parsePod(raw));
});

test('a node of a virtual kubelet is read, and where its exec would go', t => {
	const [python, lab] = nodes;

	t.like(python, {name: 'vast-gpu-node-python', ready: 'unknown', virtual: true, loopback: true, schedulable: true});
	t.is(python?.kubeletPort, undefined);
	t.deepEqual(python?.taints, [
		{key: 'node.kubernetes.io/unreachable', value: '', addedAt: Date.parse('2026-11-23T01:00:36Z')},
	]);
	t.like(lab, {name: 'vast-vk-0', ready: 'true', kubeletPort: 10850, kubeletVersion: 'v1.36.3-vk-lab', taints: []});
});

test('leases and deployments are read', t => {
	const lease = parseLease(recorded('leases').items[0]);
	const deployment = parseDeployment(recorded('deployments').items[0]);

	t.like(lease, {value: {node: 'vast-vk-0', durationSeconds: 40}});
	t.true('value' in lease && (lease.value.renewedAt ?? 0) > 1.79e12);
	t.like(deployment, {value: {name: 'virtual-kubelet-vast', wanted: 1, available: 0, availableCondition: false}});
});

test('a proxy of the tailscale operator is found, with what it stands for, and without its key', t => {
	const pod = podOf(recorded('operator-pods').items[0]);

	t.deepEqual(pod.proxy, {
		kind: 'operator',
		hostnames: ['june-orchestrator', 'june-services-june-orchestrator'],
		parent: {kind: 'svc', name: 'june-orchestrator', namespace: 'june-services'},
		container: 'tailscale',
		ready: true,
	});
	t.notRegex(JSON.stringify(pod), /tskey/);
});

test('a sidecar of tailscale is found, also as an init container that goes on', t => {
	t.like(podOf(recorded('sidecar-pod')).proxy, {
		kind: 'sidecar',
		hostnames: ['livekit', 'livekit-0'],
		container: 'tailscale',
	});
	const byArgs = {
		name: 'vpn',
		image: 'registry:5000/tailscale/tailscale@sha256:00',
		args: ['up', '--hostname=June-Auth'],
	};
	t.like(podOf(aPod('auth-1', {spec: {containers: [byArgs]}})).proxy, {
		hostnames: ['june-auth', 'auth-1'],
		container: 'vpn',
	});
	const hostile = {name: 'tailscale', env: [{name: 'TS_HOSTNAME', value: '$(reboot)'}]};
	t.deepEqual(podOf(aPod('auth-1', {spec: {containers: [hostile]}})).proxy?.hostnames, ['auth-1']);
});

test('names that no API server takes are no names of a sidecar', t => {
	const container = {name: 'x\n'.repeat(100), image: 'tailscale/tailscale'};

	const {proxy} = podOf(aPod('auth-1', {spec: {hostname: '<b>'.repeat(100), containers: [container]}}));

	t.deepEqual(proxy, {kind: 'sidecar', hostnames: ['auth-1']});
});

test('what is no tailscale is no sidecar', t => {
	t.is(
		pods.find(({proxy}) => proxy),
		undefined,
	);
	const init = {name: 'tailscale', image: 'tailscale/tailscale'};
	t.is(podOf(aPod('x', {spec: {initContainers: [init]}})).proxy, undefined);
	t.is(
		podOf(aPod('x', {spec: {containers: [{name: 'main', image: 'example/not-tailscale-exporter'}]}})).proxy,
		undefined,
	);
});

test('the repository of an image is what stands before tag and digest', t => {
	const isSidecar = (image: string) =>
		podOf(aPod('x', {spec: {containers: [{name: 'main', image}]}})).proxy !== undefined;

	for (const image of [
		'tailscale',
		'tailscale:v1',
		'a:5000/tailscale',
		'a:5000/b/tailscaled:v1@sha256:00',
		'tailscale@x',
	])
		t.true(isSidecar(image), image);
	for (const image of ['', 'tailscale/other', 'a/tailscale:v1/b', 'not-tailscale', 'tailscale:v1/x:2', '@/', ':'])
		t.false(isSidecar(image), image);
});

test('texts as long as the API server lets them be hold nobody up', t => {
	const length = 1_400_000;
	for (const long of ['@'.repeat(length), '@'.repeat(length / 2), ':/'.repeat(length / 2), '['.repeat(length)].map(
		one => `${one}/`,
	)) {
		const container = {
			name: long,
			image: long,
			args: [long, ` --hostname${long}`],
			env: [{name: 'TS_EXTRA_ARGS', value: long}],
		};
		const pod = podOf(
			aPod('x', {
				spec: {hostname: long, containers: [container]},
				status: {phase: long, reason: long, message: long, podIP: long},
			}),
		);

		t.is(pod.proxy, undefined);
		t.deepEqual(pod.containers, []);
		t.true((pod.detail ?? '').length <= 300);
	}
});

const addedAt = Date.parse('2026-11-23T01:00:36Z');

test('a pod on a node that is tainted is evicted when its toleration ends', t => {
	const node = nodes[0];
	const pod = pods.find(one => one.node === node?.name) as Pod;

	t.is(evictionAt(pod, node), addedAt + 300_000);
	t.is(evictionAt({...pod, tolerations: []}, node), addedAt);
	t.is(evictionAt({...pod, tolerations: [...pod.tolerations, {seconds: 30}]}, node), addedAt + 30_000);
});

test('a pod that tolerates everything, goes already, has ended or is elsewhere is not evicted', t => {
	const [node, sound] = nodes;
	const pod = pods.find(one => one.node === node?.name) as Pod;

	t.is(evictionAt({...pod, tolerations: [{}]}, node), undefined);
	t.is(evictionAt({...pod, deletionAt: 1}, node), undefined);
	t.is(evictionAt({...pod, phase: 'Failed'}, node), undefined);
	t.is(evictionAt(pod, sound), undefined);
	t.is(evictionAt(pods[0] as Pod, sound), undefined);
	t.is(evictionAt(pod, undefined), undefined);
});

test('a node that says with each heartbeat that it is ready since now is ready since it first said so', t => {
	const listing = createListing(parseNode, withSteadySince);
	const put = (status: string, lastTransitionTime: string, uid = 'u') => {
		listing.put({metadata: {name: 'vk', uid}, status: {conditions: [{type: 'Ready', status, lastTransitionTime}]}});
		return listing.current().items[0]?.readySince;
	};

	const first = put('True', '2026-11-23T01:00:00Z');
	t.is(put('True', '2026-11-23T01:00:30Z'), first);
	t.is(put('Unknown', '2026-11-23T01:01:00Z'), Date.parse('2026-11-23T01:01:00Z'));
	t.is(put('True', '2026-11-23T01:02:00Z'), Date.parse('2026-11-23T01:02:00Z'));
	t.is(put('True', '2026-11-23T01:03:00Z', 'another'), Date.parse('2026-11-23T01:03:00Z'));
	const anew = createListing(parseNode, withSteadySince);
	const conditions = [{type: 'Ready', status: 'True', lastTransitionTime: '2026-11-23T01:09:00Z'}];
	anew.put({metadata: {name: 'vk', uid: 'another'}, status: {conditions}}, listing);
	t.is(anew.current().items[0]?.readySince, Date.parse('2026-11-23T01:03:00Z'), 'also when all is listed anew');
});
