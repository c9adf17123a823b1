/** Two daemons as two replicas are, with one lease and one agent: an agent serves one daemon, so only one of them may look from it. */

import {copyFile, mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {type AgentChild, allowLoopbackTargets, startAgentChild} from './helpers/agents.ts';
import {startDaemonProcess} from './helpers/daemon-process.ts';
import {type FakeKubernetes, fakeKubernetes} from './helpers/kubernetes-api.ts';
import {until} from './helpers/until.ts';

interface Running {
	ask(path: string, body?: unknown): Promise<{status: number; text: string}>;
	kill(): Promise<void>;
}

test('exactly one replica looks from an agent, the other takes it over once, and nobody takes it from anybody', async t => {
	t.timeout(180_000);
	const {agent, api, config} = await aScene(t);
	let [first, second] = [await aDaemon(t, config), await aDaemon(t, config)];
	await until(async () => (await lookers(first, second)) === 1, 60_000);
	if (await looksAfar(second)) [first, second] = [second, first];
	t.is(takenUp(agent), 1);

	t.notRegex((await second.ask('/metrics')).text, /june-gpu-1/);
	t.regex((await second.ask('/api/v1/status')).text, /gpu: another replica looks from there, or will/);
	t.notRegex((await second.ask('/-/ready')).text, /another replica/, 'that is as it should be');
	for (const [path, body] of [
		['/api/v1/probe', {check: 'inside'}],
		['/api/v1/probe', {check: 'inside', from: 'june-gpu-1'}],
		['/api/v1/diagnose', {subject: 'june-gpu-1'}],
		['/api/v1/diagnose', {subject: 'vantage june-gpu-1'}],
	] as const) {
		const {status, text} = await second.ask(path, body);
		t.is(status, 503, text);
		t.regex(text, /another replica looks from there, or will/);
	}
	t.is((await first.ask('/api/v1/probe', {check: 'inside', from: 'june-gpu-1'})).status, 200);

	// Nobody can be asked: the one that had it goes on, and the other does not begin.
	api.onList = (_request, response) => {
		response.writeHead(500).end();
		return true;
	};
	await until(async () => (await exporters(first, second)) === 2, 40_000);
	t.deepEqual([await looksAfar(first), await looksAfar(second)], [true, false]);
	api.onList = () => false;
	await until(async () => (await exporters(first, second)) === 1, 40_000);
	await until(async () => (await lookers(first, second)) === 1, 40_000);
	if (await looksAfar(second)) [first, second] = [second, first];
	const before = takenUp(agent);
	t.true(before <= 2);

	await first.kill();
	await until(() => looksAfar(second), 40_000);
	t.is(takenUp(agent), before + 1);
});

async function aScene(t: ExecutionContext): Promise<{agent: AgentChild; api: FakeKubernetes; config: string}> {
	const api = await fakeKubernetes(t);
	const agent = await startAgentChild(t, allowLoopbackTargets);
	const directory = await mkdtemp(join(tmpdir(), 'tailprobe-replicas-'));
	t.teardown(() => rm(directory, {recursive: true}));
	await copyFile(join(agent.folder, 'secret'), join(directory, 'secret'));
	const config = join(directory, 'tailprobe.yaml');
	await writeFile(
		config,
		`log: {format: json}
vantages:
  - {name: here, type: local, tailscaled: false}
  - name: gpu
    type: remote
    hosts: [{name: june-gpu-1, address: 127.0.0.1}]
    ways: [{agent: {secret: {file: secret}, port: ${agent.port}}}]
kubernetes:
  kubeconfig_file: ${api.kubeconfig}
  leases: false
  interval: 4s
  timeout: 3s
  inventory_lease: {name: tailprobe, namespace: monitoring}
checks:
  - {name: inside, prober: tcp, via: direct, interval: 1s, from: [gpu], targets: [{name: itself, target: "127.0.0.1:${agent.port}"}]}
`,
	);
	return {agent, api, config};
}

function takenUp(agent: AgentChild): number {
	return agent.log.filter(({msg}) => msg === 'a daemon has taken up this agent').length;
}

/** It has results of the agent's. */
async function looksAfar(daemon: Running): Promise<boolean> {
	const {text} = await daemon.ask('/metrics');
	return /^tailprobe_check_up\{.*vantage="june-gpu-1".*\} 1$/m.test(text);
}

async function lookers(...daemons: Running[]): Promise<number> {
	return (await Promise.all(daemons.map(looksAfar))).filter(Boolean).length;
}

async function exporters(...daemons: Running[]): Promise<number> {
	const pages = await Promise.all(daemons.map(daemon => daemon.ask('/metrics')));
	return pages.filter(({text}) => /^tailprobe_inventory_exported 1$/m.test(text)).length;
}

async function aDaemon(t: ExecutionContext, config: string): Promise<Running> {
	const daemon = startDaemonProcess(t, [new URL('fixtures/bin/daemon.ts', import.meta.url).pathname, config]);
	const url = await daemon.url();
	return {
		async ask(path, body) {
			const posted =
				body === undefined
					? {}
					: {method: 'POST', headers: {'content-type': 'application/json'}, body: JSON.stringify(body)};
			const answer = await fetch(new URL(path, url), posted).catch(() => undefined);
			return {status: answer?.status ?? 0, text: (await answer?.text()) ?? ''};
		},
		async kill() {
			await daemon.end('SIGKILL');
		},
	};
}
