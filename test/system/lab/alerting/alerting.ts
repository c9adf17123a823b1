/** A real Prometheus with the rules as shipped, a real Alertmanager with the shipped example, and what arrives at its receivers. */

import {readdirSync, readFileSync} from 'node:fs';
import {readFile, writeFile} from 'node:fs/promises';
import {createServer} from 'node:net';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {execa} from 'execa';
import {parse, stringify} from 'yaml';
import {until} from '../../../helpers/until.ts';
import {inside, type Running, startProcess} from '../processes.ts';
import type {Sample} from '../prometheus.ts';
import {hastenedRules} from './hastened.ts';

/** What Prometheus scrapes. */
export interface ScrapeTarget {
	/** Host and port. */
	address: string;
	/** Labels of the target, besides job. */
	labels: Readonly<Record<string, string>>;
}

/** One message of Alertmanager, as it came. */
export interface Notification {
	/** Milliseconds since 1970. */
	at: number;
	receiver: string;
	status: 'firing' | 'resolved';
	groupLabels: Readonly<Record<string, string>>;
	alerts: ReadonlyArray<{status: 'firing' | 'resolved'; labels: Readonly<Record<string, string>>}>;
}

/** A series with every value of a range. */
export interface Range {
	labels: Readonly<Record<string, string>>;
	/** Seconds since 1970, and the value. */
	values: ReadonlyArray<readonly [number, number]>;
}

/** The three, running. */
export interface Alerting {
	query(promql: string): Promise<Sample[]>;
	/** A range selector, such as `ALERTS[10m]`. */
	range(selector: string): Promise<Range[]>;
	/** What Alertmanager has just now, and whether something mutes it. */
	standing(): Promise<Array<{labels: Readonly<Record<string, string>>; muted: boolean}>>;
	/** Every message so far, oldest first. */
	notifications(): Promise<Notification[]>;
	/** What Prometheus and Alertmanager logged as warnings and errors. */
	log(): Promise<string>;
	/** Rules that Prometheus could not evaluate, with its words. */
	ruleErrors(): Promise<string[]>;
	stop(): Promise<void>;
}

/** What runs where. */
export interface AlertingOptions {
	/** For configuration, data and logs; the caller removes it. */
	directory: string;
	/** Network namespace; absent: that of the machine. */
	namespace?: string;
	targets: readonly ScrapeTarget[];
}

const alertsDirectory = fileURLToPath(new URL('../../../../alerts/', import.meta.url));
/** As the rules assume it. */
const pace = {scrape_interval: '15s', scrape_timeout: '10s', evaluation_interval: '15s'};

/** The rule files as shipped. */
export const ruleFiles: readonly string[] = readdirSync(alertsDirectory)
	.filter(name => name.endsWith('.yaml'))
	.sort()
	.map(name => join(alertsDirectory, name));

/** Starts all three; resolves when Prometheus and Alertmanager answer. */
export async function startAlerting({directory, namespace, targets}: AlertingOptions): Promise<Alerting> {
	const [prometheusPort, alertmanagerPort, sinkPort] = namespace === undefined ? await freePorts() : [9090, 9093, 9099];
	const prometheus = `http://127.0.0.1:${prometheusPort}`;
	const notified = join(directory, 'notified.jsonl');
	await writeFile(notified, '');
	await writeFile(join(directory, 'hastened.yaml'), stringify(hastenedRules(ruleFiles)));
	await writeFile(join(directory, 'prometheus.yml'), prometheusConfig(directory, targets, alertmanagerPort));
	await writeFile(join(directory, 'alertmanager.yml'), alertmanagerConfig(sinkPort));

	const running: Running[] = [];
	const start = (command: string, args: readonly string[], name = command) =>
		void running.push(
			startProcess({
				...(namespace === undefined ? {} : {namespace}),
				...{command, args, logFile: join(directory, `${name}.log`)},
			}),
		);
	const stop = async () => {
		await Promise.all(running.map(one => one.stop()));
	};
	start(
		process.execPath,
		[fileURLToPath(new URL('sink-process.ts', import.meta.url)), `${sinkPort}`, notified],
		'sink',
	);
	start('prometheus-alertmanager', [
		`--config.file=${join(directory, 'alertmanager.yml')}`,
		`--storage.path=${join(directory, 'alertmanager')}`,
		`--web.listen-address=127.0.0.1:${alertmanagerPort}`,
		'--cluster.listen-address=',
		'--log.level=warn',
	]);
	start('prometheus', [
		`--config.file=${join(directory, 'prometheus.yml')}`,
		`--storage.tsdb.path=${join(directory, 'prometheus')}`,
		`--web.listen-address=127.0.0.1:${prometheusPort}`,
		'--log.level=warn',
	]);
	const log = async () => (await Promise.all(running.map(one => one.log()))).join('');
	const get = async (url: string, ...args: string[]): Promise<unknown> => {
		const [program = '', ...before] = [...inside(namespace), 'curl', '-sS', '-f', '--max-time', '30', ...args, url];
		return JSON.parse((await execa(program, before)).stdout);
	};
	const answers = (url: string) =>
		get(url).then(
			() => true,
			() => false,
		);
	try {
		await until(
			async () => {
				if (running.some(one => !one.alive())) throw new Error(`One of the servers ended: ${await log()}`);
				return (
					(await answers(`http://127.0.0.1:${alertmanagerPort}/api/v2/status`)) &&
					(await answers(`${prometheus}/api/v1/status/runtimeinfo`))
				);
			},
			30_000,
			250,
		);
	} catch (error) {
		await stop();
		throw error;
	}

	const ask = async <Result>(promql: string): Promise<Result> => {
		const {data} = (await get(`${prometheus}/api/v1/query`, '--data-urlencode', `query=${promql}`)) as {
			data: {result: Result};
		};
		return data.result;
	};
	return {
		query: async promql => {
			const result = await ask<Array<{metric: Record<string, string>; value: [number, string]}>>(promql);
			return result.map(({metric, value: [, value]}) => ({labels: metric, value: Number(value)}));
		},
		range: async selector => {
			const result = await ask<Array<{metric: Record<string, string>; values: Array<[number, string]>}>>(selector);
			return result.map(({metric, values}) => ({
				labels: metric,
				values: values.map(([at, value]) => [at, Number(value)] as const),
			}));
		},
		standing: async () => {
			const found = (await get(`http://127.0.0.1:${alertmanagerPort}/api/v2/alerts`)) as Array<{
				labels: Record<string, string>;
				status: {state: string};
			}>;
			return found.map(({labels, status}) => ({labels, muted: status.state === 'suppressed'}));
		},
		notifications: async () => readNotifications(await readFile(notified, 'utf8')),
		log,
		ruleErrors: async () => {
			const {data} = (await get(`${prometheus}/api/v1/rules`)) as {
				data: {groups: Array<{rules: Array<{name: string; health: string; lastError?: string}>}>};
			};
			return data.groups
				.flatMap(({rules}) => rules)
				.filter(({health}) => health === 'err')
				.map(({name, lastError}) => `${name}: ${lastError}`);
		},
		stop,
	};
}

function prometheusConfig(directory: string, targets: readonly ScrapeTarget[], alertmanagerPort: number): string {
	return stringify({
		global: pace,
		rule_files: [...ruleFiles, join(directory, 'hastened.yaml')],
		alerting: {alertmanagers: [{static_configs: [{targets: [`127.0.0.1:${alertmanagerPort}`]}]}]},
		scrape_configs: [
			{
				job_name: 'tailprobe',
				static_configs: targets.map(({address, labels}) => ({targets: [address], labels})),
			},
		],
	});
}

/** Where the hastened copies are told of: were they told of beside the others, those would be told of again. */
export const hastenedReceiver = 'hastened';

interface Route {
	receiver: string;
	group_by: readonly string[];
	matchers?: readonly string[];
	group_wait?: string;
	routes?: readonly Route[];
}

interface AlertmanagerConfig {
	route: Route;
	receivers: ReadonlyArray<{name: string; webhook_configs: ReadonlyArray<{url: string; send_resolved: boolean}>}>;
}

/** The example with the sink as address of its receivers, and a route for the hastened copies. */
function alertmanagerConfig(sinkPort: number): string {
	const config = parse(readFileSync(join(alertsDirectory, 'alertmanager.example.yml'), 'utf8')) as AlertmanagerConfig;
	const hastened = {
		receiver: hastenedReceiver,
		matchers: ['hastened=~".+"'],
		group_by: ['cluster', 'namespace', 'alertname', 'severity'],
		group_wait: '30s',
	};
	const receiver = (name: string, send_resolved = true) => ({
		name,
		webhook_configs: [{url: `http://127.0.0.1:${sinkPort}/${encodeURIComponent(name)}`, send_resolved}],
	});
	return stringify({
		...config,
		route: {...config.route, routes: [hastened, ...(config.route.routes ?? [])]},
		receivers: [
			...config.receivers.map(({name, webhook_configs: [first]}) => receiver(name, first?.send_resolved)),
			receiver(hastenedReceiver),
		],
	});
}

function readNotifications(lines: string): Notification[] {
	return lines
		.slice(0, lines.lastIndexOf('\n') + 1)
		.split('\n')
		.filter(line => line !== '')
		.map(line => {
			const {at, receiver, body} = JSON.parse(line) as {at: number; receiver: string; body: Notification};
			const {status, groupLabels, alerts} = body;
			return {
				at,
				receiver,
				status,
				groupLabels,
				alerts: alerts.map(alert => ({status: alert.status, labels: alert.labels})),
			};
		});
}

async function freePorts(): Promise<[number, number, number]> {
	const servers = [createServer(), createServer(), createServer()] as const;
	const listen = (server: (typeof servers)[number]) =>
		new Promise<number>(resolve =>
			server.listen(0, '127.0.0.1', () => {
				const address = server.address();
				resolve(typeof address === 'object' && address !== null ? address.port : 0);
			}),
		);
	const ports: [number, number, number] = [
		await listen(servers[0]),
		await listen(servers[1]),
		await listen(servers[2]),
	];
	await Promise.all(servers.map(server => new Promise(resolve => server.close(resolve))));
	return ports;
}
