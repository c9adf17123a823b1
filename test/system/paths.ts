/** What becomes of the path between two nodes when their underlay breaks, and what the series make of it. */

import test from 'ava';
import {canRun, systemTest} from './lab/can-run.ts';
import {afterRuns, downBetween, failedBetween, lastRun} from './lab/movement.ts';
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
	test.after.always(() => tailnet?.stop());
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
		const settled = await afterRuns(prober, onRelay, 2);

		t.is(pathOf(onRelay, 'livekit'), 'direct');
		t.is(
			onRelay.value('tailprobe_tunnel_overhead_seconds', {peer: orchestrator}),
			undefined,
			'no overhead beside a relay',
		);
		t.deepEqual(downBetween(before, settled), []);
		t.is(pathOf(settled, orchestrator), 'derp', 'it was the relay that bore them');
		await tailnet.underlay.heal('orch');
		const healed = await prober.until(allUpAndDirect, 60_000);
		t.deepEqual(downBetween(settled, healed), [], 'nor on the way back');
		t.is(changes(healed) - changes(before), 2, 'one change to the relay, one back');
	},
);

systemTest('with the underlay of one node cut everything on it is down, and nothing else is', async t => {
	const onIt = ['livekit', 'ping', 'rtc', 'tunnel'];
	const before = await prober.series();
	await tailnet.underlay.cut('livekit');

	const broken = await prober.until(now => onIt.every(check => now.state(check, 'livekit') === 'down'));
	const later = await afterRuns(prober, broken, 2);

	const timeouts = onIt.map(check => `${check} livekit timeout`);
	t.deepEqual(failedBetween(before, later), timeouts);
	t.deepEqual(failedBetween(broken, later), timeouts, 'they stay down');
	t.deepEqual(
		notUp(later),
		onIt.map(check => `${check} livekit down`),
	);
	t.is(later.state('magicdns', 'livekit'), 'up', 'the name still has its address');
	await tailnet.underlay.heal('livekit');
	const healed = await prober.until(allUpAndDirect, 60_000);
	t.deepEqual(downBetween(healed, await afterRuns(prober, healed, 1)), []);
});

systemTest(
	'where packets over 1000 bytes vanish the tunnel and small answers are up, and what is larger is down in the phase that it holds up',
	async t => {
		const before = await prober.series();
		const wire = await tailnet.underlay.wire('orch', {dropOverBytes: 1000});

		const broken = await prober.until(now =>
			['orchestrator-big', 'orchestrator-h2', 'cert'].every(check => now.state(check) === 'down'),
		);
		const later = await afterRuns(prober, broken, 2);

		// A certificate is as large as a page.
		t.deepEqual(failedBetween(before, later), [
			'cert june-orchestrator:8443 timeout',
			'orchestrator-big june-orchestrator timeout',
			'orchestrator-h2 june-orchestrator timeout',
		]);
		t.true((await wire.counters()).out.oversize > 0, 'it was the hole');
		t.is(pathOf(later, orchestrator), 'direct');

		const phaseOf = (check: string, phase: string) => later.value('tailprobe_check_phase_seconds', {check, phase});
		t.true((phaseOf('orchestrator-big', 'connect') ?? 2) < 1, 'the connection was made');
		t.true((phaseOf('orchestrator-big', 'processing') ?? 0) > 1, 'the time went by between request and answer');
		t.is(phaseOf('orchestrator-big', 'transfer'), undefined, 'of the answer nothing came');
		t.regex((await lastRun(prober, 'orchestrator-big', orchestrator)).detail, /waiting for the answer of 100\.64\./);
		for (const [check, target] of [
			['orchestrator-h2', orchestrator],
			['cert', `${orchestrator}:8443`],
		] as const) {
			t.true((phaseOf(check, 'connect') ?? 2) < 1, check);
			t.true((phaseOf(check, 'tls') ?? 0) > 1, check);
			t.is(phaseOf(check, 'processing'), undefined, check);
			t.regex((await lastRun(prober, check, target)).detail, /TLS handshake/, check);
		}
		await tailnet.underlay.heal('orch');
		await prober.until(allUpAndDirect, 60_000);
	},
);
