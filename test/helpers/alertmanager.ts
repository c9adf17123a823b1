/** The example for Alertmanager as data, and a real Alertmanager that runs it, fifty times faster than shipped. */

import {type ChildProcess, spawn, spawnSync} from 'node:child_process';
import {once} from 'node:events';
import {readFileSync} from 'node:fs';
import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {parse} from 'yaml';
import {z} from 'zod';
import type {Labels} from './alert-matching.ts';
import {until} from './until.ts';

const timeSchema = z.string().regex(/^\d+[smh]$/);

const routeSchema = z.strictObject({
	matchers: z.array(z.string()).optional(),
	receiver: z.string().optional(),
	group_by: z.array(z.string()).optional(),
	group_wait: timeSchema.optional(),
	group_interval: timeSchema.optional(),
	repeat_interval: timeSchema.optional(),
	get routes() {
		return z.array(routeSchema).optional();
	},
});

/** A route with those below it. */
export type Route = z.output<typeof routeSchema>;

const inhibitRuleSchema = z.strictObject({
	source_matchers: z.array(z.string()),
	target_matchers: z.array(z.string()),
	equal: z.array(z.string()),
});

/** What mutes what. */
export type InhibitRule = z.output<typeof inhibitRuleSchema>;

const exampleSchema = z.strictObject({
	receivers: z.array(
		z.strictObject({
			name: z.string(),
			webhook_configs: z.array(z.strictObject({url: z.string(), send_resolved: z.boolean()})),
		}),
	),
	route: routeSchema,
	inhibit_rules: z.array(inhibitRuleSchema),
});

/** The file as it is shipped. */
export const exampleFile = fileURLToPath(new URL('../../alerts/alertmanager.example.yml', import.meta.url));

/** What is in it; it has nothing else. */
export const example = exampleSchema.parse(parse(readFileSync(exampleFile, 'utf8')));

/** How Alertmanager is called here (Debian's name, or its own); undefined where it is not installed. */
export const alertmanagerCommand = ['prometheus-alertmanager', 'alertmanager'].find(
	command => spawnSync(command, ['--version']).status === 0,
);

/** A running Alertmanager. */
export interface Alertmanager {
	/** As Prometheus does it: alerts fire from now on, without an end. */
	fire(...alerts: Labels[]): Promise<void>;
	/** They have ended. */
	resolve(...alerts: Labels[]): Promise<void>;
	stop(): Promise<void>;
}

/**
 * Starts it on a free port of 127.0.0.1 with the example, where nothing is changed but the URLs of the receivers and the times, which
 * are a fiftieth; resolves when it is ready.
 */
export async function startAlertmanager(sinkUrl: string): Promise<Alertmanager> {
	if (alertmanagerCommand === undefined) throw new Error('Alertmanager is not installed.');
	const directory = await mkdtemp(join(tmpdir(), 'tailprobe-alertmanager-'));
	const file = join(directory, 'alertmanager.json');
	// JSON is YAML.
	await writeFile(file, JSON.stringify(rendered(sinkUrl)));
	const child = spawn(
		alertmanagerCommand,
		[
			`--config.file=${file}`,
			`--storage.path=${join(directory, 'data')}`,
			'--web.listen-address=127.0.0.1:0',
			'--web.external-url=http://127.0.0.1',
			'--cluster.listen-address=',
		],
		{stdio: ['ignore', 'ignore', 'pipe']},
	);
	const url = `http://${await addressOf(child)}`;
	await until(() =>
		fetch(`${url}/-/ready`).then(
			({ok}) => ok,
			() => false,
		),
	);
	const startedAt = new Map<string, string>();
	const post = async (alerts: readonly Labels[], ended: boolean) => {
		const now = new Date();
		const body = alerts.map(labels => {
			const key = JSON.stringify(labels);
			const startsAt = startedAt.get(key) ?? now.toISOString();
			startedAt.set(key, startsAt);
			// Without an end it would be that of its own resolve_timeout.
			const endsAt = new Date(now.getTime() + (ended ? 0 : 3_600_000)).toISOString();
			return {labels, startsAt, endsAt};
		});
		const response = await fetch(`${url}/api/v2/alerts`, {
			method: 'POST',
			headers: {'Content-Type': 'application/json'},
			body: JSON.stringify(body),
		});
		if (!response.ok) throw new Error(`Alertmanager refused the alerts: ${response.status} ${await response.text()}`);
	};
	return {
		fire: (...alerts) => post(alerts, false),
		resolve: (...alerts) => post(alerts, true),
		stop: async () => {
			const gone = child.exitCode !== null || child.signalCode !== null ? undefined : once(child, 'exit');
			child.kill('SIGKILL');
			await gone;
			await rm(directory, {recursive: true, force: true});
		},
	};
}

function rendered(sinkUrl: string): unknown {
	const {receivers, route, ...rest} = example;
	return {
		...rest,
		receivers: receivers.map(({name, webhook_configs}) => ({
			name,
			webhook_configs: webhook_configs.map(config => ({...config, url: `${sinkUrl}/${name}`})),
		})),
		// What the top leaves out are Alertmanager's defaults.
		route: hastened({group_wait: '30s', group_interval: '5m', repeat_interval: '4h', ...route}),
	};
}

function hastened(route: Route): unknown {
	const {group_wait, group_interval, repeat_interval, routes, ...rest} = route;
	return {
		...rest,
		...(group_wait && {group_wait: fiftieth(group_wait)}),
		...(group_interval && {group_interval: fiftieth(group_interval)}),
		...(repeat_interval && {repeat_interval: fiftieth(repeat_interval)}),
		...(routes && {routes: routes.map(hastened)}),
	};
}

function fiftieth(time: string): string {
	const seconds = {s: 1, m: 60, h: 3600}[time.slice(-1)] ?? Number.NaN;
	return `${Number(time.slice(0, -1)) * seconds * 20}ms`;
}

/** Where it listens, from its log. */
function addressOf(child: ChildProcess): Promise<string> {
	return new Promise((resolve, reject) => {
		let log = '';
		child.stderr?.setEncoding('utf8').on('data', (data: string) => {
			log += data;
			const [, address] = /Listening on"? address=(\S+)/.exec(log) ?? [];
			if (address) resolve(address);
		});
		child.once('error', reject);
		child.once('exit', () => reject(new Error(`Alertmanager ended: ${log}`)));
	});
}
