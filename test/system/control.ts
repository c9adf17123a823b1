/** Faults of the control server: headscale and its relay are down, and nothing that goes over direct tunnels is called down. */

import test, {type ExecutionContext} from 'ava';
import {canRun, systemTest} from './lab/can-run.ts';
import {assertCleanMetrics} from './lab/clean-metrics.ts';
import {afterRuns, assertHealed, downBetween, failedBetween, lastRun} from './lab/movement.ts';
import {baseConfig, type Prober, type Series, startProber} from './lab/prober.ts';
import {nodeNames, startTailnet, type Tailnet} from './lab/tailnet.ts';

let tailnet: Tailnet;
let prober: Prober;

const {orch: orchestrator} = nodeNames;

const checks = ({headscale, underlay, directory}: Tailnet) => `checks:
  - {name: tunnel, prober: tunnel, nodes: {}, interval: 3s, timeout: 2500ms}
  - {name: ping, prober: icmp, nodes: {}, interval: 3s, timeout: 2500ms}
  - {name: magicdns, prober: dns, timeout: 2s, nodes: {}, target: "dns://100.100.100.100/{node}", interval: 3s, dns: {expect_addresses: peers}}
  - {name: orchestrator, module: healthz, via: tailnet, targets: [{name: ${orchestrator}, target: "http://${orchestrator}:8080/healthz"}], interval: 2s}
  - {name: tts, module: healthz, nodes: {name: "june-gpu-*"}, target: "http://{node}:8000/healthz", interval: 2s}
  - {name: stun, prober: stun, timeout: 2s, via: direct, targets: [{name: headscale, target: "${underlay.address('hs')}:3478"}], interval: 3s}
  - {name: derp, prober: derp, timeout: 2s, via: direct, targets: [{name: headscale, target: "${headscale.url}"}], interval: 3s, derp: {tls_config: {ca_file: ${directory}/ca.pem}}}
`;

if (canRun) {
	test.before(async () => {
		tailnet = await startTailnet({hosts: ['mon', 'orch', 'gpu1']});
		await tailnet.settle();
		const base = baseConfig(tailnet).replace('expect_users:', 'restart_grace: 15s\n  expect_users:');
		prober = await startProber(tailnet, 'mon', base + checks(tailnet));
		await prober.allUp(checkCount);
	});
	test.after.always(() => tailnet?.stop());
}

systemTest(
	'a frozen control server is down with its relay, and what goes over direct tunnels is still judged',
	async t => {
		const before = await prober.series();
		tailnet.headscale.freeze();

		const broken = await prober.until(now => isHeadscaleGone(now) && relayIs(now, 'down'));
		const later = await afterRuns(prober, broken, 4);

		t.deepEqual(failedBetween(before, later), ['derp headscale timeout', 'stun headscale timeout']);
		for (const {labels, value} of later.all('tailprobe_tunnel_path', {path: 'direct'})) t.is(value, 1, labels.target);
		t.is(later.value('tailprobe_vantage_up'), 1);
		// A frozen server keeps its connections: tailscaled takes two minutes to miss it.
		t.is(later.value('tailprobe_vantage_control_reachable'), 1);
		assertNothingIsTold(t, later);
		t.regex((await lastRun(prober, 'derp', 'headscale')).detail, /TLS handshake/);

		// That it stays up is no blindness.
		await tailnet.stopServices('orch');
		const down = await prober.until(now => now.state('orchestrator') === 'down');
		t.deepEqual(
			failedBetween(later, down).filter(line => !line.includes(' headscale ')),
			[`orchestrator ${orchestrator} refused`],
		);
		await tailnet.startServices('orch');

		tailnet.headscale.thaw();
		await assertHealed(t, prober, checkCount);
	},
);

systemTest(
	'a killed control server is down, no node is called offline while they come back, and nothing else went down',
	async t => {
		const before = await prober.series();
		await tailnet.headscale.kill();

		const broken = await prober.until(
			now => isHeadscaleGone(now) && relayIs(now, 'down') && now.value('tailprobe_vantage_control_reachable') === 0,
		);
		const later = await afterRuns(prober, broken, 4);

		t.deepEqual(failedBetween(before, later), ['derp headscale refused', 'stun headscale refused']);
		t.is(later.value('tailprobe_vantage_up'), 1);
		t.is(later.value('tailprobe_tailscaled_self_online'), 0);
		assertNothingIsTold(t, later);
		await assertCleanMetrics(t, later.text);

		await tailnet.headscale.start();
		const back = await comeBack(t, before, later);
		t.deepEqual(
			downBetween(later, back).filter(line => !line.includes(' headscale ')),
			[],
		);
		await assertHealed(t, prober, checkCount);
	},
);

systemTest('a restart of the control server moves no verdict', async t => {
	const before = await prober.series();
	await tailnet.headscale.stop();
	await tailnet.headscale.start();

	const back = await comeBack(t, before, before);

	t.deepEqual(
		downBetween(before, back).filter(line => !line.includes(' headscale ')),
		[],
	);
	await assertHealed(t, prober, checkCount);
});

/**
 * After a restart: all nodes are there again, the grace is over, and every check was judged twice since `from`. Meanwhile no scrape
 * may say that a node is offline.
 */
async function comeBack(t: ExecutionContext, before: Series, from: Series): Promise<Series> {
	const startedBefore = before.value(processStart);
	const wrong = new Set<string>();
	const back = await prober.until(now => {
		for (const line of offlineIn(now)) wrong.add(line);
		return (
			now.value(processStart) !== undefined &&
			now.value(processStart) !== startedBefore &&
			now.value('tailprobe_headscale_restart_grace') === 0 &&
			now.value('tailprobe_headscale_nodes', {state: 'online'}) === 3
		);
	}, 60_000);
	t.deepEqual([...wrong], []);
	// The same checks as before: none began anew because the list of nodes was away.
	for (const {labels, value} of before.all('tailprobe_check_runs_total'))
		t.true((back.value('tailprobe_check_runs_total', labels) ?? 0) >= value, JSON.stringify(labels));
	return afterRuns(prober, from, 2);
}

const processStart = 'tailprobe_headscale_process_start_timestamp_seconds';

function offlineIn(series: Series): string[] {
	const found = [
		...series.all('tailprobe_headscale_node_online').filter(({value}) => value === 0),
		...series.all('tailprobe_headscale_nodes', {state: 'offline'}).filter(({value}) => value > 0),
		...series.all('tailprobe_headscale_node_disagreement'),
	];
	return found.map(({labels, value}) => `${JSON.stringify(labels)} ${value}`);
}

/** What headscale said last is too old to be told: neither its health, nor who is online, nor who disagrees. */
function assertNothingIsTold(t: ExecutionContext, series: Series): void {
	for (const name of ['health', 'node_online', 'nodes', 'nodes_disagreeing', 'node_disagreement', 'goroutines'])
		t.deepEqual(series.all(`tailprobe_headscale_${name}`), [], name);
}

/** Tunnel, ping and MagicDNS of two nodes, two services, STUN and DERP. */
const checkCount = 10;

/** What is read every interval; users and keys are read once a minute. */
const isHeadscaleGone = (series: Series) =>
	['health', 'nodes', 'metrics'].every(
		part => series.value('tailprobe_source_read_success', {source: `headscale-${part}`}) === 0,
	);

const relayIs = (series: Series, state: string) => series.state('stun') === state && series.state('derp') === state;
