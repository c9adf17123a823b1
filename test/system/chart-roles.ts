/** Which rights and which token follow from a configuration. No cluster is needed. */

import test from 'ava';
import {parseConfig} from '../../src/config/load.ts';
import {findObject, type KubernetesObject, renderChart} from './lab/chart.ts';
import {grantsOf, neededBy} from './lab/grants.ts';

const headscale = {url: 'https://headscale.example.com'};
const good = {config: {headscale}};

const gpuPods = {namespace: 'gpu-services', selector: 'app=gpu'};
const local = {name: 'local', type: 'local'};
const podWay = {namespace: 'exec', selector: 'app=gpu'};
const remote = {name: 'gpu', type: 'remote', pods: true, ways: [{pod: podWay}]};
const cli = {pod: {namespace: 'headscale', selector: 'app=headscale'}};

/** In which the values of this file are installed. */
const account = {namespace: 'monitoring', name: 'tailprobe'};

const configurations: [title: string, config: object][] = [
	['nothing of Kubernetes', {}],
	['nothing but the API', {kubernetes: {}}],
	['pods of GPUs', {kubernetes: {gpu_pods: gpuPods}}],
	['one node by its name', {kubernetes: {nodes: {names: ['virtual']}}}],
	['two nodes', {kubernetes: {nodes: {names: ['virtual', 'other']}, leases: false}}],
	['nodes by a selector', {kubernetes: {nodes: {selector: 'type=virtual-kubelet'}}}],
	['the virtual kubelet', {kubernetes: {virtual_kubelet: {namespace: 'kube-system', deployment: 'vk'}}}],
	['what is exposed', {kubernetes: {tailnet_exposure: {namespaces: ['tailscale', 'gpu-services']}, gpu_pods: gpuPods}}],
	['ways into pods', {kubernetes: {}, vantages: [local, remote]}],
	['headscale in its pod', {headscale: {...headscale, cli}, kubernetes: {}}],
	['a lease', {kubernetes: {inventory_lease: {name: 'one'}}}],
	['a lease elsewhere', {kubernetes: {inventory_lease: {name: 'one', namespace: 'leases'}}}],
];

for (const [title, more] of configurations) {
	test(`rights for ${title} are what the program asks for, and no others`, async t => {
		const config = {headscale, ...more};
		const objects = await renderChart({values: {config, tailscale: {enabled: false}}});

		const granted = grantsOf(objects, account);

		const loaded = parseConfig(JSON.stringify(config), 'tailprobe.yaml');
		if (!loaded.ok) throw new Error(loaded.mistakes.join());
		const needed = neededBy(loaded.config, {namespace: account.namespace, stateSecrets: []});
		t.deepEqual(granted, needed);
		t.deepEqual(withToken(objects), 'kubernetes' in config ? ['tailprobe'] : []);
	});
}

test('tailscale beside it may keep its own identity, and the second replica the lease', async t => {
	const secrets = ['get', 'patch', 'update'];

	const one = grantsOf(await renderChart({values: good}), account);
	const two = grantsOf(await renderChart({values: {...good, replicas: 2}}), account);

	t.deepEqual(
		one,
		secrets.map(verb => `${verb} secrets in monitoring named tailprobe-tailscale`),
	);
	t.deepEqual(
		two,
		[
			...secrets.flatMap(verb =>
				['tailprobe-b-tailscale', 'tailprobe-tailscale'].map(name => `${verb} secrets in monitoring named ${name}`),
			),
			'create coordination.k8s.io/leases in monitoring',
			'get coordination.k8s.io/leases in monitoring named tailprobe',
			'update coordination.k8s.io/leases in monitoring named tailprobe',
		].toSorted(),
	);
});

test('with a kubeconfig, or with rbac.create off, the account has no rights to read with', async t => {
	const kubernetes = {kubeconfig_file: '/run/secrets/tailprobe/kubeconfig', gpu_pods: gpuPods};
	const secrets = {kubeconfig: {secret: 'kubeconfig', key: 'config'}};
	const tailscale = {enabled: false};

	const elsewhere = await renderChart({values: {config: {headscale, kubernetes}, secrets, tailscale}});
	const off = await renderChart({
		values: {config: {headscale, kubernetes: {gpu_pods: gpuPods}}, rbac: {create: false}},
	});

	t.deepEqual(grantsOf(elsewhere, account), []);
	t.deepEqual(withToken(elsewhere), []);
	t.deepEqual(grantsOf(off, account), []);
	t.deepEqual(withToken(off), ['tailscale', 'tailprobe']);
});

test('nothing has to be named for an account that gets no rights', async t => {
	const serviceAccount = {create: false};
	const bare = {config: {headscale}, tailscale: {enabled: false}, serviceAccount};

	const without = await renderChart({values: bare});
	const byOthers = await renderChart({values: {...good, serviceAccount, rbac: {create: false}}});
	const named = await renderChart({values: {...good, serviceAccount: {create: false, name: 'mine'}}});

	t.deepEqual(grantsOf(without, {...account, name: 'default'}), []);
	t.deepEqual(grantsOf(byOthers, {...account, name: 'default'}), []);
	t.is(grantsOf(named, {...account, name: 'mine'}).length, 3);
});

interface PodSpec {
	automountServiceAccountToken: boolean;
	initContainers: Container[];
	containers: Container[];
	volumes: {name: string; projected?: {sources: object[]}}[];
}

interface Container {
	name: string;
	volumeMounts: {name: string; mountPath: string; readOnly?: boolean}[];
}

/** The containers that the token of the account is in, where Kubernetes itself would put it. Throws where it is in all of them. */
function withToken(objects: readonly KubernetesObject[]): string[] {
	const {spec} = findObject(objects, 'Deployment');
	const {automountServiceAccountToken, initContainers, containers, volumes} = (spec as {template: {spec: PodSpec}})
		.template.spec;
	if (automountServiceAccountToken) throw new Error('Kubernetes puts the token into every container.');
	// 3607 s would be a year.
	const isToken = (source: object) => JSON.stringify(source).includes('{"path":"token","expirationSeconds":10800}');
	const holders = volumes.filter(one => one.projected?.sources.some(isToken));
	return [...initContainers, ...containers].flatMap(({name, volumeMounts}) => {
		const mount = volumeMounts.find(one => holders.some(holder => holder.name === one.name));
		return mount?.mountPath === '/var/run/secrets/kubernetes.io/serviceaccount' && mount.readOnly ? [name] : [];
	});
}
