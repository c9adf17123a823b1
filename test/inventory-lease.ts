/** Two daemons as two replicas are, at one API server, with one lease for their inventories. */

import {readFileSync} from 'node:fs';
import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {inventoryNames} from '../src/collectors/inventory-rows.ts';
import {answer} from './helpers/answering-server.ts';
import {serve, startDaemonProcess} from './helpers/daemon-process.ts';
import {aPod, type FakeKubernetes, fakeKubernetes} from './helpers/kubernetes-api.ts';
import {until} from './helpers/until.ts';
import {aRawInstance, serveVast, vastKey} from './helpers/vast-server.ts';

interface Running {
	/** Lines of /metrics without their values; none while it does not answer. */
	series(): Promise<string[]>;
	ask(path: string): Promise<string>;
	log(): string;
	end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
}

test('each series of the inventory is there exactly once, and back when the one that has it ends or is killed', async t => {
	t.timeout(180_000);
	const api = await anApi(t);
	const config = await aConfig(t, api);
	let [first, second] = [await aDaemon(t, config), await aDaemon(t, config)];
	await until(async () => (await Promise.all([knows(first), knows(second)])).every(Boolean), 60_000);
	await until(async () => (await exporters(first, second)) === 1, 60_000);
	if (await exports(second)) [first, second] = [second, first];

	// Instances and pools are judged every few seconds.
	await until(async () => (await first.series()).some(line => line.startsWith('tailprobe_vast_instances{')));
	await until(async () => (await second.ask('/api/v1/pools')).includes('"name":"gpus"'));

	const [one, other] = await Promise.all([first.series(), second.series()]);
	t.deepEqual(
		other.filter(line => inventoryNames.has(nameOf(line))),
		[],
	);
	const inventory = one.filter(line => inventoryNames.has(nameOf(line)));
	for (const name of [
		...['kubernetes_pods', 'kubernetes_pod_info', 'vast_instances', 'machine_info', 'pool_min', 'pool_members'],
		...[
			'pool_time_to_serving_seconds',
			'headscale_nodes',
			'headscale_node_info',
			'headscale_users',
			'headscale_store_nodes',
		],
	])
		t.true(inventory.map(nameOf).includes(`tailprobe_${name}`), name);
	t.is(new Set(inventory).size, inventory.length);
	for (const name of ['check_state', 'vantage_up', 'source_read_success', 'headscale_health', 'kubernetes_allowed'])
		for (const lines of [one, other]) t.true(lines.map(nameOf).includes(`tailprobe_${name}`), name);
	t.regex(await second.ask('/api/v1/nodes'), /june-orchestrator/, 'the API knows it all');
	t.regex(await second.ask('/api/v1/pools'), /"name":"gpus"/);
	t.regex(await second.ask('/-/ready'), /source kubernetes-lease: ok/);
	t.deepEqual([await flag(first), await flag(second)], [1, 0]);

	await first.end('SIGTERM');
	// Neither can look by itself, so that the other leaves it to a better one for a while.
	await until(() => exports(second), 15_000 + 20_000);
	t.regex(first.log(), /it holds the lease/);

	const third = await aDaemon(t, config);
	await until(() => knows(third), 60_000);
	await until(async () => /another replica exports the inventories/.test(third.log()), 20_000);
	t.false(await exports(third));
	await second.end('SIGKILL');
	// Its duration, the time between two looks, and some for a machine that does much else.
	await until(() => exports(third), 15_000 + 15_000 + 2000 + 20_000);
	const after = (await third.series()).filter(line => inventoryNames.has(nameOf(line)));
	t.deepEqual(new Set(after.map(nameOf)), new Set(inventory.map(nameOf)));
});

test('without a right to the lease both export, and say so; with it one of them does', async t => {
	t.timeout(180_000);
	const api = await anApi(t);
	api.onList = (request, response) => {
		if (!/\/leases\//.test(request.url ?? '')) return false;
		response.writeHead(403).end();
		return true;
	};
	const config = await aConfig(t, api);
	const [first, second] = [await aDaemon(t, config), await aDaemon(t, config)];
	await until(async () => (await exporters(first, second)) === 2, 60_000);

	for (const one of [first, second]) {
		t.regex(await one.ask('/api/v1/status'), /exports the inventories without the lease, and others may do so too/);
		await until(() => /exports the inventories without the lease/.test(one.log()));
	}
	api.onList = () => false;

	await until(async () => (await exporters(first, second)) === 1, 15_000 + 20_000);
	t.pass();
});

function nameOf(line: string): string {
	return line.replace(/[{ ].*$/, '').replace(/_(bucket|sum|count)$/, '');
}

async function flag(daemon: Running): Promise<number> {
	return Number(/^tailprobe_inventory_exported (\d)$/m.exec(await daemon.ask('/metrics'))?.[1]);
}

async function exports(daemon: Running): Promise<boolean> {
	return (await daemon.series()).some(line => inventoryNames.has(nameOf(line)));
}

async function exporters(...daemons: Running[]): Promise<number> {
	return (await Promise.all(daemons.map(exports))).filter(Boolean).length;
}

/** All of its sources were read that there are here. */
async function knows(daemon: Running): Promise<boolean> {
	const ready = await daemon.ask('/-/ready');
	return /tailprobe is ready/.test(ready) && !/not tried yet|(headscale|kubernetes|vast)\S*: failing/.test(ready);
}

async function anApi(t: ExecutionContext): Promise<FakeKubernetes> {
	const api = await fakeKubernetes(t);
	api.objects.set('/api/v1/namespaces/june-services/pods', [aPod('gpu-1')]);
	api.objects.set('/api/v1/nodes', [
		{metadata: {name: 'vast-vk-0', uid: 'n'}, status: {conditions: [{type: 'Ready', status: 'True'}]}},
	]);
	return api;
}

async function aConfig(t: ExecutionContext, api: FakeKubernetes): Promise<string> {
	const headscale = await answer(t, ({url = ''}, response) => {
		const page = headscalePages[url.replace(/\?.*$/, '')];
		response.writeHead(page === undefined ? 404 : 200).end(page ?? '{"code":5,"message":"Not Found","details":[]}');
	});
	const vast = await serveVast(t, {instances: () => [aRawInstance()]});
	const directory = await mkdtemp(join(tmpdir(), 'tailprobe-replicas-'));
	t.teardown(() => rm(directory, {recursive: true}));
	const path = join(directory, 'tailprobe.yaml');
	await writeFile(join(directory, 'vast-key'), vastKey);
	await writeFile(join(directory, 'headscale-key'), 'P-Vg28v.0123456789');
	await writeFile(
		path,
		`log: {format: json}
vantages: [{name: here, type: local, tailscaled: {socket: /nowhere/tailscaled.sock}}]
headscale:
  url: http://127.0.0.1:${headscale.port}
  api_key: {file: headscale-key}
  metrics_url: http://127.0.0.1:${headscale.port}/metrics
kubernetes:
  kubeconfig_file: ${api.kubeconfig}
  gpu_pods: {namespace: june-services, selector: app=june-gpu-services}
  leases: false
  interval: 4s
  timeout: 3s
  inventory_lease: {name: tailprobe, namespace: monitoring}
vast: {api_key: {file: vast-key}, url: "${vast.url}"}
pools: [{name: gpus, match: {vast: {}}, min: 1}]
checks:
  - {name: tunnel, prober: tunnel, nodes: {}}
  - name: nobody
    prober: tcp
    via: direct
    interval: 60s
    targets: [{name: nobody, target: "192.0.2.1:9"}]
`,
	);
	return path;
}

const recorded = (name: string) => readFileSync(new URL(`fixtures/headscale/0.29.2/${name}`, import.meta.url), 'utf8');

const headscalePages: Readonly<Record<string, string>> = {
	'/health': '{"status":"pass"}',
	'/version': '{"version":"v0.29.2"}',
	'/metrics': recorded('metrics.prom'),
	'/key': JSON.stringify({publicKey: `mkey:${'0'.repeat(64)}`}),
	'/api/v1/health': '{"databaseConnectivity":true}',
	'/api/v1/node': recorded('rest-node.json'),
	'/api/v1/user': recorded('rest-user.json'),
	'/api/v1/preauthkey': recorded('rest-preauthkey.json'),
	'/api/v1/apikey': recorded('rest-apikey.json'),
	'/api/v1/policy': recorded('rest-policy.json'),
};

async function aDaemon(t: ExecutionContext, config: string): Promise<Running> {
	const daemon = startDaemonProcess(t, serve(config));
	const url = await daemon.url();
	const ask = async (path: string) => {
		const answer = await fetch(new URL(path, url)).catch(() => undefined);
		return (await answer?.text()) ?? '';
	};
	return {
		ask,
		log: daemon.log,
		series: async () =>
			(await ask('/metrics'))
				.split('\n')
				.filter(line => line !== '' && !line.startsWith('#'))
				.map(line => line.slice(0, line.lastIndexOf(' '))),
		async end(signal) {
			await daemon.end(signal);
		},
	};
}
