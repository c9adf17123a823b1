/**
 * A real Kubernetes beside the tailnet: `startKubernetes(tailnet)` in about five seconds. etcd, kube-apiserver and Virtual Kubelet nodes
 * run in one host of the lab; a pod's shell lives in the host that its annotation names, so a GPU pod is a shell on a GPU host.
 */

import {randomBytes, randomUUID} from 'node:crypto';
import {mkdir, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {until} from '../../helpers/until.ts';
import {
	apiPort,
	type ClusterPlace,
	kubeconfig,
	makeApiServer,
	makeClusterFiles,
	makeControllerManager,
	makeEtcd,
	makeScheduler,
	makeVirtualKubelet,
	type Program,
} from './kubernetes-programs.ts';
import {type ApiAnswer, type ApiRequest, askApi, pathOf} from './kubernetes-requests.ts';
import type {Site} from './site.ts';
import type {NodeHost} from './tailnet.ts';

/** An object of the API. */
export interface KubernetesObject {
	apiVersion: string;
	kind: string;
	metadata: {name: string; namespace?: string; [key: string]: unknown};
	[key: string]: unknown;
}

/** What a service account may do, as rules of RBAC have it. */
export interface Rule {
	apiGroups: readonly string[];
	resources: readonly string[];
	verbs: readonly string[];
}

/** A pod of the lab: its shell runs on `host`, where one is given. */
export interface PodOptions {
	name: string;
	/** Of the cluster, not of the tailnet. */
	node: string;
	host?: NodeHost;
	labels?: Readonly<Record<string, string>>;
	/** Of the lab: `lab/exec`, `lab/phase`, `lab/path-prefix` … (test/system/lab/kubernetes/vknode/provider.go); or any other. */
	annotations?: Readonly<Record<string, string>>;
	containers?: readonly string[];
}

/** A running cluster. */
export interface Kubernetes {
	url: string;
	caFile: string;
	/** Of the administrator, for programs in the cluster's host. */
	kubeconfigFile: string;
	etcd: Program;
	apiServer: Program;
	/** Throws where the cluster was started without them. */
	controllerManager: Program;
	/** The Virtual Kubelet of a node. */
	kubelet(node: string): Program;
	/** One request with a token, the administrator's where none is given; resolves whatever the answer is. */
	ask(request: Omit<ApiRequest, 'token'> & {token?: string}): Promise<ApiAnswer>;
	/** One request as administrator; rejects with the API's own words unless it was answered 2xx. */
	request(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown): Promise<unknown>;
	/** Makes the objects, or makes them so. */
	apply(...objects: readonly KubernetesObject[]): Promise<void>;
	/** Makes pods and waits until they say that they run (or what their annotations want). */
	pods(...pods: readonly PodOptions[]): Promise<void>;
	/** Changes annotations of a pod; resolves when its node knows. `null` takes one away. */
	annotate(pod: string, annotations: Readonly<Record<string, string | null>>): Promise<void>;
	/** Resolves when the pod is gone. */
	deletePod(name: string): Promise<void>;
	/** A service account of the namespace with these rights; resolves to the path of a kubeconfig with a fresh token of it. */
	account(name: string, rights: {namespaced?: readonly Rule[]; clusterWide?: readonly Rule[]}): Promise<string>;
	stop(): Promise<void>;
}

/** The namespace of the lab's pods and accounts. */
export const podNamespace = 'june-services';
/** The least that tailprobe needs for the pod vantage and the Kubernetes source. */
export const monitorRights: {namespaced: readonly Rule[]; clusterWide: readonly Rule[]} = {
	namespaced: [
		{apiGroups: [''], resources: ['pods'], verbs: ['get', 'list', 'watch']},
		{apiGroups: [''], resources: ['pods/exec'], verbs: ['get', 'create']},
	],
	clusterWide: [
		{apiGroups: [''], resources: ['nodes'], verbs: ['get', 'list', 'watch']},
		{apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['get', 'list', 'watch']},
		{apiGroups: ['apps'], resources: ['deployments'], verbs: ['get', 'list', 'watch']},
	],
};
/** The same without exec. */
export const noExecRights = {...monitorRights, namespaced: monitorRights.namespaced.slice(0, 1)};

/**
 * Starts it in the host of headscale, which is the cluster's; it ends with the tailnet, where not before.
 *
 * @throws Error with the last words of the program that did not start
 */
export async function startKubernetes(
	tailnet: Site,
	{
		nodes = ['vast-gpu-0'],
		unserved = [],
		controllers,
	}: {
		/** Names of the nodes, each with a Virtual Kubelet of its own. */
		nodes?: readonly string[];
		/** Of `nodes`, those on which no kubelet listens. */
		unserved?: readonly string[];
		/** With kube-controller-manager and kube-scheduler; a silent node is NotReady after `graceSeconds` (above 10: nodes renew so often). */
		controllers?: {graceSeconds: number};
	} = {},
): Promise<Kubernetes> {
	const directory = join(tailnet.directory, 'kubernetes');
	await mkdir(directory);
	const place: ClusterPlace = {
		namespace: tailnet.underlay.namespace('hs'),
		address: tailnet.underlay.address('hs'),
		directory,
		adminToken: randomBytes(18).toString('hex'),
	};
	await makeClusterFiles(place);
	const {request, patch} = administrator(place);

	const etcd = makeEtcd(place);
	const apiServer = makeApiServer(place);
	const managers =
		controllers === undefined ? [] : [makeControllerManager(place, controllers.graceSeconds), makeScheduler(place)];
	const kubelets = new Map(
		nodes.map((name, index) => {
			return [name, makeVirtualKubelet(place, {name, port: 10_250 + index, serve: !unserved.includes(name)})];
		}),
	);
	const others = [...managers, ...kubelets.values()];
	const stop = async () => {
		await Promise.all(others.map(program => program.stop()));
		await apiServer.stop();
		await etcd.stop();
	};
	tailnet.beforeStop(stop);
	await etcd.start();
	await apiServer.start();
	await Promise.all(others.map(program => program.start()));

	const apply: Kubernetes['apply'] = async (...objects) => {
		for (const object of objects)
			await patch(`${pathOf(object)}?fieldManager=lab&force=true`, object, 'application/apply-patch+yaml');
	};
	await apply({apiVersion: 'v1', kind: 'Namespace', metadata: {name: podNamespace}});
	const podPath = (name: string) => `/api/v1/namespaces/${podNamespace}/pods/${name}`;
	return {
		url: `https://${place.address}:${apiPort}`,
		caFile: join(directory, 'ca.pem'),
		kubeconfigFile: join(directory, 'admin.kubeconfig'),
		etcd,
		apiServer,
		get controllerManager() {
			const [manager] = managers;
			if (manager === undefined) throw new Error('This cluster was started without controllers.');
			return manager;
		},
		kubelet: node => {
			const found = kubelets.get(node);
			if (found === undefined) throw new Error(`This cluster was started without the node ${node}.`);
			return found;
		},
		ask: ({token = place.adminToken, ...request}) => askApi(place, {token, ...request}),
		request,
		apply,
		pods: async (...pods) => {
			await Promise.all(pods.map(pod => apply(podObject(pod, tailnet))));
			for (const {name, annotations} of pods) {
				const phase = annotations?.['lab/phase'] ?? 'Running';
				await until(async () => podStatus(await request('GET', podPath(name))).phase === phase, 30_000, 50);
			}
		},
		annotate: async (pod, annotations) => {
			const change = randomUUID();
			const metadata = {annotations: {...annotations, 'lab/change': change}};
			await patch(podPath(pod), {metadata}, 'application/merge-patch+json');
			await until(async () => podStatus(await request('GET', podPath(pod))).message === change, 30_000, 50);
		},
		deletePod: async name => {
			await request('DELETE', podPath(name));
			const isGone = () =>
				request('GET', podPath(name)).then(
					() => false,
					(error: Error) => error.message.includes('not found'),
				);
			await until(isGone, 30_000, 50);
		},
		account: async (name, rights) => {
			await apply(...accountObjects(name, rights));
			const path = `/api/v1/namespaces/${podNamespace}/serviceaccounts/${name}/token`;
			const answer = await request('POST', path, {spec: {expirationSeconds: 3600}});
			const file = join(directory, `${name}.kubeconfig`);
			const {token} = (answer as {status: {token: string}}).status;
			await writeFile(file, kubeconfig(place, token), {mode: 0o600});
			return file;
		},
		stop,
	};
}

/** The API with the administrator's token: what is not answered 2xx rejects. */
function administrator(place: ClusterPlace) {
	const insist = async (method: ApiRequest['method'], path: string, body: unknown, type?: string): Promise<unknown> => {
		const request = {token: place.adminToken, method, path, ...(body !== undefined && {body})};
		const answer = await askApi(place, {...request, ...(type !== undefined && {type})});
		if (answer.status < 200 || answer.status > 299)
			throw new Error(`${method} ${path}: ${(answer.body as {message?: string}).message}`);
		return answer.body;
	};
	const request: Kubernetes['request'] = (method, path, body) => insist(method, path, body);
	const patch = (path: string, body: unknown, type: string) => insist('PATCH', path, body, type);
	return {request, patch};
}

function podStatus(pod: unknown): {phase?: string; message?: string} {
	return (pod as {status?: {phase?: string; message?: string}}).status ?? {};
}

function podObject({name, node, host, labels, annotations, containers = ['main']}: PodOptions, {underlay}: Site) {
	const place = host === undefined ? {} : {'lab/netns': underlay.namespace(host)};
	return {
		apiVersion: 'v1',
		kind: 'Pod',
		metadata: {
			name,
			namespace: podNamespace,
			labels: {app: 'june-gpu-services', ...labels},
			annotations: {...place, ...annotations},
		},
		spec: {
			nodeName: node,
			// A Virtual Kubelet's pods take all of it to end.
			terminationGracePeriodSeconds: 1,
			containers: containers.map(container => ({name: container, image: 'june/gpu:1'})),
		},
	};
}

function accountObjects(
	name: string,
	{namespaced = [], clusterWide = []}: {namespaced?: readonly Rule[]; clusterWide?: readonly Rule[]},
): KubernetesObject[] {
	const metadata = {name, namespace: podNamespace};
	const [account, group] = [{kind: 'ServiceAccount', ...metadata}, 'rbac.authorization.k8s.io'];
	const api = `${group}/v1`;
	return [
		{apiVersion: 'v1', kind: 'ServiceAccount', metadata},
		{apiVersion: api, kind: 'Role', metadata, rules: namespaced},
		{
			apiVersion: api,
			kind: 'RoleBinding',
			metadata,
			roleRef: {apiGroup: group, kind: 'Role', name},
			subjects: [account],
		},
		{apiVersion: api, kind: 'ClusterRole', metadata: {name}, rules: clusterWide},
		{
			apiVersion: api,
			kind: 'ClusterRoleBinding',
			metadata: {name},
			roleRef: {apiGroup: group, kind: 'ClusterRole', name},
			subjects: [account],
		},
	];
}
