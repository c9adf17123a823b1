/** The chart's rights by doing: with the token of its service account all that the daemon does is allowed, and nothing else is. */

import {mkdir, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import test from 'ava';
import {parseConfig} from '../../src/config/load.ts';
import {canRun, systemTest} from './lab/can-run.ts';
import {chartFolder, findObject, renderChart} from './lab/chart.ts';
import {type Identity, startChartDaemon} from './lab/chart-daemon.ts';
import {type ChartScene, exampleValues, startChartScene} from './lab/chart-scene.ts';
import {installMonitoringCrds} from './lab/crds.ts';
import {grantsOf, neededBy} from './lab/grants.ts';
import type {KubernetesObject} from './lab/kubernetes.ts';
import type {ApiRequest} from './lab/kubernetes-requests.ts';
import type {Series} from './lab/prober.ts';

type Asked = Omit<ApiRequest, 'token'>;

let scene: ChartScene;
let token: string;

const virtualNode = 'vast-gpu-node-python';
const gpuPod = 'june-gpu-00000001';
/** Release, namespace and example. Of June there are two replicas, so that there is a lease. */
const june: Identity = {namespace: 'tailprobe', configMap: 'tailprobe', account: 'tailprobe'};
const everything: Identity = {namespace: 'monitoring', configMap: 'tailprobe', account: 'tailprobe'};

if (canRun) {
	test.before(async () => {
		scene = await startChartScene([virtualNode]);
		const {kubernetes} = scene;
		await installMonitoringCrds(kubernetes);
		await kubernetes.apply(...strangers, gpuPodOfEverything, await headscalePod());
		await kubernetes.pods({name: gpuPod, node: virtualNode});
		await install(june, 'june', '--set', 'replicas=2');
		await install(everything, 'everything');
		token = await scene.tokenOf(june.namespace, june.account);
	});
	test.after.always(() => scene?.stop());
}

systemTest('the Roles of each example grant what its configuration makes the daemon do, and no more', async t => {
	const withRights: string[] = [];
	for (const {name, file} of await exampleValues()) {
		const objects = await renderChart({values: [file], namespace: june.namespace});
		const loaded = parseConfig(configOf(objects), '/etc/tailprobe/tailprobe.yaml');
		if (!loaded.ok) throw new Error(`The configuration of ${name} is wrong:\n${loaded.mistakes.join('\n')}`);
		const stateSecrets = objects.filter(
			({kind, metadata}) => kind === 'Secret' && metadata.name.endsWith('-tailscale'),
		);

		const granted = grantsOf(objects, {namespace: june.namespace, name: accountOf(objects)});
		const needed = neededBy(loaded.config, {
			namespace: june.namespace,
			stateSecrets: stateSecrets.map(({metadata}) => metadata.name),
		});

		t.deepEqual(granted, needed, name);
		if (needed.length > 0) withRights.push(name);
	}
	t.true(withRights.length >= 3, withRights.join());
});

systemTest(
	"with the chart's rights the daemon reads all that June's configuration wants, and holds the lease",
	async t => {
		const daemon = await startChartDaemon(scene, june);
		t.teardown(daemon.stop);
		// Without tailscaled it leaves a free lease to others for a while.
		const now = await daemon.until(
			series => isAllAllowed(series) && isAllRead(series) && series.value('tailprobe_inventory_exported') === 1,
		);
		const lease = await scene.kubernetes.request('GET', `${leases}/tailprobe/leases/tailprobe`);

		t.is(now.value('tailprobe_kubernetes_node_ready', {k8s_node: virtualNode, state: 'true'}), 1);
		t.is(now.value('tailprobe_kubernetes_deployment_present'), 1);
		t.is(now.value('tailprobe_kubernetes_pod_ready', {k8s_pod: gpuPod}), 1);
		t.is(now.value('tailprobe_source_read_success', {source: 'kubernetes-lease'}), 1);
		t.is(now.value('tailprobe_inventory_exported'), 1);
		t.truthy((lease as {spec: {holderIdentity?: string}}).spec.holderIdentity);
	},
);

systemTest('where the configuration goes into pods, it may, and does', async t => {
	const daemon = await startChartDaemon(scene, everything);
	t.teardown(daemon.stop);
	const now = await daemon.until(
		series =>
			isAllAllowed(series) &&
			series.value('tailprobe_source_read_success', {source: 'headscale-nodes'}) === 1 &&
			series.all('tailprobe_vantage_way_state', {way: 'pod', state: 'used'}).some(({value}) => value === 1),
	);

	for (const verb of ['get', 'create'])
		t.is(now.value('tailprobe_kubernetes_allowed', {verb, resource: 'pods/exec', k8s_namespace: 'gpu-services'}), 1);
	// Listed by the command line in its pod.
	t.is(now.all('tailprobe_headscale_node_online').length, 2);
});

systemTest('what the daemon never does is refused', async t => {
	for (const [what, request] of Object.entries(forbidden)) {
		const {status} = await scene.kubernetes.ask({token, ...request});
		t.is(status, 403, what);

		// That the request is one, and would change nothing.
		const asAdministrator = await scene.kubernetes.ask(request);
		t.false([401, 403, 404, 405].includes(asAdministrator.status), `${what}: ${JSON.stringify(asAdministrator)}`);
	}
});

systemTest('an exec right in one namespace is none in another', async t => {
	const theirs = await scene.tokenOf(everything.namespace, everything.account);
	const exec = (space: string) => scene.kubernetes.ask({token: theirs, method: 'GET', path: execPath(space, 'any')});

	t.not((await exec('gpu-services')).status, 403);
	for (const space of ['june-services', 'monitoring', 'kube-system']) t.is((await exec(space)).status, 403, space);
});

systemTest("the state of its own nodes is tailscale's to write, and no other Secret is", async t => {
	const ask = (request: Asked) => scene.kubernetes.ask({token, ...request});
	const path = secretPath(june.namespace, 'tailprobe-tailscale');
	const type = 'application/strategic-merge-patch+json';
	const data = {profile: Buffer.from('state').toString('base64')};

	const read = await ask({method: 'GET', path});
	const patched = await ask({method: 'PATCH', path, type, body: {data}});
	const written = await ask({method: 'PUT', path, body: patched.body});
	const again = await ask({method: 'GET', path});

	t.deepEqual([read.status, patched.status, written.status], [200, 200, 200]);
	t.like(again.body, {data});
	for (const name of ['another-tailscale', 'tailprobe-token', 'vast-credentials']) {
		const other = secretPath(june.namespace, name);
		t.is((await ask({method: 'GET', path: other})).status, 403, name);
		t.is((await ask({method: 'PATCH', path: other, type, body: {data}})).status, 403, name);
	}
	const theirs = secretPath(everything.namespace, 'tailprobe-tailscale');
	t.is((await ask({method: 'GET', path: theirs})).status, 403);
});

const core = '/api/v1/namespaces';
const leases = '/apis/coordination.k8s.io/v1/namespaces';
const rbac = '/apis/rbac.authorization.k8s.io/v1';
const merge = 'application/merge-patch+json';
const dry = 'dryRun=All';
const label = {metadata: {labels: {lab: 'x'}}};
const execPath = (space: string, pod: string) =>
	`${core}/${space}/pods/${pod}/exec?command=true&stdout=true&container=main`;
const secretPath = (space: string, name: string) => `${core}/${space}/secrets/${name}`;
const podPath = `${core}/june-services/pods/${gpuPod}`;

/** By what it would be. With June's configuration, which goes into no pods. */
const forbidden: Readonly<Record<string, Asked>> = {
	'list the Secrets of its own namespace': {method: 'GET', path: `${core}/tailprobe/secrets`},
	'list all Secrets': {method: 'GET', path: '/api/v1/secrets'},
	'read the token of its own page': {method: 'GET', path: secretPath('tailprobe', 'tailprobe-token')},
	'read the key of vast.ai': {method: 'GET', path: secretPath('kube-system', 'vast-credentials')},
	'create a Secret': {method: 'POST', path: `${core}/tailprobe/secrets?${dry}`, body: {metadata: {name: 'x'}}},
	'delete the state of its node': {method: 'DELETE', path: `${secretPath('tailprobe', 'tailprobe-tailscale')}?${dry}`},
	'read ConfigMaps': {method: 'GET', path: `${core}/tailprobe/configmaps`},
	'list pods of another namespace': {method: 'GET', path: `${core}/headscale/pods`},
	'list all pods': {method: 'GET', path: '/api/v1/pods'},
	'create a pod': {
		method: 'POST',
		path: `${core}/june-services/pods?${dry}`,
		body: {metadata: {name: 'x'}, spec: {containers: [{name: 'x', image: 'x'}]}},
	},
	'delete a pod': {method: 'DELETE', path: `${podPath}?${dry}`},
	'change a pod': {method: 'PATCH', path: `${podPath}?${dry}`, type: merge, body: label},
	'exec into a pod': {method: 'GET', path: execPath('june-services', gpuPod)},
	'exec into a pod by POST': {method: 'POST', path: execPath('june-services', gpuPod)},
	'evict a pod': {
		method: 'POST',
		path: `${podPath}/eviction?${dry}`,
		body: {apiVersion: 'policy/v1', kind: 'Eviction', metadata: {name: gpuPod}},
	},
	'reach through a node': {method: 'GET', path: `/api/v1/nodes/${virtualNode}/proxy/pods`},
	'change a node': {method: 'PATCH', path: `/api/v1/nodes/${virtualNode}?${dry}`, type: merge, body: label},
	"write a node's lease": {
		method: 'POST',
		path: `${leases}/kube-node-lease/leases?${dry}`,
		body: {metadata: {name: 'x'}, spec: {}},
	},
	'write the lease of another': {
		method: 'PATCH',
		path: `${leases}/tailprobe/leases/another?${dry}`,
		type: merge,
		body: label,
	},
	'change a deployment': {
		method: 'PATCH',
		path: `/apis/apps/v1/namespaces/kube-system/deployments/virtual-kubelet-vast?${dry}`,
		type: merge,
		body: {spec: {replicas: 0}},
	},
	'widen its own role': {
		method: 'PATCH',
		path: `${rbac}/namespaces/tailprobe/roles/tailprobe?${dry}`,
		type: merge,
		body: {rules: [{apiGroups: ['*'], resources: ['*'], verbs: ['*']}]},
	},
	'become cluster-admin': {
		method: 'POST',
		path: `${rbac}/clusterrolebindings?${dry}`,
		body: {
			metadata: {name: 'x'},
			roleRef: {apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin'},
			subjects: [{kind: 'ServiceAccount', name: 'tailprobe', namespace: 'tailprobe'}],
		},
	},
	'make tokens': {method: 'POST', path: `${core}/tailprobe/serviceaccounts/tailprobe/token?${dry}`, body: {spec: {}}},
};

function isAllAllowed(series: Series): boolean {
	const rights = series.all('tailprobe_kubernetes_allowed');
	return rights.length > 0 && rights.every(({value}) => value === 1);
}

/** Of Kubernetes: nothing else is there. */
function isAllRead(series: Series): boolean {
	const sources = series
		.all('tailprobe_source_read_success')
		.filter(({labels}) => labels.source?.startsWith('kubernetes'));
	return sources.length >= 6 && sources.every(({value}) => value === 1);
}

async function install({namespace}: Identity, example: string, ...args: readonly string[]): Promise<void> {
	const found = (await exampleValues()).find(({name}) => name === example);
	if (found === undefined) throw new Error(`There is no example ${example}.`);
	await scene.mustHelm('install', 'tailprobe', chartFolder, '-n', namespace, '-f', found.file, ...args);
}

function configOf(objects: readonly KubernetesObject[]): string {
	const {data} = findObject(objects, 'ConfigMap', 'tailprobe') as KubernetesObject & {data: Record<string, string>};
	return data['tailprobe.yaml'] ?? '';
}

function accountOf(objects: readonly KubernetesObject[]): string {
	const {spec} = findObject(objects, 'Deployment', 'tailprobe');
	return (spec as {template: {spec: {serviceAccountName: string}}}).template.spec.serviceAccountName;
}

const podSpec = {containers: [{name: 'main', image: 'example/any:1'}]};

/** What others have in the cluster. */
const strangers: readonly KubernetesObject[] = [
	{
		apiVersion: 'apps/v1',
		kind: 'Deployment',
		metadata: {name: 'virtual-kubelet-vast', namespace: 'kube-system'},
		spec: {
			selector: {matchLabels: {app: 'virtual-kubelet'}},
			template: {metadata: {labels: {app: 'virtual-kubelet'}}, spec: podSpec},
		},
	},
	{
		apiVersion: 'v1',
		kind: 'Secret',
		metadata: {name: 'vast-credentials', namespace: 'kube-system'},
		stringData: {'api-key': 'made-up'},
	},
	{
		apiVersion: 'coordination.k8s.io/v1',
		kind: 'Lease',
		metadata: {name: 'another', namespace: 'tailprobe'},
		spec: {holderIdentity: 'another', leaseDurationSeconds: 30},
	},
];

/** What the example with everything looks from: its name is that of the node. */
const gpuPodOfEverything: KubernetesObject = {
	apiVersion: 'v1',
	kind: 'Pod',
	metadata: {name: 'gpu-1', namespace: 'gpu-services', labels: {app: 'gpu'}},
	spec: {...podSpec, nodeName: virtualNode},
};

/** The pod of headscale, with a command line that knows two nodes and nothing else. */
async function headscalePod(): Promise<KubernetesObject> {
	const programs = join(scene.directory, 'headscale-programs');
	const node = (id: number, name: string, user: string) => {
		const address = `100.64.0.${id}`;
		return {id, name, given_name: name, ip_addresses: [address], user: {id, name: user}, online: true};
	};
	const nodes = JSON.stringify([node(8, gpuPod, 'june'), node(9, gpuPodOfEverything.metadata.name, 'platform')]);
	const script = `#!/bin/sh\ncase $1 in nodes) echo '${nodes}' ;; *) echo '[]' ;; esac\n`;
	await mkdir(programs);
	await writeFile(join(programs, 'headscale'), script, {mode: 0o755});
	return {
		apiVersion: 'v1',
		kind: 'Pod',
		metadata: {
			name: 'headscale-0',
			namespace: 'headscale',
			labels: {app: 'headscale', 'app.kubernetes.io/name': 'headscale'},
			annotations: {'lab/path-prefix': programs},
		},
		spec: {nodeName: virtualNode, containers: [{name: 'headscale', image: 'example/headscale:1'}]},
	};
}
