/** Faults of single nodes: what the tunnels, the services behind them and headscale's own opinion say about each. */

import test from 'ava';
import {canRun, systemTest} from './lab/can-run.ts';
import {assertCleanMetrics} from './lab/clean-metrics.ts';
import {afterRuns, assertHealed, failedBetween, lastRun} from './lab/movement.ts';
import {baseConfig, type Prober, type Series, startProber} from './lab/prober.ts';
import {nodeNames, startTailnet, type Tailnet} from './lab/tailnet.ts';

let tailnet: Tailnet;
let prober: Prober;

const {orch: orchestrator, gpu1: gpu, gpu2: userspaceGpu} = nodeNames;
const [intervalMs, timeoutMs] = [3000, 2500];
/** For a machine that does much else: scrapes, batches of outcomes and the prober's look at itself take their time. */
const slackMs = 3000;

const checks = `checks:
  - {name: tunnel, prober: tunnel, nodes: {}, interval: ${intervalMs}ms, timeout: ${timeoutMs}ms}
  - {name: ping, prober: icmp, nodes: {name: [${orchestrator}, "june-gpu-*"]}, interval: 3s, timeout: 2500ms}
  - {name: orchestrator, module: healthz, via: tailnet, targets: [{name: ${orchestrator}, target: "http://${orchestrator}:8080/healthz"}], interval: 2s}
  - {name: tts, module: healthz, nodes: {name: "june-gpu-*"}, target: "http://{node}:8000/healthz", interval: 2s}
`;
/** Three tunnels, three pings, three services. */
const checkCount = 9;

if (canRun) {
	test.before(async () => {
		tailnet = await startTailnet({hosts: ['mon', 'orch', 'gpu1', 'gpu2']});
		await tailnet.settle();
		prober = await startProber(tailnet, 'mon', baseConfig(tailnet) + checks);
		await prober.allUp(checkCount);
	});
	test.after.always(() => tailnet?.stop());
}

systemTest(
	'a frozen client is down within an interval and a timeout, though headscale goes on calling it online',
	async t => {
		const before = await prober.series();
		const frozenAt = Date.now();
		tailnet.node('orch').freeze();

		await prober.until(now => now.state('tunnel', orchestrator) === 'down', intervalMs + timeoutMs + slackMs);
		const broken = await prober.until(
			now => now.state('orchestrator') === 'down' && disagreementOn(now, orchestrator) !== undefined,
		);

		const later = await afterRuns(prober, broken, 2);
		t.deepEqual(
			failedBetween(before, later),
			['orchestrator', 'ping', 'tunnel'].map(check => `${check} ${orchestrator} timeout`),
			'nothing else failed',
		);
		await assertCleanMetrics(t, broken.text);
		const downSince = broken.value('tailprobe_check_down_since_timestamp_seconds', {check: 'tunnel'}) ?? 0;
		t.true(downSince * 1000 > frozenAt - timeoutMs && downSince * 1000 < frozenAt + intervalMs + slackMs);
		t.is(broken.value('tailprobe_headscale_node_online', {peer: orchestrator}), 1);
		t.is(disagreementOn(broken, orchestrator), 'online_but_unreachable');
		t.is(broken.value('tailprobe_headscale_nodes_disagreeing', {kind: 'online_but_unreachable'}), 1);
		t.is(broken.value('tailprobe_tunnel_loss_ratio', {target: orchestrator}), 1);
		t.is(broken.value('tailprobe_vantage_up'), 1);
		t.regex(
			(await lastRun(prober, 'tunnel', orchestrator)).detail,
			/no disco ping either: neither the direct path nor a relay/,
		);

		tailnet.node('orch').thaw();
		await assertHealed(t, prober, checkCount);
	},
);

systemTest('a killed client is down at once, and offline in headscale some ten seconds after', async t => {
	const before = await prober.series();
	await tailnet.node('gpu1').kill();

	const broken = await prober.until(now => now.state('tunnel', gpu) === 'down', intervalMs + timeoutMs + slackMs);
	const offline = await prober.until(now => now.value('tailprobe_headscale_node_online', {peer: gpu}) === 0);

	// Its socket is closed, but headscale waits for ten seconds whether it comes back.
	t.is(broken.value('tailprobe_headscale_node_online', {peer: gpu}), 1);
	t.is(disagreementOn(offline, gpu), undefined);
	t.is(offline.value('tailprobe_headscale_nodes', {state: 'offline'}), 1);
	const later = await afterRuns(prober, offline, 2);
	t.deepEqual(failedBetween(before, later), [`ping ${gpu} timeout`, `tts ${gpu} timeout`, `tunnel ${gpu} timeout`]);

	await tailnet.node('gpu1').start();
	const after = await assertHealed(t, prober, checkCount);
	t.is(after.value('tailprobe_headscale_node_online', {peer: gpu}), 1);
});

systemTest(
	'a client whose key expired is unreachable and said to need a login, while headscale calls it online',
	async t => {
		const before = await prober.series();
		const address = await tailnet.node('gpu1').address();
		await tailnet.headscale.cli('nodes', 'expire', '-i', await idOf(gpu), '--force');

		const broken = await prober.until(
			now =>
				['tunnel', 'tts', 'ping'].every(check => now.state(check, gpu) === 'down') &&
				now.value('tailprobe_headscale_nodes_expired') === 1 &&
				disagreementOn(now, gpu) !== undefined,
		);

		t.is(broken.value('tailprobe_headscale_node_online', {peer: gpu}), 1);
		t.is(disagreementOn(broken, gpu), 'online_but_unreachable');
		t.true(
			(broken.value('tailprobe_headscale_node_key_expiry_timestamp_seconds', {peer: gpu}) ?? Infinity) <
				Date.now() / 1000,
		);
		t.regex((await lastRun(prober, 'tunnel', gpu)).detail, /expired.*the node must sign in again/);
		const failed = failedBetween(before, await afterRuns(prober, broken, 2));
		t.true(failed.includes(`tunnel ${gpu} unreachable`), failed.join('\n'));
		t.true(failed.includes(`tts ${gpu} unreachable`), failed.join('\n'));
		t.deepEqual(failed, onlyOf(failed, gpu));
		await assertCleanMetrics(t, broken.text);

		await tailnet.node('gpu1').join();
		const after = await assertHealed(t, prober, checkCount);
		t.is(after.value('tailprobe_headscale_nodes_expired'), 0);
		t.is(await tailnet.node('gpu1').address(), address);
	},
);

systemTest('a peer without a tunnel device is reached by tunnel, ping and HTTP like any other', async t => {
	const before = await prober.series();

	const now = await afterRuns(prober, before, 3);

	t.deepEqual(failedBetween(before, now), []);
	t.is(now.value('tailprobe_tunnel_path', {target: userspaceGpu, path: 'direct'}), 1);
	t.is(now.value('tailprobe_http_status_code', {check: 'tts', target: userspaceGpu}), 200);
	// It is the real case: its host has no device, and its programs reach the tailnet by nothing but the proxy.
	t.false((await tailnet.underlay.run('gpu2', 'ip', ['-br', 'link'])).includes('tailscale'));
	const url = `http://${await tailnet.node('orch').address()}:8080/healthz`;
	const curl = ['-s', '--max-time', '3', url];
	await t.throwsAsync(tailnet.underlay.run('gpu2', 'curl', curl));
	t.is(await tailnet.underlay.run('gpu2', 'curl', ['--proxy', 'socks5h://127.0.0.2:1055', ...curl]), '{"status":"ok"}');
});

systemTest('a service that ended is refused while its tunnel is up, with a tunnel device and without', async t => {
	const before = await prober.series();
	await Promise.all([tailnet.stopServices('gpu1'), tailnet.stopServices('gpu2')]);

	try {
		const broken = await prober.until(now => [gpu, userspaceGpu].every(peer => now.state('tts', peer) === 'down'));
		const later = await afterRuns(prober, broken, 2);

		t.deepEqual(failedBetween(before, later), [`tts ${gpu} refused`, `tts ${userspaceGpu} refused`]);
		t.is(later.value('tailprobe_headscale_nodes_disagreeing', {kind: 'online_but_unreachable'}), 0);
	} finally {
		await Promise.all([tailnet.startServices('gpu1'), tailnet.startServices('gpu2')]);
	}
	await assertHealed(t, prober, checkCount);
});

systemTest('a prober without a tunnel device sees what its proxy leads to, and calls the rest unsupported', async t => {
	const config = `${baseConfig(tailnet, 'gpu2')}${checks.replace('name: "june-gpu-*"}, target', `name: ${gpu}}, target`)}
  - {name: redis, prober: tcp, timeout: 2s, via: tailnet, targets: ["${orchestrator}:6379"], interval: 3s, tcp: {query_response: [{send: PING}, {expect: "^\\\\+PONG"}]}}
  - {name: magicdns, prober: dns, timeout: 2s, nodes: {name: ${orchestrator}}, target: "dns://100.100.100.100/{node}", interval: 3s, dns: {expect_addresses: peers}}
  - {name: stun, prober: stun, timeout: 2s, via: direct, targets: [{name: headscale, target: "${tailnet.underlay.address('hs')}:3478"}], interval: 3s}
`;
	const second = await startProber(tailnet, 'gpu2', config);
	t.teardown(() => second.stop());

	const before = await second.series();
	await afterRuns(second, before, 3);
	const wanted = [
		`magicdns ${orchestrator} unknown`,
		`orchestrator ${orchestrator} up`,
		`ping ${gpu} unknown`,
		`ping ${orchestrator} unknown`,
		`redis ${orchestrator}:6379 up`,
		'stun headscale up',
		`tts ${gpu} up`,
		`tunnel ${gpu} up`,
		`tunnel ${orchestrator} up`,
		'tunnel prober up',
	];
	const now = await second.until(series => series.states().join() === wanted.join());
	const {body} = await second.get(`/probe?target=http://${orchestrator}:9999/&module=healthz&debug=true`);

	t.true(
		failedBetween(before, now).every(line => line.endsWith(' unsupported')),
		failedBetween(before, now).join('\n'),
	);
	await assertCleanMetrics(t, now.text);
	t.true(now.all('tailprobe_check_runs_total', {verdict: 'down'}).every(({value}) => value === 0));
	t.is(now.value('tailprobe_tailscaled_tun'), 0);
	t.is(now.value('tailprobe_vantage_up'), 1);
	t.regex((await lastRun(second, 'ping', orchestrator)).detail, /no tunnel device/);
	// tailscaled's proxy never says why: a closed port is down, but not called refused.
	t.regex(body, /probe_failure_info\{reason="proxy"\} 1/);
});

const disagreementOn = (series: Series, peer: string) =>
	series.all('tailprobe_headscale_node_disagreement', {peer})[0]?.labels.kind;

const onlyOf = (lines: readonly string[], target: string) => lines.filter(line => line.split(' ')[1] === target);

/** headscale's number of a node. */
async function idOf(name: string): Promise<string> {
	const nodes = JSON.parse(await tailnet.headscale.cli('nodes', 'list', '-o', 'json')) as unknown;
	const found = (nodes as Array<{id: number; given_name: string}>).find(node => node.given_name === name);
	return String(found?.id);
}
