/** What the chart says when helm can look at a cluster: a server that answers as an API server does, with a few objects. */

import {cp, mkdtemp, rm, writeFile} from 'node:fs/promises';
import {createServer} from 'node:http';
import type {AddressInfo} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {stringify} from 'yaml';
import {chartFolder, helm, kubeVersion} from './lab/chart.ts';

const config = {headscale: {url: 'https://headscale.example.com'}};
const namespace = (labels = {}) => ({apiVersion: 'v1', kind: 'Namespace', metadata: {name: 'one', labels}});
const account = {
	'/api/v1/namespaces/monitoring/serviceaccounts/default': {
		...{apiVersion: 'v1', kind: 'ServiceAccount', metadata: {name: 'default'}},
	},
};

test('a namespace that is not there is told of by the value that names it', async t => {
	const kubernetes = {gpu_pods: {namespace: 'gone', selector: 'app=gpu'}};
	const values = {config: {...config, kubernetes}};

	const missing = await templateOn(t, account, values);
	const there = await templateOn(t, {...account, '/api/v1/namespaces/gone': namespace()}, values);
	const unseen = await templateOn(t, {}, values);

	t.false(missing.ok);
	t.regex(missing.stderr, /config\.kubernetes\.gpu_pods\.namespace is gone, but this cluster has no such namespace/);
	t.true(there.ok, there.stderr);
	t.true(unseen.ok, unseen.stderr);
});

test('a pod that its namespace would not let in, and a second release, are in the notes', async t => {
	const labels = {'pod-security.kubernetes.io/enforce': 'baseline'};
	const other = {'helm.sh/chart': 'tailprobe-0.1.0', 'app.kubernetes.io/instance': 'second'};
	const objects = {
		'/api/v1/namespaces/monitoring': namespace(labels),
		'/apis/apps/v1/namespaces/monitoring/deployments': {
			...{apiVersion: 'apps/v1', kind: 'DeploymentList', metadata: {}},
			items: [{apiVersion: 'apps/v1', kind: 'Deployment', metadata: {name: 'x', labels: other}}],
		},
	};

	const kernel = await templateOn(t, objects, {config, tailscale: {mode: 'kernel'}});
	const userspace = await templateOn(t, {}, {config});

	t.regex(kernel.stdout, /namespace monitoring enforces Pod Security baseline/);
	t.regex(kernel.stdout, /WARNING: release second runs tailprobe in this namespace too/);
	t.true(userspace.ok, userspace.stderr);
	t.notRegex(userspace.stdout, /enforces Pod Security|runs tailprobe in this namespace/);
});

/** `helm template` that asks this cluster, which has these objects by their paths; its notes are among what it says. */
async function templateOn(t: ExecutionContext, objects: Record<string, object>, values: object) {
	const server = createServer(({url = ''}, response) => {
		const path = url.split('?')[0] ?? '';
		const found = kinds[path] ?? objects[path];
		response.writeHead(found ? 200 : 404, {'Content-Type': 'application/json'});
		response.end(
			JSON.stringify(found ?? {kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'NotFound', code: 404}),
		);
	});
	await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
	const folder = await mkdtemp(join(tmpdir(), 'tailprobe-lookup-'));
	t.teardown(async () => {
		server.closeAllConnections();
		server.close();
		await rm(folder, {recursive: true});
	});
	const chart = join(folder, 'chart');
	const file = join(folder, 'values.yaml');
	await cp(chartFolder, chart, {recursive: true});
	await writeFile(join(chart, 'templates/notes.yaml'), notesAsObject);
	await writeFile(file, stringify(values));
	const {port} = server.address() as AddressInfo;
	return helm([
		...['template', 'tailprobe', chart, '--namespace', 'monitoring', '--kube-version', kubeVersion, '--values', file],
		...['--dry-run=server', '--kube-apiserver', `http://127.0.0.1:${port}`],
	]);
}

const notesAsObject =
	'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: notes}\ndata: {notes: {{ include "tailprobe.notes" . | toJson }}}\n';

const kinds: Readonly<Record<string, object>> = {
	'/api/v1': kindsOf('v1', {
		namespaces: ['Namespace', false],
		serviceaccounts: ['ServiceAccount', true],
		secrets: ['Secret', true],
	}),
	'/apis/apps/v1': kindsOf('apps/v1', {deployments: ['Deployment', true]}),
};

function kindsOf(groupVersion: string, names: Record<string, [kind: string, namespaced: boolean]>): object {
	const resources = Object.entries(names).map(([name, [kind, namespaced]]) => ({
		...{name, singularName: '', kind, namespaced},
		verbs: ['get', 'list'],
	}));
	return {kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources};
}
