/** A real API server with the namespaces of the examples, and helm as an operator uses it there: what tests of the chart stand on. */

import {readdir} from 'node:fs/promises';
import {join} from 'node:path';
import {execa} from 'execa';
import {ensurePart} from '../../../scripts/parts.ts';
import {chartFolder, type HelmRun} from './chart.ts';
import {type Kubernetes, type KubernetesObject, startKubernetes} from './kubernetes.ts';
import {kubeconfig} from './kubernetes-programs.ts';
import {pathOf} from './kubernetes-requests.ts';
import {type Site, startSite} from './site.ts';

/** What a run of helm came to, and how long it took. */
export type TimedHelmRun = HelmRun & {tookMs: number};

/** The scene. */
export interface ChartScene extends Site {
	kubernetes: Kubernetes;
	/** From nothing to an API server that is ready, with etcd. */
	startMs: number;
	/** Runs helm as administrator; resolves whatever came of it. */
	helm(...args: readonly string[]): Promise<TimedHelmRun>;
	/** The same; rejects with helm's own words where it failed. */
	mustHelm(...args: readonly string[]): Promise<TimedHelmRun>;
	/** Server-side apply that changes nothing: what the API server has against the object; undefined where it takes it. */
	dryRun(object: KubernetesObject): Promise<string | undefined>;
	/** A token of a service account. */
	tokenOf(namespace: string, account: string): Promise<string>;
	/** A kubeconfig with that token and namespace, as text. */
	kubeconfigOf(namespace: string, token: string): string;
	/** Every object of the cluster as `KIND NAMESPACE/NAME`, in order; without events, and what the API server says of itself. */
	everything(): Promise<string[]>;
	stop(): Promise<void>;
}

const examples = join(chartFolder, 'examples');
/** Where releases go, and what the examples speak of. */
const namespaces = ['tailprobe', 'monitoring', 'headscale', 'tailscale', 'grafana', 'gpu-services'];

/** The example values, by the name of their file. */
export async function exampleValues(): Promise<Array<{name: string; file: string}>> {
	const names = (await readdir(examples)).filter(name => name.endsWith('.yaml')).sort();
	return names.map(name => ({name: name.replace(/\.yaml$/, ''), file: join(examples, name)}));
}

/** Starts it; `nodes` are Virtual Kubelet nodes. */
export async function startChartScene(nodes: readonly string[] = []): Promise<ChartScene> {
	const site = await startSite();
	try {
		const before = performance.now();
		const kubernetes = await startKubernetes(site, {nodes});
		const startMs = performance.now() - before;
		await kubernetes.apply(...namespaces.map(name => namespace(name)));
		const helm = await helmIn(site, kubernetes);
		const place = {address: site.underlay.address('hs'), directory: join(site.directory, 'kubernetes')};
		return {
			...site,
			kubernetes,
			startMs,
			helm,
			mustHelm: async (...args) => {
				const run = await helm(...args);
				if (!run.ok) throw new Error(`helm ${args.join(' ')}: ${run.stderr}`);
				return run;
			},
			dryRun: async object => {
				const query = 'dryRun=All&fieldManager=chart&force=true&fieldValidation=Strict';
				const {status, body} = await kubernetes.ask({
					method: 'PATCH',
					path: `${pathOf(object)}?${query}`,
					body: object,
					type: 'application/apply-patch+yaml',
				});
				if (status === 200 || status === 201) return undefined;
				return `${object.kind} ${object.metadata.name}: ${status} ${messageOf(body)}`;
			},
			tokenOf: async (space, account) => {
				const path = `/api/v1/namespaces/${space}/serviceaccounts/${account}/token`;
				const answer = await kubernetes.request('POST', path, {spec: {expirationSeconds: 3600}});
				return (answer as {status: {token: string}}).status.token;
			},
			kubeconfigOf: (space, token) => {
				const file = JSON.parse(kubeconfig(place, token)) as {contexts: [{context: {namespace?: string}}]};
				file.contexts[0].context.namespace = space;
				return JSON.stringify(file);
			},
			everything: () => listEverything(kubernetes),
		};
	} catch (error) {
		await site.stop();
		throw error;
	}
}

/** A namespace, with labels where some are given. */
export function namespace(name: string, labels?: Readonly<Record<string, string>>): KubernetesObject {
	return {apiVersion: 'v1', kind: 'Namespace', metadata: {name, ...(labels && {labels})}};
}

/** What an answer of the API says in words. */
export function messageOf(body: unknown): string {
	return (body as {message?: string}).message ?? JSON.stringify(body);
}

async function helmIn({directory, underlay}: Site, {kubeconfigFile}: Kubernetes): Promise<ChartScene['helm']> {
	const program = await ensurePart('helm');
	const folder = (name: string) => join(directory, 'helm', name);
	const env = {
		KUBECONFIG: kubeconfigFile,
		HELM_CACHE_HOME: folder('cache'),
		HELM_CONFIG_HOME: folder('config'),
		HELM_DATA_HOME: folder('data'),
	};
	return async (...args) => {
		const before = performance.now();
		const command = ['netns', 'exec', underlay.namespace('hs'), program, ...args];
		const {failed, stdout, stderr} = await execa('ip', command, {env, reject: false});
		return {ok: !failed, stdout, stderr, tookMs: performance.now() - before};
	};
}

/** The API server's own: they come and change without anybody's doing. */
const ownKinds = ['events', 'leases', 'componentstatuses', 'ipaddresses'];

async function listEverything({request}: Kubernetes): Promise<string[]> {
	const found: string[] = [];
	for (const version of await groupVersions(request)) {
		const {resources} = (await request('GET', version)) as {resources: {name: string; verbs: string[]; kind: string}[]};
		const listed = resources.filter(({name, verbs}) => verbs.includes('list') && !ownKinds.includes(name));
		const lists = await Promise.all(listed.map(({name}) => request('GET', `${version}/${name}`)));
		lists.forEach((list, index) => {
			for (const {metadata} of (list as {items: KubernetesObject[]}).items)
				found.push(`${listed[index]?.kind} ${metadata.namespace ?? ''}/${metadata.name}`);
		});
	}
	return found.sort();
}

async function groupVersions(request: Kubernetes['request']): Promise<string[]> {
	const {groups} = (await request('GET', '/apis')) as {groups: {preferredVersion: {groupVersion: string}}[]};
	return ['/api/v1', ...groups.map(({preferredVersion}) => `/apis/${preferredVersion.groupVersion}`)];
}
