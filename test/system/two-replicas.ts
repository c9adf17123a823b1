/**
 * Two replicas that share a lease, in front of a real Prometheus and Alertmanager: of the inventory each series is there once, and a
 * fault pages once, also while the replica that exports the inventory is killed and while the API server stands still.
 */

import {mkdir, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import test from 'ava';
import {inventoryNames} from '../../src/collectors/inventory-rows.ts';
import {until} from '../helpers/until.ts';
import {type Alerting, startAlerting} from './lab/alerting/alerting.ts';
import {canAlert} from './lab/alerting/can-alert.ts';
import {canRun} from './lab/can-run.ts';
import {type Kubernetes, monitorRights, podNamespace, startKubernetes} from './lab/kubernetes.ts';
import {baseConfig, type Prober, type Series, startProber} from './lab/prober.ts';
import {type NodeHost, nodeNames, startTailnet, type Tailnet} from './lab/tailnet.ts';

const hosts: readonly NodeHost[] = ['mon', 'orch', 'livekit'];
const ports = [9753, 9755] as const;
type Replica = 0 | 1;
const both: readonly Replica[] = [0, 1];

/** One of links, and one that starts from the inventory. */
const paged = ['HeadscaleApiKeyExpiring', 'TunnelDown'];

let tailnet: Tailnet;
let kubernetes: Kubernetes;
let alerting: Alerting;
let config: string;
const replicas: Prober[] = [];
const systemTest = canRun && canAlert ? test.serial : test.serial.skip;

if (canRun && canAlert) {
	test.before(async () => {
		tailnet = await startTailnet({hosts, waiting: hosts});
		kubernetes = await startKubernetes(tailnet);
		await joinForGood();
		await tailnet.settle();
		config = await configuration();
		for (const replica of both) await start(replica);
		for (const number of both)
			await replica(number).until(
				now => now.states().length > 0 && now.states().every(line => line.endsWith(' up')),
				60_000,
			);
		const holder = replica(await holderNow());
		await holder.until(now => now.value('tailprobe_headscale_own_api_key_expiry_timestamp_seconds') !== undefined);
		const directory = join(tailnet.directory, 'alerting');
		await mkdir(directory);
		alerting = await startAlerting({
			directory,
			namespace: tailnet.underlay.namespace('mon'),
			targets: both.map(number => ({
				address: `127.0.0.1:${ports[number]}`,
				labels: {namespace: 'monitoring', service: 'tailprobe', pod: `tailprobe-${number}`},
			})),
		});
		tailnet.beforeStop(() => alerting.stop());
	});
	test.after.always(() => tailnet?.stop());
}

systemTest('of the inventory each series is exported by one of them, and sums are those of one', async t => {
	const holder = await holderNow();
	const [shown, hidden] = await Promise.all([inventoryOf(holder), inventoryOf(other(holder))]);

	t.deepEqual(hidden, []);
	t.is(new Set(shown).size, shown.length);
	for (const name of [
		...['tailprobe_headscale_nodes', 'tailprobe_headscale_users', 'tailprobe_headscale_process_open_fds'],
		...[
			'tailprobe_headscale_own_api_key_expiry_timestamp_seconds',
			'tailprobe_kubernetes_node_present',
			'tailprobe_pool_usable',
		],
	])
		t.true(
			shown.some(series => series.startsWith(`${name}{`)),
			name,
		);
	await untilAnswered('count(up == 1)', 2);
	await untilAnswered('sum(tailprobe_headscale_nodes)', hosts.length);
	await untilAnswered('count(tailprobe_headscale_node_info)', hosts.length);
});

systemTest('a node is killed: one page, and one for the key that ends', async t => {
	await tailnet.node('livekit').kill();
	await until(async () => (await told()).length >= paged.length, 180_000, 1000);

	t.deepEqual(
		(await told()).toSorted(),
		paged.map(alert => `firing ${alert}`),
	);
});

systemTest(
	'the replica that exports the inventory is killed while they fire: the other one does, and nobody is told more',
	async t => {
		const holder = await holderNow();

		const killedAt = Date.now();
		await replica(holder).kill();
		await replica(other(holder)).until(exportsInventory, 40_000);
		t.log(`it took over after ${(Date.now() - killedAt) / 1000} s`);
		await start(holder);
		// As a follower it leaves the inventory alone.
		await replica(holder).until(now => !exportsInventory(now));
		await untilAnswered('count(up == 1)', 2);
		await untilAnswered('sum(tailprobe_headscale_nodes)', hosts.length);

		t.is(await holderNow(), other(holder));
		t.deepEqual(
			(await told()).toSorted(),
			paged.map(alert => `firing ${alert}`),
		);
	},
);

systemTest('the API server stands still: both export the inventory, say so, and nobody is told more', async t => {
	kubernetes.apiServer.freeze();
	try {
		await Promise.all(both.map(number => replica(number).until(exportsInventory, 60_000)));
		for (const number of both) {
			await until(async () => /exports the inventories without the lease/.test(await replica(number).log()));
			const {body} = await replica(number).get('/-/ready');
			t.regex(body, /^problem: This replica exports the inventories without the lease/m);
		}
		await untilAnswered('count(tailprobe_headscale_users)', 2);
		// As the dashboards ask for it.
		await untilAnswered('sum(max without (instance, pod) (tailprobe_headscale_nodes))', hosts.length);
		const evaluations = await evaluated();
		await until(async () => (await evaluated()) >= evaluations + 2, 60_000, 1000);

		t.deepEqual(
			(await told()).toSorted(),
			paged.map(alert => `firing ${alert}`),
		);
	} finally {
		kubernetes.apiServer.thaw();
	}
	t.deepEqual(await alerting.ruleErrors(), []);
	for (const {labels, values} of await alerting.range(
		`ALERTS{alertstate="firing",alertname=~"${paged.join('|')}"}[15m]`,
	))
		t.true(longestGap(values) < 45, `${labels.alertname} fired again and again`);
});

function replica(number: Replica): Prober {
	const found = replicas[number];
	if (!found) throw new Error(`Replica ${number} was not started.`);
	return found;
}

function other(number: Replica): Replica {
	return number === 0 ? 1 : 0;
}

async function start(number: Replica): Promise<void> {
	replicas[number] = await startProber(tailnet, 'mon', config, ports[number]);
}

const exportsInventory = (now: Series) => now.value('tailprobe_inventory_exported') === 1;

/** The one replica that exports the inventory, once there is exactly one. */
async function holderNow(): Promise<Replica> {
	let found: Replica[] = [];
	await until(async () => {
		const series = await Promise.all(both.map(number => replica(number).series()));
		found = both.filter(number => series.some((now, at) => at === number && exportsInventory(now)));
		return found.length === 1;
	}, 40_000);
	return found[0] ?? 0;
}

/** Series of the inventory that a replica exports, with their labels. */
async function inventoryOf(number: Replica): Promise<string[]> {
	const now = await replica(number).series();
	return [...inventoryNames].flatMap(name => now.all(name).map(({labels}) => `${name}${JSON.stringify(labels)}`));
}

/** Every alert that whoever is on call was told of, with what they were told, in order. */
async function told(): Promise<string[]> {
	const notified = (await alerting.notifications()).filter(({receiver}) => receiver === 'page');
	return notified.flatMap(({alerts}) => alerts.map(({status, labels}) => `${status} ${labels.alertname}`));
}

async function untilAnswered(promql: string, value: number): Promise<void> {
	let last: number | undefined;
	try {
		await until(
			async () => {
				last = (await alerting.query(promql))[0]?.value;
				return last === value;
			},
			60_000,
			500,
		);
	} catch {
		throw new Error(`${promql} gives ${last}, and ${value} was wanted.`);
	}
}

/** How often Prometheus evaluated what fires of these. */
async function evaluated(): Promise<number> {
	const found = await alerting.query(`count_over_time(ALERTS{alertstate="firing",alertname="${paged[0]}"}[1h])`);
	return found[0]?.value ?? 0;
}

function longestGap(values: ReadonlyArray<readonly [number, number]>): number {
	return Math.max(0, ...values.slice(1).map(([at], index) => at - (values[index]?.[0] ?? at)));
}

/** Nodes of a cluster are no ephemeral ones: that one of those left is no fault. */
async function joinForGood(): Promise<void> {
	const {headscale} = tailnet;
	const made = await headscale.cli('preauthkeys', 'create', '--user', '1', '--reusable', '--expiration', '24h');
	const key = made.trim().split('\n').at(-1) ?? '';
	for (const host of hosts)
		await tailnet
			.node(host)
			.cli(
				...['up', `--login-server=${headscale.url}`, `--authkey=${key}`, `--hostname=${nodeNames[host]}`],
				...['--accept-dns=true', '--timeout=30s'],
			);
}

/** With an API key that ends within two days, which is a page about what the inventory says. */
async function configuration(): Promise<string> {
	const apiKeyFile = join(tailnet.directory, 'apikey-that-ends');
	const made = await tailnet.headscale.cli('apikeys', 'create', '--expiration', '24h');
	await writeFile(apiKeyFile, made.trim().split('\n').at(-1) ?? '', {mode: 0o600});
	const leases = {apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['get', 'create', 'update']};
	const kubeconfigFile = await kubernetes.account('tailprobe', {
		...monitorRights,
		namespaced: [...monitorRights.namespaced, leases],
	});
	const base = baseConfig(tailnet)
		.replace(tailnet.headscale.apiKeyFile, apiKeyFile)
		// The pace of the lists is none of this; a slow machine would miss them.
		.replace('interval: 3s', 'interval: 10s')
		.replace('timeout: 2s', 'timeout: 8s');
	return `${base}
kubernetes:
  kubeconfig_file: ${kubeconfigFile}
  nodes: {names: [vast-gpu-0]}
  inventory_lease: {name: tailprobe, namespace: ${podNamespace}}
pools:
  - {name: june, match: {nodes: {name: "june-*"}}, min: 1}
checks:
  - {name: tunnel, prober: tunnel, nodes: {}, interval: 5s, timeout: 2s}
`;
}
