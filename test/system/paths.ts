/** What becomes of the path between two nodes when their underlay breaks, and what the series make of it. */

import test from 'ava';
import {canRun, systemTest} from './lab/can-run.ts';
import {baseConfig, juneChecks, type Prober, type Series, startProber} from './lab/prober.ts';
import {nodeNames, startTailnet, type Tailnet} from './lab/tailnet.ts';

let tailnet: Tailnet;
let prober: Prober;

const orchestrator = nodeNames.orch;

if (canRun) {
	test.before(async () => {
		tailnet = await startTailnet({hosts: ['orch', 'livekit', 'mon']});
		await tailnet.settle();
		prober = await startProber(tailnet, 'mon', baseConfig(tailnet) + juneChecks(tailnet));
	});
	test.beforeEach(async () => void (await prober.until(allUpAndDirect)));
	test.afterEach.always(async () => {
		for (const host of ['orch', 'livekit', 'mon']) await tailnet.underlay.heal(host);
	});
	test.after.always(async () => {
		await prober?.stop();
		await tailnet?.stop();
	});
}

const pathOf = (series: Series, peer: string) =>
	series.all('tailprobe_tunnel_path', {peer}).find(({value}) => value === 1)?.labels.path;

const allUpAndDirect = (series: Series) =>
	series.states().every(line => line.endsWith(' up')) &&
	[orchestrator, 'livekit'].every(peer => pathOf(series, peer) === 'direct');

/** Lines of `states()` that are not up. */
const notUp = (series: Series) => series.states().filter(line => !line.endsWith(' up'));

systemTest(
	'with UDP blocked at one node its path is derp within 15 s, everything stays up, and it is direct again after',
	async t => {
		const before = await prober.series();
		const changes = (series: Series) => series.value('tailprobe_tunnel_path_changes_total', {peer: orchestrator}) ?? 0;
		await tailnet.underlay.blockUdp('orch');

		const onRelay = await prober.until(now => pathOf(now, orchestrator) === 'derp', 15_000);
		const settled = await prober.until(now => notUp(now).length === 0, 15_000);

		t.is(pathOf(onRelay, 'livekit'), 'direct');
		t.is(
			onRelay.value('tailprobe_tunnel_overhead_seconds', {peer: orchestrator}),
			undefined,
			'no overhead beside a relay',
		);
		t.is(settled.state('tunnel', orchestrator), 'up');
		await tailnet.underlay.heal('orch');
		const healed = await prober.until(allUpAndDirect, 60_000);
		t.is(changes(healed) - changes(before), 2);
		t.is(changes(healed) - changes(before), 2, 'one change to the relay, one back');
	},
);

systemTest('with the underlay of one node cut everything on it is down, and nothing else is', async t => {
	await tailnet.underlay.cut('livekit');

	const series = await prober.until(now => notUp(now).length >= 4);

	const fallen = notUp(series);
	t.true(
		fallen.every(line => line.includes('livekit')),
		fallen.join('\n'),
	);
	t.is(series.state('tunnel', 'livekit'), 'down');
	t.is(series.state('livekit', 'livekit'), 'down');
	t.is(series.state('magicdns', 'livekit'), 'up', 'the name still has its address');
	await tailnet.underlay.heal('livekit');
	await prober.until(allUpAndDirect, 60_000);
	t.pass();
});

systemTest(
	'where packets over 1000 bytes vanish the tunnel and small answers are up, and a large answer is down for its time',
	async t => {
		const before = await prober.series();
		await tailnet.underlay.wire('orch', {dropOverBytes: 1000});

		const series = await prober.until(now => now.state('orchestrator-big') === 'down');

		t.is(series.state('tunnel', orchestrator), 'up');
		t.is(series.state('orchestrator'), 'up');
		t.is(series.state('redis'), 'up');
		t.is(series.state('livekit', 'livekit'), 'up');
		const timeouts = (now: Series) =>
			now.value('tailprobe_check_failures_total', {check: 'orchestrator-big', reason: 'timeout'}) ?? 0;
		t.true(timeouts(series) > timeouts(before));
		const phase = (name: string) =>
			series.value('tailprobe_check_phase_seconds', {check: 'orchestrator-big', phase: name});
		t.true((phase('connect') ?? 0) > 0, 'the connection was made');
		await tailnet.underlay.heal('orch');
		await prober.until(allUpAndDirect, 60_000);
	},
);
