/** The daemon under a chart's service account: its own configuration, its own token, and nothing but what its Roles grant. */

import {mkdir, writeFile} from 'node:fs/promises';
import {dirname, join} from 'node:path';
import {parse, stringify} from 'yaml';
import {until} from '../../helpers/until.ts';
import type {ChartScene} from './chart-scene.ts';
import {type Prober, readSeries, type Series, startProber} from './prober.ts';

/** A running daemon that asks who comes. */
export interface ChartDaemon {
	/** The first scrape for which the condition holds; rejects after a minute and a half with the notes of the daemon. */
	until(condition: (series: Series) => boolean): Promise<Series>;
	stop: Prober['stop'];
}

/** Who it is in the cluster: the release's ConfigMap and service account. */
export interface Identity {
	namespace: string;
	configMap: string;
	account: string;
}

const secretPath = '/run/secrets/';
/** In every file that the configuration refers to: it goes as a token and as a key. */
const anySecret = 'any-secret-of-the-lab-24';

/**
 * Starts it outside of the cluster with the configuration of the release: what mounted files it names lie elsewhere, all with a made-up
 * content, and the account's token is in a kubeconfig. `tailscaled` is not there, so nothing is measured over a tailnet.
 */
export async function startChartDaemon(scene: ChartScene, who: Identity): Promise<ChartDaemon> {
	const {namespace, configMap, account} = who;
	const directory = join(scene.directory, `daemon-${namespace}`);
	const kubeconfigFile = join(directory, 'kubeconfig');
	await mkdir(directory);
	await writeFile(kubeconfigFile, scene.kubeconfigOf(namespace, await scene.tokenOf(namespace, account)), {
		mode: 0o600,
	});

	const path = `/api/v1/namespaces/${namespace}/configmaps/${configMap}`;
	const {data} = (await scene.kubernetes.request('GET', path)) as {data: {'tailprobe.yaml': string}};
	const files = new Set<string>();
	const config = parse(data['tailprobe.yaml'], (_, value: unknown) => {
		if (typeof value !== 'string' || !value.startsWith(secretPath)) return value;
		const file = join(directory, value.slice(secretPath.length));
		files.add(file);
		return file;
	}) as {web: {config_file?: string}; kubernetes: Record<string, unknown>};
	for (const file of files) {
		await mkdir(dirname(file), {recursive: true});
		await writeFile(file, anySecret, {mode: 0o600});
	}
	// It would be a file of TLS and passwords, which no made-up content is.
	delete config.web.config_file;
	config.kubernetes = {...config.kubernetes, kubeconfig_file: kubeconfigFile, interval: '3s', timeout: '2s'};

	const prober = await startProber(scene, 'mon', stringify(config));
	const get = (from: string) => prober.get(from, '-H', `Authorization: Bearer ${anySecret}`);
	return {
		until: async condition => {
			let last: Series | undefined;
			try {
				await until(
					async () => {
						const {status, body} = await get('/metrics');
						if (status !== 200) throw new Error(`The scrape was answered ${status}: ${body}`);
						last = readSeries(body);
						return condition(last);
					},
					90_000,
					250,
				);
			} catch (error) {
				const ready = (await get('/-/ready')).body;
				throw new Error(`${(error as Error).message}\n${ready}\n${(await prober.log()).slice(-3000)}`);
			}
			return last as Series;
		},
		stop: prober.stop,
	};
}
