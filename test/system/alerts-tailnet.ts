/**
 * Alerts over a real tailnet, watched by two daemons that one Prometheus scrapes as an operator has it do: each fault makes one
 * page whatever the number of replicas, what only looks like a fault makes none. Three tailnets beside each other, as it takes
 * minutes until something is over.
 */

import {mkdir} from 'node:fs/promises';
import {join} from 'node:path';
import {setTimeout as wait} from 'node:timers/promises';
import test, {type ExecutionContext} from 'ava';
import {alertFaults} from '../../scripts/docs/alert-faults.ts';
import {assertAlerts} from '../helpers/alert-runs.ts';
import {until} from '../helpers/until.ts';
import {type Alerting, startAlerting} from './lab/alerting/alerting.ts';
import {awaitResolved, type Moments, readOutcome} from './lab/alerting/outcomes.ts';
import {canRun} from './lab/can-run.ts';
import {baseConfig, type Prober, startProber} from './lab/prober.ts';
import {type NodeHost, nodeNames, startTailnet, type Tailnet} from './lab/tailnet.ts';

/** As the series are called; one Prometheus knows one tailnet. */
const cluster = 'real';
const ports = [9753, 9755] as const;
/** As long as health is watched before anything breaks: most windows of the rules are shorter. */
const wellSeconds = 90;

/** A tailnet, two replicas, Prometheus and Alertmanager, all in the host of the prober. */
interface Watched {
	tailnet: Tailnet;
	alerting: Alerting;
	startedAt: number;
	startReplica(number: 0 | 1): Promise<Prober>;
	stopReplica(number: 0 | 1): Promise<void>;
	stop(): Promise<void>;
}

const realTest = canRun ? test : test.skip;
/** These take twenty minutes more: with `TAILPROBE_FAULTS=all`. */
const longTest = process.env.TAILPROBE_FAULTS === 'all' ? realTest : undefined;

realTest(
	'what only looks like a fault pages nobody: headscale restarts, UDP is blocked, a replica is gone',
	async t => {
		t.timeout(1_200_000);
		const watched = await watch(['mon', 'orch', 'livekit']);
		t.teardown(() => watched.stop());
		const {tailnet, alerting} = watched;

		const brokenAt = Date.now();
		await watched.stopReplica(1);
		await tailnet.underlay.blockUdp('livekit');
		await tailnet.headscale.stop();
		await tailnet.headscale.start();
		await wait(240_000);
		const healing = {standing: await alerting.standing(), healedAt: Date.now()};
		await tailnet.underlay.heal('livekit');
		await watched.startReplica(1);
		await awaitResolved(alerting, 600);

		await judge(t, watched, 'real-quiet', {brokenAt, ...healing});
	},
);

longTest?.('headscale frozen and TTS killed behind a direct tunnel: one page for each', async t => {
	t.timeout(1_200_000);
	const watched = await watch(['mon', 'orch', 'gpu1']);
	t.teardown(() => watched.stop());
	const {tailnet, alerting} = watched;

	const brokenAt = Date.now();
	tailnet.headscale.freeze();
	await tailnet.stopServices('gpu1');
	await wait(240_000);
	const healing = {standing: await alerting.standing(), healedAt: Date.now()};
	tailnet.headscale.thaw();
	await tailnet.startServices('gpu1');
	await awaitResolved(alerting, 600);

	await judge(t, watched, 'real-headscale-frozen-and-tts', {brokenAt, ...healing});
});

longTest?.(
	'a node killed: one page; both daemons killed then: one more, and nobody is told that the node is back',
	async t => {
		t.timeout(1_800_000);
		const watched = await watch(['mon', 'orch', 'livekit']);
		t.teardown(() => watched.stop());
		const {tailnet, alerting} = watched;
		const messages = async (alert: string, status: string) =>
			(await alerting.notifications()).filter(one =>
				one.alerts.some(own => own.labels.alertname === alert && own.status === status),
			);

		const brokenAt = Date.now();
		await tailnet.node('livekit').kill();
		await until(async () => (await messages('TunnelDown', 'firing')).length > 0, 180_000, 1000);
		// Longer than the group waits before it would tell more.
		await wait(75_000);
		const killedAt = Date.now();
		await Promise.all([watched.stopReplica(0), watched.stopReplica(1)]);
		await until(async () => (await messages('TailprobeDown', 'firing')).length > 0, 240_000, 1000);
		const downAfterSeconds = (Date.now() - killedAt) / 1000;
		// Longer than any alert goes on firing without its series, and its group waits then.
		await wait(240_000);

		t.deepEqual(await messages('TunnelDown', 'resolved'), [], 'a tunnel does not recover because nobody looks');
		t.log(`TailprobeDown came after ${downAfterSeconds} s`);
		t.true(downAfterSeconds <= 180, `TailprobeDown came after ${downAfterSeconds} s`);

		const healing = {standing: await alerting.standing(), healedAt: Date.now()};
		await tailnet.node('livekit').start();
		await Promise.all([watched.startReplica(0), watched.startReplica(1)]);
		await awaitResolved(alerting, 600, ['TunnelDown']);
		await judge(t, watched, 'real-node-killed', {brokenAt, ...healing});
	},
);

async function watch(hosts: readonly NodeHost[]): Promise<Watched> {
	const tailnet = await startTailnet({hosts, waiting: hosts});
	try {
		await joinForGood(tailnet, hosts);
		await tailnet.settle();
		const config =
			baseConfig(tailnet).replaceAll(/^ +(interval|timeout): \d+s\n|timeout: 1800ms, /gm, '') + checks(tailnet, hosts);
		const probers: Prober[] = [];
		const startReplica = async (number: 0 | 1) => {
			probers[number] = await startProber(tailnet, 'mon', config, ports[number]);
			return probers[number];
		};
		const first = await startReplica(0);
		await startReplica(1);
		await first.until(now => now.states().length > 0 && now.states().every(line => line.endsWith(' up')), 90_000);
		const directory = join(tailnet.directory, 'alerting');
		await mkdir(directory);
		const shared = {cluster, namespace: 'monitoring', service: 'tailprobe', endpoint: 'http', container: 'tailprobe'};
		const alerting = await startAlerting({
			directory,
			namespace: tailnet.underlay.namespace('mon'),
			targets: ports.map((port, number) => ({
				address: `127.0.0.1:${port}`,
				labels: {...shared, pod: `tailprobe-${number}`},
			})),
		});
		tailnet.beforeStop(() => alerting.stop());
		const startedAt = Date.now();
		await wait(wellSeconds * 1000);
		return {
			...{tailnet, alerting, startedAt, startReplica},
			stopReplica: async number => void (await probers[number]?.stop()),
			stop: () => tailnet.stop(),
		};
	} catch (error) {
		await tailnet.stop();
		throw error;
	}
}

/** Nodes of a cluster are no ephemeral ones: that one of those left is no fault. */
async function joinForGood({headscale, node}: Tailnet, hosts: readonly NodeHost[]): Promise<void> {
	const made = await headscale.cli('preauthkeys', 'create', '--user', '1', '--reusable', '--expiration', '24h');
	const key = made.trim().split('\n').at(-1) ?? '';
	for (const host of hosts)
		await node(host).cli(
			...['up', `--login-server=${headscale.url}`, `--authkey=${key}`, `--hostname=${nodeNames[host]}`],
			...['--accept-dns=true', '--timeout=30s'],
		);
}

/** At the pace of the defaults. */
function checks({headscale, underlay, directory}: Tailnet, hosts: readonly NodeHost[]): string {
	const wanted = [
		'{name: tunnel, prober: tunnel, nodes: {}}',
		'{name: orchestrator, module: healthz, via: tailnet, targets: [{name: june-orchestrator, target: "http://june-orchestrator:8080/healthz"}]}',
		'{name: magicdns, prober: dns, nodes: {}, target: "dns://100.100.100.100/{node}", dns: {expect_addresses: peers}}',
		`{name: stun, prober: stun, via: direct, targets: [{name: headscale, target: "${underlay.address('hs')}:3478"}]}`,
		`{name: derp, prober: derp, via: direct, targets: [{name: headscale, target: "${headscale.url}"}], derp: {tls_config: {ca_file: ${directory}/ca.pem}}}`,
		...(hosts.includes('livekit')
			? ['{name: livekit, module: healthz, via: tailnet, targets: [{name: livekit, target: "http://livekit:7880/"}]}']
			: []),
		...(hosts.includes('gpu1')
			? [
					'{name: tts, module: healthz, nodes: {name: "june-gpu-*"}, target: "http://{node}:8000/healthz", via: tailnet}',
				]
			: []),
	];
	return `checks:\n${wanted.map(check => `  - ${check}\n`).join('')}`;
}

async function judge(
	t: ExecutionContext,
	{alerting, startedAt}: Watched,
	id: string,
	moments: Omit<Moments, 'startedAt'>,
): Promise<void> {
	const fault = alertFaults.find(one => one.id === id);
	if (!fault) throw new Error(`scripts/docs/alert-faults.ts has no ${id}.`);
	t.deepEqual(await alerting.ruleErrors(), []);
	const outcome = await readOutcome(alerting, cluster, {startedAt, ...moments});
	// What a tailscaled warns of, and when, is its own affair: alerts that wait for minutes are tried in the embedded labs.
	assertAlerts(t, fault, {...outcome, fired: outcome.fired.filter(({hastened}) => !hastened)});
}
