/** Each failure of the catalogue that a real tailnet can have is brought about, and the diagnosis names it. */

import {randomBytes} from 'node:crypto';
import {writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import test from 'ava';
import {until} from '../helpers/until.ts';
import {type Agent, agentPort, startAgent} from './lab/agent.ts';
import {canRun, systemTest} from './lab/can-run.ts';
import {assertNamesFault, catalogued, type Fault} from './lab/diagnosing.ts';
import {baseConfig, juneChecks, type Prober, startProber} from './lab/prober.ts';
import {nodeNames, startTailnet, type Tailnet} from './lab/tailnet.ts';

let tailnet: Tailnet;
let prober: Prober;
let agent: Agent;
let config: string;
let checkCount: number;

const {orch: orchestrator, gpu1: gpu} = nodeNames;

const nothing = () => {};
const node = (host: keyof typeof nodeNames) => tailnet.node(host);

const faults: readonly Fault[] = [
	{
		failure: 'service-down',
		subject: `orchestrator ${orchestrator}`,
		start: () => tailnet.stopServices('orch'),
		end: () => tailnet.startServices('orch'),
	},
	{
		failure: 'service-filtered',
		subject: `redis ${orchestrator}:6379`,
		start: () => firewall('-I'),
		end: () => firewall('-D'),
	},
	{failure: 'node-frozen', subject: gpu, start: () => node('gpu1').freeze(), end: () => node('gpu1').thaw()},
	{failure: 'node-off', subject: gpu, start: () => node('gpu1').stop(), end: () => node('gpu1').start()},
	{
		failure: 'node-key',
		subject: `tunnel/cluster/${gpu}`,
		start: async () => tailnet.headscale.cli('nodes', 'expire', '-i', await idOf(gpu), '--force'),
		end: () => rejoin(),
	},
	{
		failure: 'node-deleted',
		subject: gpu,
		start: async () => tailnet.headscale.cli('nodes', 'delete', '-i', await idOf(gpu), '--force'),
		end: () => rejoin(),
		// Its links end with its record; what is left is the vantage that it was.
		verdict: 'unknown',
	},
	{failure: 'agent-dead', subject: gpu, start: () => agent.kill(), end: () => agent.start(), verdict: 'unknown'},
	{
		failure: 'udp-blocked',
		subject: `tunnel ${orchestrator}`,
		start: () => tailnet.underlay.blockUdp('orch'),
		end: () => tailnet.underlay.heal('orch'),
		verdict: 'up',
	},
	{
		failure: 'loss',
		subject: `tunnel ${orchestrator}`,
		start: () => tailnet.underlay.wire('orch', {loss: 0.3}),
		end: () => tailnet.underlay.heal('orch'),
		verdict: 'up',
	},
	{
		failure: 'big-packets',
		subject: `orchestrator-big ${orchestrator}`,
		start: () => tailnet.underlay.wire('orch', {dropOverBytes: 1000}),
		end: () => tailnet.underlay.heal('orch'),
	},
	{
		failure: 'magicdns-dead',
		subject: `magicdns ${orchestrator}`,
		start: () => silenceMagicDns('-A'),
		end: () => silenceMagicDns('-D'),
	},
	{
		failure: 'name-unknown',
		subject: 'misspelt june-orchestrater',
		moreChecks:
			'{name: misspelt, module: healthz, via: tailnet, targets: [{name: june-orchestrater, target: "http://june-orchestrater:8080/healthz"}], interval: 2s}',
		start: nothing,
		end: nothing,
	},
	{
		failure: 'certificate-untrusted',
		subject: `unvouched ${orchestrator}`,
		moreChecks: `{name: unvouched, prober: tls, timeout: 2s, via: tailnet, targets: [{name: ${orchestrator}, target: "${orchestrator}:8443"}], interval: 3s}`,
		start: nothing,
		end: nothing,
	},
	{
		failure: 'exposed',
		subject: `exposed ${orchestrator}`,
		moreChecks: `{name: exposed, prober: tcp, timeout: 2s, via: tailnet, expect: unreachable, targets: [{name: ${orchestrator}, target: "${orchestrator}:8080"}], interval: 3s}`,
		start: nothing,
		end: nothing,
	},
	{
		failure: 'headscale-certificate',
		subject: orchestrator,
		change: text => text.replace(/^ {2}ca_file: .*\n/m, ''),
		start: nothing,
		end: nothing,
		verdict: 'up',
	},
	{
		failure: 'user-missing',
		subject: orchestrator,
		change: text => text.replace('expect_users: [ozzu]', 'expect_users: [ozzu, nobody]'),
		start: nothing,
		end: nothing,
		verdict: 'up',
	},
	{
		failure: 'headscale-frozen',
		subject: orchestrator,
		start: () => tailnet.headscale.freeze(),
		end: () => tailnet.headscale.thaw(),
		verdict: 'up',
	},
	{
		failure: 'headscale-frozen-and-service-dead',
		subject: `orchestrator ${orchestrator}`,
		start: async () => {
			tailnet.headscale.freeze();
			await tailnet.stopServices('orch');
		},
		end: async () => {
			tailnet.headscale.thaw();
			await tailnet.startServices('orch');
		},
		also: ['headscale-frozen'],
	},
	{
		failure: 'headscale-stopped',
		subject: orchestrator,
		start: () => tailnet.headscale.kill(),
		end: () => tailnet.headscale.start(),
		verdict: 'up',
	},
	{
		failure: 'own-tailscaled-down',
		subject: `tunnel ${orchestrator}`,
		start: () => node('mon').cli('down'),
		end: () => node('mon').join(),
		verdict: 'unknown',
	},
	{
		failure: 'own-tailscaled-frozen',
		subject: `tunnel ${orchestrator}`,
		start: () => node('mon').freeze(),
		end: () => node('mon').thaw(),
		verdict: 'unknown',
	},
	{
		failure: 'own-network',
		subject: `tunnel ${orchestrator}`,
		start: () => tailnet.underlay.cut('mon'),
		end: () => tailnet.underlay.heal('mon'),
		verdict: 'unknown',
	},
	{
		failure: 'own-signed-out',
		subject: 'cluster',
		start: () => node('mon').logout(),
		end: () => node('mon').join(),
		verdict: 'unknown',
	},
];

if (canRun) {
	test.before(async () => {
		tailnet = await startTailnet({hosts: ['mon', 'orch', 'gpu1', 'livekit']});
		await tailnet.settle();
		const secretFile = join(tailnet.directory, 'agent-secret');
		await writeFile(secretFile, randomBytes(24).toString('hex'), {mode: 0o600});
		agent = await startAgent(tailnet, 'gpu1', {secretFile});
		const agents = `{name: gpu, type: remote, nodes: {name: "june-gpu-*", owner: ozzu}, ways: [{agent: {port: ${agentPort}, secret: {file: ${secretFile}}}}]}`;
		config =
			baseConfig(tailnet, 'mon', [agents]) +
			juneChecks(tailnet) +
			`  - {name: webhook, module: healthz, via: tailnet, from: [gpu], targets: [{name: ${orchestrator}, target: "http://${orchestrator}:8080/healthz"}], interval: 2s}\n`;
		prober = await startProber(tailnet, 'mon', config);
		const sound = await prober.until(
			now => now.states().length > 20 && now.states().every(line => line.endsWith(' up')),
			60_000,
		);
		checkCount = sound.states().length;
	});
	test.after.always(() => tailnet?.stop());
}

for (const fault of faults) {
	systemTest(`named rightly: ${catalogued(fault.failure).says}`, async t => {
		await prober.allUp(checkCount);
		await assertNamesFault(t, prober, config, fault);
		await prober.allUp(checkCount);
	});
}

/** What comes to redis through the tunnel vanishes. In front of tailscale's own rules, which let in all that comes through it. */
function firewall(change: '-I' | '-D'): Promise<string> {
	return tailnet.underlay.run('orch', 'iptables', [
		change,
		...['INPUT', '-i', 'tailscale0', '-p', 'tcp', '--dport', '6379', '-j', 'DROP'],
	]);
}

function silenceMagicDns(change: '-A' | '-D'): Promise<string> {
	return tailnet.underlay.run('mon', 'iptables', [change, 'OUTPUT', '-d', '100.100.100.100', '-j', 'DROP']);
}

interface ListedNode {
	id: number;
	given_name: string;
	ip_addresses: readonly string[];
}

async function listed(name: string): Promise<ListedNode | undefined> {
	const nodes = JSON.parse(await tailnet.headscale.cli('nodes', 'list', '-o', 'json')) as readonly ListedNode[];
	return nodes.find(({given_name: given}) => given === name);
}

async function idOf(name: string): Promise<string> {
	return String((await listed(name))?.id);
}

/** Signs the GPU machine in anew, under its old name. */
async function rejoin(): Promise<void> {
	const before = await listed(gpu);
	if (before) await tailnet.headscale.cli('nodes', 'delete', '-i', `${before.id}`, '--force').catch(nothing);
	await node('gpu1').logout().catch(nothing);
	await node('gpu1').join();
	// It has another address now, where the agent must listen.
	await until(async () => {
		const [address, now] = await Promise.all([node('gpu1').address(), listed(gpu)]);
		return address !== undefined && now?.ip_addresses.includes(address) === true;
	}, 30_000);
	await agent.stop();
	agent = await startAgent(tailnet, 'gpu1', {secretFile: join(tailnet.directory, 'agent-secret')});
}
