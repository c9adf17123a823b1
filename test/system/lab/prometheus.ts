/** A real Prometheus in a host of the lab, and what it knows. */

import {writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {until} from '../../helpers/until.ts';
import {startProcess} from './processes.ts';
import type {NodeHost, Tailnet} from './tailnet.ts';

/** One series of an answer, with its last value. */
export interface Sample {
	labels: Record<string, string>;
	value: number;
}

/** What it scrapes, as it says itself; `lastError` is '' where nothing is wrong. */
export interface ScrapedTarget {
	job: string;
	instance: string;
	health: string;
	lastError: string;
}

/** A running Prometheus. */
export interface Prometheus {
	/** What a query of PromQL gives now. */
	query(promql: string): Promise<Sample[]>;
	/** The first answer to a query for which the condition holds; rejects after half a minute. */
	until(promql: string, condition: (found: readonly Sample[]) => boolean): Promise<Sample[]>;
	targets(): Promise<ScrapedTarget[]>;
	/** Warnings and errors that it logged. */
	log(): Promise<string>;
	stop(): Promise<void>;
}

/** Starts it in a host with these `scrape_configs`, every one scraped each second, and resolves when it answers. */
export async function startPrometheus(tailnet: Tailnet, host: NodeHost, scrapeConfigs: string): Promise<Prometheus> {
	const file = join(tailnet.directory, 'prometheus.yml');
	await writeFile(file, `global: {scrape_interval: 1s, scrape_timeout: 1s}${scrapeConfigs}`);
	const running = startProcess({
		namespace: tailnet.underlay.namespace(host),
		command: 'prometheus',
		args: [
			`--config.file=${file}`,
			`--storage.tsdb.path=${join(tailnet.directory, 'prometheus')}`,
			'--web.listen-address=127.0.0.1:9090',
			'--log.level=warn',
		],
		logFile: join(tailnet.directory, 'prometheus.log'),
	});
	const ask = async (path: string, ...args: string[]): Promise<unknown> => {
		const curl = ['-sf', '--max-time', '5', ...args, `http://127.0.0.1:9090/api/v1/${path}`];
		const {data} = JSON.parse(await tailnet.underlay.run(host, 'curl', curl)) as {data: unknown};
		return data;
	};
	const query: Prometheus['query'] = async promql => {
		const {result} = (await ask('query', '--data-urlencode', `query=${promql}`)) as {
			result: Array<{metric: Record<string, string>; value: [number, string]}>;
		};
		return result.map(({metric, value: [, value]}) => ({labels: metric, value: Number(value)}));
	};
	const isReady = () =>
		query('vector(1)').then(
			() => true,
			() => false,
		);
	await until(
		async () => {
			if (!running.alive()) throw new Error(`Prometheus ended: ${await running.log()}`);
			return isReady();
		},
		30_000,
		250,
	);
	return {
		query,
		until: async (promql, condition) => {
			let found: Sample[] = [];
			await until(
				async () => {
					found = await query(promql);
					return condition(found);
				},
				30_000,
				250,
			);
			return found;
		},
		targets: async () => {
			const {activeTargets} = (await ask('targets')) as {
				activeTargets: Array<{labels: {job: string; instance: string}; health: string; lastError: string}>;
			};
			return activeTargets.map(({labels: {job, instance}, health, lastError}) => ({job, instance, health, lastError}));
		},
		log: () => running.log(),
		stop: () => running.stop(),
	};
}
