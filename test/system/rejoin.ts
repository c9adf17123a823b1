/** The prober's own tailscaled signs in again or is restarted, mostly between two looks at it: no run behind it is called down. */

import {rm} from 'node:fs/promises';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {canRun, systemTest} from './lab/can-run.ts';
import {afterRuns, downBetween} from './lab/movement.ts';
import {baseConfig, type Prober, type Series, startProber} from './lab/prober.ts';
import {nodeNames, startTailnet, type Tailnet} from './lab/tailnet.ts';

let tailnet: Tailnet;
let prober: Prober;

const {orch: orchestrator, livekit, mon} = nodeNames;
/** Both threads measure: rounds of fping on the one, all else on the other. */
const checks = `checks:
  - {name: tunnel, prober: tunnel, nodes: {name: [${orchestrator}, ${livekit}]}, interval: 2s, timeout: 1500ms}
  - {name: ping, prober: icmp, nodes: {name: [${orchestrator}, ${livekit}]}, interval: 2s, timeout: 1500ms}
  - {name: orchestrator, module: healthz, via: tailnet, targets: [{name: ${orchestrator}, target: "http://${orchestrator}:8080/healthz"}], interval: 2s}
  - {name: magicdns, prober: dns, timeout: 1500ms, nodes: {name: ${orchestrator}}, target: "dns://100.100.100.100/{node}", interval: 2s, dns: {expect_addresses: peers}}
`;
const checkCount = 6;

if (canRun) {
	test.before(async () => {
		tailnet = await startTailnet({hosts: ['mon', 'orch', 'livekit']});
		await tailnet.settle();
		prober = await startProber(tailnet, 'mon', baseConfig(tailnet) + checks);
		await prober.allUp(checkCount);
	});
	test.after.always(() => tailnet?.stop());
}

for (const nth of ['a first', 'a second', 'a third'])
	systemTest(`${nth} sign-in with a new key leaves nothing down`, async t => {
		const before = await prober.series();
		const own = tailnet.node('mon');
		const keyBefore = await keyOf();

		const as = [`--login-server=${tailnet.headscale.url}`, `--authkey=${tailnet.headscale.authKey}`];
		await own.cli('up', ...as, `--hostname=${mon}`, '--accept-dns=true', '--force-reauth', '--timeout=30s');

		t.not(await keyOf(), keyBefore);
		await nothingDown(t, before);
	});

systemTest('a restart within two seconds, its state kept, leaves nothing down', async t => {
	const before = await prober.series();
	const own = tailnet.node('mon');

	await own.stop();
	await own.start();

	await nothingDown(t, before);
});

systemTest('a crash and a start leave nothing down', async t => {
	const before = await prober.series();
	const own = tailnet.node('mon');

	await own.kill();
	await own.start();

	await nothingDown(t, before);
});

systemTest('a restart that lost its state, and comes back as another node, leaves nothing down', async t => {
	const before = await prober.series();
	const own = tailnet.node('mon');
	const addressBefore = await own.address();

	await own.kill();
	await rm(join(tailnet.directory, 'state-mon'), {recursive: true});
	await own.start();
	await own.join();

	t.not(await own.address(), addressBefore);
	await nothingDown(t, before);
});

/** Over fifteen seconds and more, in which the peers learn who we are now, no run was down; then all is up. */
async function nothingDown(t: ExecutionContext, before: Series): Promise<void> {
	const later = await afterRuns(prober, await prober.series(), 9);
	t.deepEqual(downBetween(before, later), []);
	const healed = await prober.allUp(checkCount);
	t.deepEqual(downBetween(before, healed), []);
	t.is(healed.value('tailprobe_vantage_up'), 1);
}

async function keyOf(): Promise<string> {
	const {Self} = JSON.parse(await tailnet.node('mon').cli('status', '--json', '--peers=false')) as {
		Self: {PublicKey: string};
	};
	return Self.PublicKey;
}
