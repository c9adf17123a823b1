/** Names that lead elsewhere, or nowhere: what goes over the tailnet goes to the tailnet's own addresses. */

import {writeFile} from 'node:fs/promises';
import {fileURLToPath} from 'node:url';
import test from 'ava';
import {until} from '../helpers/until.ts';
import {canRun, systemTest} from './lab/can-run.ts';
import {tailnetDomain} from './lab/headscale.ts';
import {afterRuns, failedBetween, lastRun} from './lab/movement.ts';
import {baseConfig, type Prober, startProber} from './lab/prober.ts';
import {type Running, startProcess} from './lab/processes.ts';
import {nodeNames, startTailnet, type Tailnet} from './lab/tailnet.ts';

let tailnet: Tailnet;
let prober: Prober;
let config: string;

const {orch: orchestrator} = nodeNames;

const checks = `checks:
  - {name: tunnel, prober: tunnel, nodes: {}, interval: 3s, timeout: 2500ms}
  - {name: magicdns, prober: dns, timeout: 2s, nodes: {name: ${orchestrator}}, target: "dns://100.100.100.100/{node}", interval: 3s, dns: {expect_addresses: peers}}
  - {name: orchestrator, module: healthz, via: tailnet, targets: [{name: ${orchestrator}, target: "http://${orchestrator}:8080/healthz"}], interval: 2s}
  - {name: redis, prober: tcp, timeout: 2s, via: tailnet, targets: [{name: ${orchestrator}, target: "${orchestrator}:6379"}], interval: 3s, tcp: {query_response: [{send: PING}, {expect: "^\\\\+PONG"}]}}
`;
const checkCount = 4;

if (canRun) {
	test.before(async () => {
		tailnet = await startTailnet({hosts: ['mon', 'orch']});
		await tailnet.settle();
		config = baseConfig(tailnet) + checks;
		prober = await startProber(tailnet, 'mon', config);
		await prober.allUp(checkCount);
	});
	test.after.always(() => tailnet?.stop());
}

systemTest(
	'a search path that leads to a healthy service elsewhere deceives no check that goes over the tailnet',
	async t => {
		const elsewhere = tailnet.underlay.address('hs');
		const inCluster = `${orchestrator}.svc.cluster.local`;
		const decoy = await startDecoy(elsewhere, inCluster, `${orchestrator}.${tailnetDomain}`);
		t.teardown(() => decoy.stop());
		const resolvConf = `/etc/netns/${tailnet.underlay.namespace('mon')}/resolv.conf`;
		// In place: `ip netns exec` has mounted this very file over the one of the prober.
		await writeFile(resolvConf, `search svc.cluster.local\nnameserver ${elsewhere}\noptions ndots:5\n`);
		const astray = `  - {name: astray, module: healthz, via: direct, targets: [{name: ${orchestrator}, target: "http://${orchestrator}:8080/healthz"}], interval: 2s}\n`;
		await prober.reload(config + astray);

		const before = await prober.until(now => now.state('astray') === 'up');
		await afterRuns(prober, before, 2);

		const {facts: direct} = await lastRun(prober, 'astray', orchestrator);
		t.like(direct, {address: elsewhere, resolved_by: 'dns'});
		const {facts: overTailnet} = await lastRun(prober, 'orchestrator', orchestrator);
		t.like(overTailnet, {address: await tailnet.node('orch').address(), resolved_by: 'magicdns'});
		const {body} = await prober.get(`/probe?target=http://${orchestrator}:8080/healthz&module=healthz&debug=true`);
		t.true(body.includes(`address ${await tailnet.node('orch').address()} `), body);
		t.false(body.includes(elsewhere));

		// The decoy's health hides no outage.
		await tailnet.stopServices('orch');
		const down = await prober.until(now => now.state('orchestrator') === 'down' && now.state('redis') === 'down');
		t.is(down.state('astray'), 'up');
		t.true(failedBetween(before, down).includes(`orchestrator ${orchestrator} refused`));
		await tailnet.startServices('orch');
		await prober.allUp(checkCount + 1);

		// Should MagicDNS itself give such an answer, nobody goes there.
		const requests = async () => (await decoy.log()).split('\n').filter(line => line.startsWith('request ')).length;
		await prober.reload(config.replace('tailnet: {', `tailnet: {dns_server: ${elsewhere}, `));
		const seen = await requests();
		const wrong = await afterRuns(prober, await prober.series(), 2);
		t.is(wrong.state('orchestrator'), 'down');
		t.is(wrong.value('tailprobe_check_failures_total', {check: 'astray', reason: 'wrong_network'}), undefined);
		t.true((wrong.value('tailprobe_check_failures_total', {check: 'orchestrator', reason: 'wrong_network'}) ?? 0) >= 1);
		t.regex((await lastRun(prober, 'orchestrator', orchestrator)).detail, /is outside the tailnet/);
		t.is(await requests(), seen);

		await prober.reload(config);
		await prober.allUp(checkCount);
	},
);

systemTest('a MagicDNS that is silent is down itself, and names are found by the list of peers', async t => {
	const before = await prober.series();
	const rule = ['INPUT', '-s', '100.100.100.100', '-j', 'DROP'];
	await tailnet.underlay.run('mon', 'iptables', ['-I', ...rule]);

	const broken = await prober.until(now => now.state('magicdns') === 'down');
	const later = await afterRuns(prober, broken, 2);

	t.deepEqual(failedBetween(before, later), [`magicdns ${orchestrator} timeout`]);
	t.is((await lastRun(prober, 'orchestrator', orchestrator)).facts.resolved_by, 'peers');

	await tailnet.underlay.run('mon', 'iptables', ['-D', ...rule]);
	await prober.allUp(checkCount);
});

async function startDecoy(...args: string[]): Promise<Running> {
	const decoy = startProcess({
		namespace: tailnet.underlay.namespace('hs'),
		command: process.execPath,
		args: [fileURLToPath(new URL('lab/decoy.ts', import.meta.url)), ...args],
		logFile: `${tailnet.directory}/decoy.log`,
	});
	await until(async () => (await decoy.log()).includes('ready'));
	return decoy;
}
