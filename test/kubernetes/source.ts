import {writeFileSync} from 'node:fs';
import test, {type ExecutionContext} from 'ava';
import type {KubernetesConfig} from '../../src/config/types.ts';
import {type Entered, type KubernetesSource, startKubernetes} from '../../src/kubernetes/source.ts';
import type {Logger} from '../../src/util/log.ts';
import {aPod, type FakeKubernetes, type FakeObject, fakeKubernetes, kubeconfigOf} from '../helpers/kubernetes-api.ts';
import {until} from '../helpers/until.ts';

const pods = '/api/v1/namespaces/june-services/pods';
const leases = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases';
const gpuPods = {namespace: 'june-services', selector: 'app=june-gpu-services'};

function aNode(name: string): FakeObject {
	return {metadata: {name, uid: `uid-${name}`}, status: {conditions: [{type: 'Ready', status: 'True'}]}};
}

const isSound = (source: KubernetesSource) => source.sources().every(({ok}) => ok === true);

async function start(
	t: ExecutionContext,
	more: Partial<KubernetesConfig> = {},
	{
		ways,
		headscalePod,
		hasGpuPods = true,
		arrange,
	}: Partial<Entered> & {hasGpuPods?: boolean; arrange?(api: FakeKubernetes): void} = {},
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
		...(hasGpuPods ? {gpuPods} : {}),
		leases: true,
		exposureNamespaces: [],
		// Long enough for a machine that does much else.
		intervalMs: 4000,
		timeoutMs: 3000,
		resyncMs: 60_000,
		...more,
	};
	const source = startKubernetes(config, {
		log: {info: note, warn: note, error: note, debug: note} as unknown as Logger,
		onChange: () => changes++,
		...(ways ? {entered: {ways, headscalePod}} : {}),
		retryMs: 50,
	});
	t.teardown(() => source.stop());
	return {api, source, config, lines, changes: () => changes};
}

test('GPU pods, their nodes and the leases of these are read, and change', async t => {
	const {api, source, lines, changes} = await start(t);
	await until(() => isSound(source) && (source.state().leases?.value?.length ?? 0) > 0);
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
	await until(() => isSound(source));

	t.deepEqual(source.problems(), [
		'Kubernetes does not let us list and watch nodes: grant {apiGroups: [""], resources: ["nodes"], verbs: ["list", "watch"]} by a ClusterRole.',
		'Kubernetes does not let us create pods/exec in namespace june-services: grant {apiGroups: [""], resources: ["pods/exec"], verbs: ["create"]} by a Role in namespace june-services.',
	]);
	t.is(source.state().rights.value?.filter(({allowed}) => allowed).length, 6);
});

test("rights to call headscale's command line in its pod are asked for", async t => {
	const {source} = await start(
		t,
		{},
		{ways: [], headscalePod: {namespace: 'headscale'}, arrange: api => api.denied.add('get pods/exec')},
	);
	await until(() => isSound(source));

	const asked = source.state().rights.value?.filter(({namespace}) => namespace === 'headscale');
	t.deepEqual(
		asked?.map(({verb, resource, subresource, allowed}) => [verb, resource, subresource, allowed]),
		[
			['list', 'pods', undefined, true],
			['get', 'pods', 'exec', false],
			['create', 'pods', 'exec', true],
		],
	);
	t.is(source.problems().length, 1);
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
	await until(() => isSound(source));

	const {wayPods, pods: own} = source.state();
	t.is(wayPods.get('june-services app=june-gpu-services'), own);
	t.deepEqual(wayPods.get('other app=x')?.read.value?.items[0]?.annotations, {'example.com/node': 'gpu-x'});
	t.deepEqual(
		source.watched().map(({name}) => name),
		['kubernetes-pods', 'kubernetes-pods-other/app=x', 'kubernetes-nodes'],
	);
});

test('each source has a name of its own, whatever reloads bring', async t => {
	const [first, second] = [
		{namespace: 'other', selector: 'app=x'},
		{namespace: 'other', selector: 'app=y'},
	];
	const {source, config} = await start(t, {exposureNamespaces: ['a']}, {ways: [first], hasGpuPods: false});
	const names = () =>
		source
			.sources()
			.map(({name}) => name)
			.filter(name => /pods|exposure/.test(name))
			.toSorted();
	t.deepEqual(names(), ['kubernetes-exposure-a', 'kubernetes-pods-other/app=x']);

	source.configure({...config, gpuPods, exposureNamespaces: ['b', 'a']}, {ways: [second, first]});
	t.deepEqual(names(), [
		'kubernetes-exposure-a',
		'kubernetes-exposure-b',
		'kubernetes-pods',
		'kubernetes-pods-other/app=x',
		'kubernetes-pods-other/app=y',
	]);

	source.configure({...config, gpuPods: first}, {ways: [second]});
	t.deepEqual(names(), ['kubernetes-exposure-a', 'kubernetes-pods', 'kubernetes-pods-other/app=y']);
});

test('of the pods of a namespace only those are kept that put something on the tailnet', async t => {
	const proxy = {...aPod('ts-x'), spec: {containers: [{name: 'tailscale', image: 'tailscale/tailscale'}]}};
	const {source} = await start(
		t,
		{exposureNamespaces: ['june-services']},
		{arrange: api => api.objects.set(pods, [proxy, aPod('gpu-1')])},
	);
	await until(() => isSound(source));

	const read = source.state().exposure.get('june-services')?.read;
	t.deepEqual(
		read?.value?.items.map(({name}) => name),
		['ts-x'],
	);
	t.is(read?.value?.bad, 0);
});

test('an API server that goes is told once in the log for all, and when it is back', async t => {
	const {api, source, lines} = await start(t);
	await until(() => isSound(source) && api.watches() === 2);

	await api.goDown();
	await until(() => source.sources().filter(({ok}) => ok === false).length === 3 && lines.length > 0);
	t.is(source.state().pods?.read.value?.items.length, 1, 'what was known stays');
	await api.comeUp();

	await until(() => isSound(source));
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
	await until(() => isSound(source) && api.watches() === 2);
	const listed = (path: string) =>
		api.requests.filter(({url}) => url.pathname === path && !url.searchParams.has('watch')).length;

	source.configure({...config, gpuPods: {namespace: 'june-services', selector: 'app=others'}});
	await until(() => listed(pods) === 2);
	await until(() => isSound(source));
	t.is(listed('/api/v1/nodes'), 1);

	source.configure({...config, timeoutMs: 2500});
	await until(() => listed('/api/v1/nodes') === 2);
	await until(() => isSound(source));
	t.is(source.state().pods?.read.value?.items.length, 1);
});

test('what was read counts on after a reload, until it is read anew', async t => {
	const {api, source, config} = await start(t);
	await until(() => (source.state().leases?.value?.length ?? 0) > 0 && isSound(source));
	const reviews = () => api.requests.filter(({method}) => method === 'POST').length;
	const before = {reviews: reviews(), ...source.state()};

	source.configure({...config, resyncMs: 50_000});
	t.true(isSound(source));
	t.is(source.state().rights, before.rights, 'nothing else is needed');
	t.is(source.state().leases, before.leases);
	t.is(source.state().pods?.read, before.pods?.read);

	source.configure({...config, timeoutMs: 2500}, {ways: [{namespace: 'other', selector: 'app=x'}]});
	t.true(source.tried(), 'it was tried once');
	t.deepEqual(
		source.sources().flatMap(({name, ok}) => (ok === true ? [] : name)),
		['kubernetes-pods-other/app=x'],
	);
	t.is(source.state().leases?.value, before.leases?.value);
	t.is(source.state().rights.value?.length, before.rights.value?.length);
	t.is(source.state().nodes?.read.value, before.nodes?.read.value);
	await until(() => (source.state().rights.value?.length ?? 0) > (before.rights.value?.length ?? 0));
	t.true(reviews() > before.reviews);

	source.configure({...config, timeoutMs: 2500}, {ways: []});
	t.is(
		source.state().rights.value?.length,
		before.rights.value?.length,
		'of what is not needed any more nothing is told',
	);

	source.configure({...config, kubeconfigFile: `${config.kubeconfigFile}-of-another`});
	t.deepEqual(source.state().rights, {}, 'another cluster');
	t.is(source.state().pods?.read.value, undefined);
});

test('since when a node is ready is kept over a reload', async t => {
	const node = (time: string) => ({
		metadata: {name: 'vast-vk-0', uid: 'uid-vast-vk-0'},
		status: {conditions: [{type: 'Ready', status: 'True', lastTransitionTime: time}]},
	});
	const {api, source, config} = await start(
		t,
		{},
		{arrange: fake => fake.objects.set('/api/v1/nodes', [node('2026-11-23T01:00:00Z')])},
	);
	await until(() => isSound(source) && api.watches() === 2);

	api.objects.set('/api/v1/nodes', [node('2026-11-23T02:00:00Z'), aNode('new')]);
	source.configure({...config, timeoutMs: 2500});
	await until(() => source.state().nodes?.read.value?.items.length === 2);

	t.is(source.state().nodes?.read.value?.items[0]?.readySince, Date.parse('2026-11-23T01:00:00Z'));
});

test('with pod ways alone, nodes are read where we may, and told where we may not', async t => {
	const lone = {ways: [gpuPods], hasGpuPods: false};
	const {source} = await start(t, {}, lone);
	await until(() => source.state().nodes?.read.value !== undefined);
	t.is(source.state().nodes?.read.value?.items.length, 2);
	t.deepEqual(source.state().virtualNodes, [], 'nobody said that these are virtual');
	t.is(source.state().leases, undefined);

	const refused = await start(t, {}, {...lone, arrange: api => api.denied.add('watch nodes')});
	await until(() => isSound(refused.source));

	t.is(refused.source.state().nodes, undefined);
	t.true(refused.source.tried());
	t.deepEqual(refused.source.problems(), [
		'Kubernetes does not let us watch nodes: grant {apiGroups: [""], resources: ["nodes"], verbs: ["watch"]} by a ClusterRole. Ways of type pod go on without it, but cannot tell a kubelet that serves no exec from one that is down.',
	]);
	t.false(refused.api.requests.some(({url}) => url.pathname === '/api/v1/nodes'));
});

test('one node by name is asked for as such', async t => {
	const {api, source} = await start(t, {nodes: {names: ['vast-gpu-node-python']}});
	await until(() => isSound(source));

	const asked = api.requests.find(({url}) => url.pathname === '/api/v1/nodes')?.url.searchParams;
	t.is(asked?.get('fieldSelector'), 'metadata.name=vast-gpu-node-python');
	t.deepEqual(source.state().virtualNodes, ['vast-gpu-node-python']);
});

test('stopping leaves nothing behind', async t => {
	const {api, source} = await start(t);
	await until(() => isSound(source) && api.watches() === 2);

	await source.stop();

	await until(() => api.sockets.size === 0);
	const before = api.requests.length;
	t.throws(() => source.access().kubeConfig());
	t.is(api.requests.length, before);
});

test('rights to the lease of the inventories are asked for where it is', async t => {
	const {source} = await start(
		t,
		{inventoryLease: {name: 'tailprobe', namespace: 'monitoring'}},
		{arrange: api => api.denied.add('update leases').add('create leases')},
	);
	await until(() => isSound(source));

	const asked = source.state().rights.value?.filter(({namespace}) => namespace === 'monitoring');
	t.deepEqual(
		asked?.map(({verb, resource, name, allowed}) => [verb, resource, name, allowed]),
		[
			['get', 'leases', 'tailprobe', true],
			['update', 'leases', 'tailprobe', false],
			['create', 'leases', undefined, false],
		],
	);
	t.deepEqual(source.problems(), [
		'Kubernetes does not let us update and create leases in namespace monitoring: grant {apiGroups: ["coordination.k8s.io"], resources: ["leases"], verbs: ["update", "create"]} by a Role in namespace monitoring. Until then every replica exports the inventories.',
	]);
});

test('where it is not known in which namespace that lease is, its rights are left out', async t => {
	const {source} = await start(t, {inventoryLease: {name: 'tailprobe'}});
	await until(() => isSound(source));

	t.deepEqual(
		source.state().rights.value?.filter(({name}) => name === 'tailprobe'),
		[],
	);
});
