import {writeFileSync} from 'node:fs';
import test, {type ExecutionContext} from 'ava';
import type {KubernetesConfig} from '../../src/config/types.ts';
import {type PodWay, startKubernetes} from '../../src/kubernetes/source.ts';
import type {Logger} from '../../src/util/log.ts';
import {aPod, type FakeKubernetes, type FakeObject, fakeKubernetes, kubeconfigOf} from '../helpers/kubernetes-api.ts';
import {until} from '../helpers/until.ts';

const pods = '/api/v1/namespaces/june-services/pods';
const leases = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases';
const gpuPods = {namespace: 'june-services', selector: 'app=june-gpu-services'};

function aNode(name: string): FakeObject {
	return {metadata: {name, uid: `uid-${name}`}, status: {conditions: [{type: 'Ready', status: 'True'}]}};
}

async function start(
	t: ExecutionContext,
	more: Partial<KubernetesConfig> = {},
	{ways, arrange}: {ways?: readonly PodWay[]; arrange?(api: FakeKubernetes): void} = {},
) {
	const api = await fakeKubernetes(t);
	api.objects.set(pods, [aPod('gpu-1')]);
	api.objects.set('/api/v1/nodes', [aNode('vast-vk-0'), aNode('elsewhere')]);
	api.objects.set(`${leases}/vast-vk-0`, [
		{
			metadata: {name: 'vast-vk-0', uid: 'l'},
			spec: {renewTime: '2026-11-23T01:00:00.123456Z', leaseDurationSeconds: 40},
		},
	]);
	arrange?.(api);
	const lines: unknown[][] = [];
	const note = (...line: unknown[]) => lines.push(line);
	let changes = 0;
	const config: KubernetesConfig = {
		kubeconfigFile: api.kubeconfig,
		gpuPods,
		leases: true,
		exposureNamespaces: [],
		intervalMs: 2000,
		timeoutMs: 500,
		resyncMs: 60_000,
		...more,
	};
	const source = startKubernetes(config, {
		log: {info: note, warn: note, error: note, debug: note} as unknown as Logger,
		onChange: () => changes++,
		...(ways ? {ways} : {}),
		retryMs: 50,
	});
	t.teardown(() => source.stop());
	return {api, source, config, lines, changes: () => changes};
}

test('GPU pods, their nodes and the leases of these are read, and change', async t => {
	const {api, source, lines, changes} = await start(t);
	await until(() => source.tried() && (source.state().leases?.value?.length ?? 0) > 0);
	const before = changes();

	t.deepEqual(source.state().virtualNodes, ['vast-vk-0']);
	t.deepEqual(source.state().leases?.value, [
		{node: 'vast-vk-0', renewedAt: Date.parse('2026-11-23T01:00:00.123Z'), durationSeconds: 40},
	]);
	t.deepEqual(
		source.sources().map(({name, ok}) => [name, ok]),
		[
			['kubernetes-pods', true],
			['kubernetes-nodes', true],
			['kubernetes-leases', true],
			['kubernetes-rights', true],
		],
	);
	await until(() => api.watches() === 2);
	api.change(pods, 'ADDED', aPod('gpu-2'));
	await until(() => source.state().pods?.read.value?.items.length === 2);
	await until(() => changes() > before);
	t.deepEqual(source.problems(), []);
	t.deepEqual(lines, []);
});

test('rights that are missing are told with what to grant', async t => {
	const {source} = await start(
		t,
		{virtualKubelet: {namespace: 'kube-system', deployment: 'virtual-kubelet-vast'}},
		{
			ways: [{namespace: 'june-services', selector: 'app=june-gpu-services'}],
			arrange: api => api.denied.add('create pods/exec').add('list nodes').add('watch nodes'),
		},
	);
	await until(() => source.tried());

	t.deepEqual(source.problems(), [
		'Kubernetes does not let us list and watch nodes: grant {apiGroups: [""], resources: ["nodes"], verbs: ["list", "watch"]} by a ClusterRole.',
		'Kubernetes does not let us create pods/exec in namespace june-services: grant {apiGroups: [""], resources: ["pods/exec"], verbs: ["create"]} by a Role in namespace june-services.',
	]);
	t.is(source.state().rights.value?.filter(({allowed}) => allowed).length, 6);
});

test('pods of a way are found by its namespace and selector, and watched once where they are the GPU pods', async t => {
	const other = {namespace: 'other', selector: 'app=x', annotation: 'example.com/node'};
	const pod = {
		...aPod('x-1'),
		metadata: {...aPod('x-1').metadata, namespace: 'other', annotations: {'example.com/node': 'gpu-x', more: '1'}},
	};
	const {source} = await start(
		t,
		{},
		{ways: [gpuPods, other], arrange: api => api.objects.set('/api/v1/namespaces/other/pods', [pod])},
	);
	await until(() => source.tried());

	const {wayPods, pods: own} = source.state();
	t.is(wayPods.get('june-services app=june-gpu-services'), own);
	t.deepEqual(wayPods.get('other app=x')?.read.value?.items[0]?.annotations, {'example.com/node': 'gpu-x'});
	t.deepEqual(
		source.watched().map(({name}) => name),
		['kubernetes-pods', 'kubernetes-pods-other-1', 'kubernetes-nodes'],
	);
});

test('of the pods of a namespace only those are kept that put something on the tailnet', async t => {
	const proxy = {...aPod('ts-x'), spec: {containers: [{name: 'tailscale', image: 'tailscale/tailscale'}]}};
	const {source} = await start(
		t,
		{exposureNamespaces: ['june-services']},
		{arrange: api => api.objects.set(pods, [proxy, aPod('gpu-1')])},
	);
	await until(() => source.tried());

	const read = source.state().exposure.get('june-services')?.read;
	t.deepEqual(
		read?.value?.items.map(({name}) => name),
		['ts-x'],
	);
	t.is(read?.value?.bad, 0);
});

test('an API server that goes is told once in the log for all, and when it is back', async t => {
	const {api, source, lines} = await start(t);
	await until(() => source.tried() && api.watches() === 2);

	await api.goDown();
	await until(() => source.sources().filter(({ok}) => ok === false).length === 3 && lines.length > 0);
	t.is(source.state().pods?.read.value?.items.length, 1, 'what was known stays');
	await api.comeUp();

	await until(() => source.sources().every(({ok}) => ok === true));
	await until(() => lines.length === 2);
	t.deepEqual(
		lines.map(([, message]) => message),
		['sources fail', 'sources work again'],
	);
});

test('without any credentials everything says so, and heals when they come', async t => {
	const {api, source} = await start(t, {}, {arrange: fake => writeFileSync(fake.kubeconfig, 'clusters: []')});
	await until(() => source.tried());

	t.regex(source.sources()[0]?.detail ?? '', /leads to no cluster/);
	t.throws(() => source.access().kubeConfig(), {message: /leads to no cluster/});
	writeFileSync(api.kubeconfig, kubeconfigOf(api.port, 'token'));

	await until(() => source.sources().every(({ok}) => ok === true));
	t.is(source.access().kubeConfig().getCurrentContext(), 'lab');
});

test('a configuration that changes leaves alone what stays', async t => {
	const {api, source, config} = await start(t);
	await until(() => source.tried() && api.watches() === 2);
	const listed = (path: string) =>
		api.requests.filter(({url}) => url.pathname === path && !url.searchParams.has('watch')).length;

	source.configure({...config, gpuPods: {namespace: 'june-services', selector: 'app=others'}});
	await until(() => listed(pods) === 2);
	await until(() => source.tried());
	t.is(listed('/api/v1/nodes'), 1);

	source.configure({...config, timeoutMs: 600});
	await until(() => listed('/api/v1/nodes') === 2);
	await until(() => source.sources().every(({ok}) => ok === true));
	t.is(source.state().pods?.read.value?.items.length, 1);
});

test('one node by name is asked for as such', async t => {
	const {api, source} = await start(t, {nodes: {names: ['vast-gpu-node-python']}});
	await until(() => source.tried());

	const asked = api.requests.find(({url}) => url.pathname === '/api/v1/nodes')?.url.searchParams;
	t.is(asked?.get('fieldSelector'), 'metadata.name=vast-gpu-node-python');
	t.deepEqual(source.state().virtualNodes, ['vast-gpu-node-python']);
});

test('stopping leaves nothing behind', async t => {
	const {api, source} = await start(t);
	await until(() => source.tried() && api.watches() === 2);

	await source.stop();

	await until(() => api.sockets.size === 0);
	const before = api.requests.length;
	t.throws(() => source.access().kubeConfig());
	t.is(api.requests.length, before);
});
