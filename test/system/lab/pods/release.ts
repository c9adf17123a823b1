/** The chart as a release of the lab's cluster, installed by helm, and its pods as they really run. */

import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import type {V1Pod} from '@kubernetes/client-node';
import {execa} from 'execa';
import {stringify} from 'yaml';
import {ensurePart} from '../../../../scripts/parts.ts';
import {until} from '../../../helpers/until.ts';
import {chartFolder, type HelmRun} from '../chart.ts';
import {tailnetDomain} from '../headscale.ts';
import type {Kubernetes} from '../kubernetes.ts';
import {readSeries, type Series} from '../prober.ts';
import {nodeNames, type Tailnet} from '../tailnet.ts';
import {conditionOf} from './status.ts';

/** A release and what it is asked. `replica`: `a` where nothing is said. */
export interface Release {
	/** `helm install` or `helm upgrade` with these values; rejects with helm's words where it refuses. */
	install(values: object): Promise<void>;
	/** `helm test`. */
	test(): Promise<HelmRun>;
	/** The pod of a replica that is not about to end; waits for it. */
	pod(replica?: string): Promise<V1Pod>;
	/** The pod, once it is ready. */
	ready(replica?: string): Promise<V1Pod>;
	/** What the daemon answers at the address of its pod, to whoever shows the token of the release. */
	get(path: string, replica?: string): Promise<{status: number; body: string}>;
	/** The first scrape, of two a second, for which the condition holds; rejects after the limit with the states of all checks. */
	until(condition: (series: Series) => boolean, replica?: string, limitMs?: number): Promise<Series>;
	/** Waits until `/-/ready` says this. */
	says(words: RegExp, replica?: string, limitMs?: number): Promise<string>;
	/** Makes a Secret of the release's namespace. */
	secret(name: string, data: Readonly<Record<string, string>>): Promise<void>;
}

/** The namespace of the release. */
export const releaseNamespace = 'monitoring';
/** The release, and its objects. */
export const releaseName = 'tailprobe';

/** Values for the lab: what is wanted of headscale, of two nodes, of an HTTP service and of a ping outside of the tailnet. */
export function valuesOf({headscale, underlay}: Tailnet, moreChecks: readonly object[] = []) {
	const {orch, gpu1} = nodeNames;
	const [interval, timeout] = ['2s', '1800ms'];
	return {
		config: {
			headscale: {
				url: headscale.url,
				api_key: {file: '/run/secrets/tailprobe/headscale-api-key'},
				ca_file: '/run/secrets/tailprobe/headscale-ca',
				metrics_url: headscale.metricsUrl,
				interval: '2s',
				timeout: '1800ms',
			},
			tailnet: {domain: tailnetDomain},
			kubernetes: {gpu_pods: {namespace: 'june-services', selector: 'app=june-gpu-services'}},
			modules: {healthz: {prober: 'http', timeout, http: {valid_status_codes: [200]}}},
			checks: [
				{
					name: 'orchestrator',
					module: 'healthz',
					via: 'tailnet',
					interval,
					targets: [{name: orch, target: `http://${orch}:8080/healthz`}],
				},
				{name: 'tts', module: 'healthz', nodes: {name: gpu1}, target: 'http://{node}:8000/healthz', interval},
				{name: 'tunnel', prober: 'tunnel', nodes: {name: [orch, gpu1]}, interval, timeout},
				{
					name: 'ping',
					prober: 'icmp',
					via: 'direct',
					targets: [{name: 'headscale', target: underlay.address('hs')}],
					interval,
					timeout,
				},
				...moreChecks,
			],
		},
		secrets: {
			'headscale-api-key': {secret: 'headscale-api-key', key: 'key'},
			'headscale-ca': {secret: 'headscale-ca', key: 'ca.pem'},
		},
		// The cluster has no Prometheus Operator; its dashboards are a megabyte that no test here looks at.
		dashboards: {enabled: false},
	};
}

/** What every check of `valuesOf` says when all is well. */
export const allUp = (series: Series, more = 0) =>
	series.states().length === 5 + more && series.states().every(line => line.endsWith(' up'));

/** Makes the namespace, whose pods have to be as restricted as its level says. */
export async function makeRelease(
	tailnet: Tailnet,
	kubernetes: Kubernetes,
	level: 'restricted' | 'privileged',
): Promise<Release> {
	const inCluster = ['netns', 'exec', tailnet.underlay.namespace('hs')];
	const labels = {'pod-security.kubernetes.io/enforce': level};
	await kubernetes.apply({apiVersion: 'v1', kind: 'Namespace', metadata: {name: releaseNamespace, labels}});
	const pods = `/api/v1/namespaces/${releaseNamespace}/pods?labelSelector=app.kubernetes.io%2Fcomponent%3Ddaemon`;

	async function helm(...args: string[]): Promise<HelmRun> {
		const home = await mkdtemp(join(tailnet.directory, 'helm-'));
		try {
			const program = await ensurePart('helm');
			const {failed, stdout, stderr} = await execa(
				'ip',
				[...inCluster, program, ...args, '--namespace', releaseNamespace],
				{
					env: {
						HELM_CACHE_HOME: home,
						HELM_CONFIG_HOME: home,
						HELM_DATA_HOME: home,
						KUBECONFIG: kubernetes.kubeconfigFile,
					},
					reject: false,
					timeout: 120_000,
				},
			);
			return {ok: !failed, stdout, stderr};
		} finally {
			await rm(home, {recursive: true, force: true});
		}
	}

	const find = async (replica: string) => {
		const {items} = (await kubernetes.request('GET', `${pods},tailprobe%2Freplica%3D${replica}`)) as {items: V1Pod[]};
		return items.find(({metadata}) => metadata?.deletionTimestamp === undefined);
	};
	const waitFor = async (replica: string, condition: (pod: V1Pod) => boolean, limitMs: number): Promise<V1Pod> => {
		let found: V1Pod | undefined;
		try {
			await until(
				async () => {
					found = await find(replica);
					return found !== undefined && condition(found);
				},
				limitMs,
				250,
			);
		} catch {
			throw new Error(
				`The pod of replica ${replica} did not come so far: ${JSON.stringify(found?.status ?? 'there is none')}`,
			);
		}
		return found as V1Pod;
	};
	const hasAddress = ({status}: V1Pod) => status?.podIP !== undefined;
	const get: Release['get'] = async (path, replica = 'a') => {
		const pod = await waitFor(replica, hasAddress, 20_000);
		const secret = (await kubernetes.request(
			'GET',
			`/api/v1/namespaces/${releaseNamespace}/secrets/${releaseName}-token`,
		)) as {
			data: {token: string};
		};
		const token = Buffer.from(secret.data.token, 'base64').toString();
		const url = `http://${pod.status?.podIP}:9753${path}`;
		const options = ['-s', '-g', '--compressed', '--max-time', '10', '-w', '\n%{http_code}', '-H', '@-'];
		const {stdout} = await execa('ip', [...inCluster, 'curl', ...options, url], {
			input: `Authorization: Bearer ${token}\n`,
			reject: false,
		});
		const end = stdout.lastIndexOf('\n');
		return {status: Number(stdout.slice(end + 1)), body: stdout.slice(0, end)};
	};

	return {
		install: async values => {
			const file = join(tailnet.directory, 'values.yaml');
			await writeFile(file, stringify(values, {aliasDuplicateObjects: false}));
			const run = await helm('upgrade', '--install', releaseName, chartFolder, '--values', file);
			if (!run.ok) throw new Error(`helm refused: ${run.stderr}`);
		},
		test: () => helm('test', releaseName, '--timeout', '60s'),
		pod: (replica = 'a') => waitFor(replica, hasAddress, 30_000),
		ready: (replica = 'a') => waitFor(replica, pod => conditionOf(pod, 'Ready'), 60_000),
		get,
		until: async (condition, replica = 'a', limitMs = 60_000) => {
			let last: Series | undefined;
			try {
				await until(
					async () => {
						const {status, body} = await get('/metrics', replica);
						last = status === 200 ? readSeries(body) : undefined;
						return last !== undefined && condition(last);
					},
					limitMs,
					500,
				);
			} catch (error) {
				const {body} = await get('/-/ready', replica);
				throw new Error(`${(error as Error).message}; the states were:\n${last?.states().join('\n')}\n${body}`);
			}
			return last as Series;
		},
		says: async (words, replica = 'a', limitMs = 60_000) => {
			let last = '';
			try {
				await until(
					async () => {
						last = (await get('/-/ready', replica)).body;
						return words.test(last);
					},
					limitMs,
					500,
				);
			} catch {
				throw new Error(`/-/ready did not say ${words} but: ${last}`);
			}
			return last;
		},
		secret: async (name, data) => {
			const metadata = {name, namespace: releaseNamespace};
			await kubernetes.apply({apiVersion: 'v1', kind: 'Secret', metadata, stringData: data});
		},
	};
}
