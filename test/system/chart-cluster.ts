/** The chart at a real API server, as an operator uses it: checked, installed, upgraded, taken away again. */

import {mkdir, readFile, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import test from 'ava';
import {parse, stringify} from 'yaml';
import {canRun, systemTest} from './lab/can-run.ts';
import {chartFolder, findObject, readObjects, renderChart} from './lab/chart.ts';
import {type ChartScene, exampleValues, messageOf, namespace, startChartScene} from './lab/chart-scene.ts';
import {installMonitoringCrds} from './lab/crds.ts';
import type {KubernetesObject} from './lab/kubernetes.ts';
import {pathOf} from './lab/kubernetes-requests.ts';
import {kubeconform, writeSchemas} from './lab/schemas.ts';

interface Example {
	name: string;
	file: string;
	/** Whether it promises to need nothing that restricted Pod Security forbids. */
	isRestricted: boolean;
	objects: KubernetesObject[];
}

let scene: ChartScene;
const examples: Example[] = [];

const operatorVersion = 'monitoring.coreos.com/v1';
const home = 'tailprobe';
const untouched = ['--set', 'metrics.serviceMonitor.enabled=auto', '--set', 'alerts.enabled=auto'];

if (canRun) {
	test.before(async () => {
		scene = await startChartScene();
		for (const {name, file} of await exampleValues()) {
			const {tailscale} = parse(await readFile(file, 'utf8')) as {tailscale?: {mode?: string; hostSocket?: string}};
			const objects = await renderChart({values: [file], namespace: home, apiVersions: [operatorVersion]});
			examples.push({name, file, isRestricted: tailscale?.mode !== 'kernel' && !tailscale?.hostSocket, objects});
		}
	});
	test.after.always(() => scene?.stop());
}

// The first, for it is about a cluster to which nobody brought the operator.
systemTest(
	'without the CRDs of the operator, insisting on them is refused in words, and auto does without',
	async t => {
		const before = await scene.everything();
		const install = ['install', home, chartFolder, '-n', home, '-f', fileOf('june')];

		const monitor = await scene.helm(...install, ...untouched, '--set', 'metrics.serviceMonitor.enabled=true');
		const rules = await scene.helm(...install, ...untouched, '--set', 'alerts.enabled=true');
		const auto = await scene.mustHelm(...install, ...untouched, '--dry-run=server');

		const why =
			/enabled is true, but this cluster does not know monitoring\.coreos\.com\/v1: .* CRDs are missing\. Install them first/;
		t.false(monitor.ok);
		t.regex(monitor.stderr, why);
		t.regex(monitor.stderr, /metrics\.serviceMonitor\.enabled/);
		t.false(rules.ok);
		t.regex(rules.stderr, why);
		t.regex(auto.stdout, /^kind: Deployment$/m);
		t.notRegex(auto.stdout, /^kind: (ServiceMonitor|PrometheusRule)$/m);
		t.deepEqual(await scene.everything(), before);
	},
);

systemTest('every example is clean under strict schemas of this API server and of the operator', async t => {
	const crds = await installMonitoringCrds(scene.kubernetes);
	const versions = examples.flatMap(({objects}) => objects.map(({apiVersion}) => apiVersion));
	const schemas = await writeSchemas(scene.kubernetes, versions, crds, join(scene.directory, 'schemas'));

	t.true(examples.length >= 6, `there are ${examples.length} examples`);
	for (const {name, objects} of examples) t.deepEqual(await kubeconform(objects, schemas), [], name);

	// That it would have said something.
	const [{objects} = {objects: []}] = examples;
	for (const kind of ['Deployment', 'ServiceMonitor', 'PrometheusRule', 'Role']) {
		const one = objects.find(object => object.kind === kind);
		const found = await kubeconform([{...one, metadata: {name: 'x'}, spek: {}} as never], schemas);
		t.regex(found.join(), /additional properties 'spek' not allowed/, kind);
	}
});

systemTest('the API server would take every object of every example', async t => {
	for (const {name, objects} of examples) {
		const refused: string[] = [];
		for (const object of objects.toSorted(rolesFirst)) {
			const why = await scene.dryRun(object);
			if (why !== undefined) refused.push(why);
		}
		t.deepEqual(refused, [], name);
	}

	const config = findObject(examples[0]?.objects ?? [], 'ConfigMap', home);
	t.regex((await scene.dryRun({...config, date: {}})) ?? '', /field not declared in schema|unknown field/);
});

systemTest('restricted Pod Security lets the pods in that promise it, and no others', async t => {
	const enforced = (level: string) => namespace(`pods-${level}`, {'pod-security.kubernetes.io/enforce': level});
	await scene.kubernetes.apply(enforced('restricted'), enforced('privileged'));

	for (const {name, isRestricted, objects} of examples) {
		await makePriorityClasses(objects);
		for (const pod of podsOf(objects)) {
			const restricted = await createPod(pod, 'pods-restricted');
			const privileged = await createPod(pod, 'pods-privileged');

			t.is(privileged, undefined, name);
			if (isRestricted || isTest(pod)) t.is(restricted, undefined, name);
			else t.regex(restricted ?? '', /violates PodSecurity "restricted:latest"/, name);
		}
	}

	t.deepEqual(new Set(examples.map(({isRestricted}) => isRestricted)), new Set([true, false]));
	const kernel = await renderChart({values: [fileOf('june')], set: {'tailscale.mode': 'kernel'}, hooks: false});
	const [pod] = podsOf(kernel);
	const why = pod && (await createPod(pod, 'pods-restricted'));
	t.regex(why ?? '', /NET_ADMIN.*hostPath|hostPath.*NET_ADMIN/s);
});

systemTest('it is installed, changed, taken away and brought back, and keeps its token and its identity', async t => {
	const before = await scene.everything();
	const june = ['-n', home, '-f', fileOf('june')];

	const installed = await scene.mustHelm('install', home, chartFolder, ...june);
	const first = await readSecret('tailprobe-token');
	await keepIdentity('node-1');
	const changes = ['--set', 'replicas=2', '--set', 'config.headscale.interval=47s'];
	const upgraded = await scene.mustHelm('upgrade', home, chartFolder, ...june, ...changes);
	const second = await readSecret('tailprobe-token');
	const manifest = readObjects((await scene.mustHelm('get', 'manifest', home, '-n', home)).stdout);
	const removed = await scene.mustHelm('uninstall', home, '-n', home);
	const left = (await scene.everything()).filter(object => !before.includes(object));
	const back = await scene.mustHelm('install', home, chartFolder, ...june);
	const identity = await readSecret('tailprobe-tailscale');
	await scene.mustHelm('uninstall', home, '-n', home);

	t.log(`API server ready after ${seconds(scene.startMs)}`);
	t.log(
		`install ${seconds(installed.tookMs)}, upgrade ${seconds(upgraded.tookMs)}, uninstall ${seconds(removed.tookMs)}`,
	);
	t.regex(installed.stdout, /STATUS: deployed/);
	t.true((first.token?.length ?? 0) >= 16);
	t.deepEqual(second, first);
	t.deepEqual(manifest.filter(({kind}) => kind === 'Deployment').map(nameOf), ['tailprobe', 'tailprobe-b']);
	t.regex(JSON.stringify(findObject(manifest, 'ConfigMap', home)), /interval: 47s/);
	// Only the identities of its nodes, which helm says.
	t.deepEqual(left, [`Secret ${home}/tailprobe-b-tailscale`, `Secret ${home}/tailprobe-tailscale`]);
	for (const name of ['tailprobe-tailscale', 'tailprobe-b-tailscale']) t.true(removed.stdout.includes(name), name);
	t.regex(back.stdout, /STATUS: deployed/);
	t.deepEqual(identity, {device_id: 'node-1'});
});

systemTest('a release of an older and smaller chart is upgraded with the values that it has', async t => {
	const old = join(scene.directory, 'old');
	const values = join(scene.directory, 'old-values.yaml');
	await writeOldChart(old);
	await writeFile(values, stringify({config: {headscale: {url: 'https://headscale.example.com'}}}));

	await scene.mustHelm('install', 'old', old, '-n', home, '-f', values);
	const upgraded = await scene.mustHelm('upgrade', 'old', chartFolder, '-n', home, '--reuse-values');
	const manifest = readObjects((await scene.mustHelm('get', 'manifest', 'old', '-n', home)).stdout);
	const missing: string[] = [];
	for (const object of manifest) {
		const {status} = await scene.kubernetes.ask({method: 'GET', path: pathOf(object)});
		if (status !== 200) missing.push(`${object.kind} ${object.metadata.name}`);
	}
	await scene.mustHelm('uninstall', 'old', '-n', home);

	t.regex(upgraded.stdout, /STATUS: deployed/);
	t.deepEqual(missing, []);
	const deployment = findObject(manifest, 'Deployment', 'old-tailprobe');
	t.regex(JSON.stringify(deployment), /"image":"ghcr\.io\/example\/tailprobe:0\.0\.1"/);
	t.regex(JSON.stringify(findObject(manifest, 'ConfigMap', 'old-tailprobe')), /headscale\.example\.com/);
});

const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
const nameOf = ({metadata}: KubernetesObject) => metadata.name;
const isTest = ({metadata}: KubernetesObject) => JSON.stringify(metadata).includes('helm.sh/hook');

/** The API server looks for the role when it is given a binding. */
function rolesFirst(one: KubernetesObject, other: KubernetesObject): number {
	return Number(one.kind.endsWith('Binding')) - Number(other.kind.endsWith('Binding'));
}

function fileOf(name: string): string {
	const found = examples.find(example => example.name === name);
	if (found === undefined)
		throw new Error(`There is no example ${name}, only ${examples.map(one => one.name).join(', ')}.`);
	return found.file;
}

/** As the Deployments would make them, and those of `helm test`. */
function podsOf(objects: readonly KubernetesObject[]): KubernetesObject[] {
	return objects.flatMap(({kind, metadata, spec}) => {
		if (kind === 'Pod') return [{apiVersion: 'v1', kind, metadata, spec}];
		if (kind !== 'Deployment') return [];
		const {template} = spec as {template: {metadata: object; spec: object}};
		return [
			{apiVersion: 'v1', kind: 'Pod', metadata: {...template.metadata, name: metadata.name}, spec: template.spec},
		];
	});
}

/** Creates it and takes it away again; what was said against it, or undefined. */
async function createPod(pod: KubernetesObject, space: string): Promise<string | undefined> {
	const path = `/api/v1/namespaces/${space}/pods`;
	const body = {...pod, metadata: {...pod.metadata, namespace: space}};
	const answer = await scene.kubernetes.ask({method: 'POST', path, body});
	if (answer.status !== 201) return `${answer.status} ${messageOf(answer.body)}`;
	await scene.kubernetes.request('DELETE', `${path}/${pod.metadata.name}?gracePeriodSeconds=0`);
	return undefined;
}

async function makePriorityClasses(objects: readonly KubernetesObject[]): Promise<void> {
	for (const {spec} of podsOf(objects)) {
		const {priorityClassName: name} = spec as {priorityClassName?: string};
		if (name === undefined || name.startsWith('system-')) continue;
		const path = '/apis/scheduling.k8s.io/v1/priorityclasses';
		const body = {apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: {name}, value: 1000};
		await scene.kubernetes.ask({method: 'POST', path, body});
	}
}

async function readSecret(name: string): Promise<Record<string, string>> {
	const {data = {}} = (await scene.kubernetes.request('GET', `/api/v1/namespaces/${home}/secrets/${name}`)) as {
		data?: Record<string, string>;
	};
	return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]));
}

/** As tailscale writes its state. */
async function keepIdentity(id: string): Promise<void> {
	const {status, body} = await scene.kubernetes.ask({
		token: await scene.tokenOf(home, home),
		method: 'PATCH',
		path: `/api/v1/namespaces/${home}/secrets/tailprobe-tailscale?fieldManager=tailscale-container`,
		type: 'application/strategic-merge-patch+json',
		body: {data: {device_id: Buffer.from(id).toString('base64')}},
	});
	if (status !== 200) throw new Error(`The identity could not be kept: ${messageOf(body)}`);
}

async function writeOldChart(directory: string): Promise<void> {
	await mkdir(join(directory, 'templates'), {recursive: true});
	const image = {repository: 'ghcr.io/example/tailprobe', tag: '0.0.1'};
	const config = `apiVersion: v1
kind: ConfigMap
metadata: {name: "{{ .Release.Name }}-tailprobe"}
data: {tailprobe.yaml: {{ toJson .Values.config | quote }}}
`;
	await writeFile(join(directory, 'Chart.yaml'), stringify({apiVersion: 'v2', name: 'tailprobe', version: '0.0.1'}));
	await writeFile(join(directory, 'values.yaml'), stringify({image, config: {}}));
	await writeFile(join(directory, 'templates', 'config.yaml'), config);
}
