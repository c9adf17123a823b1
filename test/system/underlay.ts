/** An underlay that is slow or loses packets: what the tunnel check reads, beside what the wire did. */

import test from 'ava';
import {median} from '../../src/util/round-trips.ts';
import {until} from '../helpers/until.ts';
import {canRun, systemTest} from './lab/can-run.ts';
import {baseConfig, type Prober, startProber} from './lab/prober.ts';
import {nodeNames, startTailnet, type Tailnet} from './lab/tailnet.ts';
import type {Wire, WireCounters} from './lab/underlay.ts';

let tailnet: Tailnet;
let prober: Prober;

const peer = nodeNames.gpu1;

const checks = `checks:
  - {name: tunnel, prober: tunnel, nodes: {name: ${peer}}, interval: 2s, timeout: 1800ms, tunnel: {count: 100, ping_interval: 10ms}}
`;

if (canRun) {
	test.before(async () => {
		tailnet = await startTailnet({hosts: ['gpu1', 'mon']});
		await tailnet.settle();
		prober = await startProber(tailnet, 'mon', baseConfig(tailnet) + checks);
		await prober.until(series => series.state('tunnel', peer) === 'up');
	});
	test.afterEach.always(async () => {
		for (const host of ['gpu1', 'mon']) await tailnet.underlay.heal(host);
	});
	test.after.always(() => tailnet?.stop());
}

systemTest('30 ms more of underlay are 30 ms more of disco and TSMP round trip, and no more overhead', async t => {
	const before = await collect(10);

	const wire = await tailnet.underlay.wire('gpu1', {roundTripMs: 30});
	const after = await collect(10);

	const change = (value: string) => 1000 * (medianOf(after, value) - medianOf(before, value));
	near(t, change('disco_seconds'), 30, 2);
	near(t, change('tsmp_seconds'), 30, 2);
	near(t, change('overhead_seconds'), 0, 2);
	t.true(after.every(({verdict, facts}) => verdict === 'up' && facts?.path === 'direct'));
	const series = await prober.series();
	for (const rung of ['disco', 'tsmp']) {
		const seconds = series.value('tailprobe_tunnel_rtt_seconds', {target: peer, rung});
		t.true(seconds !== undefined && seconds > 0.03 && seconds < 0.05, `${rung} ${seconds}`);
	}
	isFaithful(t, await wire.counters());
});

// On the way there: the disco pings of each run keep the prober's tailscaled from sending copies by the relay. On
// the way back the other tailscaled does so for seconds at a time, and the tunnel truly loses less than its underlay.
systemTest('of 20 % that the underlay loses, the tunnel check tells just what the wire dropped', async t => {
	const wire = await tailnet.underlay.wire('mon', {loss: 0.2});
	const before = pingsIn(await wire.counters());

	const runs = await collect(20);

	const counters = await wire.counters();
	const after = pingsIn(counters);
	const [sent, lost] = [sumOf(runs, 'pings_sent'), sumOf(runs, 'pings_lost')];
	const told = (100 * lost) / sent;
	t.true(sent >= 2000, `only ${sent} pings were sent`);
	near(t, told, 20, 3);
	near(t, told, (100 * (after.dropped - before.dropped)) / (after.seen - before.seen), 1);
	t.true(runs.every(({verdict}) => verdict === 'up'));
	const series = await prober.series();
	const ratio = series.value('tailprobe_tunnel_loss_ratio', {target: peer});
	t.true(ratio !== undefined && ratio > 0 && ratio < 0.5, `${ratio}`);
	isFaithful(t, counters);
});

systemTest('what an underlay loses on the way back is never told as more than the wire dropped', async t => {
	const wire = await tailnet.underlay.wire('gpu1', {loss: 0.2});
	const before = pingsIn(await wire.counters(), 'mon');

	const runs = await collect(8);

	const after = pingsIn(await wire.counters(), 'mon');
	const told = (100 * sumOf(runs, 'pings_lost')) / sumOf(runs, 'pings_sent');
	const dropped = (100 * (after.dropped - before.dropped)) / (after.seen - before.seen);
	near(t, dropped, 20, 5);
	t.true(told <= dropped + 2, `${told} % told, ${dropped} % dropped`);
	t.true(runs.every(({verdict}) => verdict === 'up'));
	isFaithful(t, await wire.counters());
});

/** One run of the check, as the API tells it. */
interface Run {
	startedAt: string;
	verdict: string;
	values?: Record<string, number>;
	facts?: Record<string, string>;
}

/** The next so many runs of the check that start after now. */
async function collect(count: number): Promise<Run[]> {
	const from = Date.now();
	const found = new Map<string, Run>();
	await until(
		async () => {
			for (const run of await recentRuns()) if (Date.parse(run.startedAt) > from) found.set(run.startedAt, run);
			return found.size >= count;
		},
		count * 2000 + 20_000,
		250,
	);
	return [...found.values()].slice(0, count);
}

/** What the history keeps, newest first. */
async function recentRuns(): Promise<Run[]> {
	const key = encodeURIComponent(`tunnel/cluster/${peer}`);
	const {recent} = (await prober.json(`/api/v1/checks/${key}/history`)) as {recent: Run[]};
	return recent;
}

const valuesOf = (runs: readonly Run[], value: string) => runs.flatMap(({values}) => values?.[value] ?? []);

const sumOf = (runs: readonly Run[], value: string) => valuesOf(runs, value).reduce((sum, one) => sum + one, 0);

const medianOf = (runs: readonly Run[], value: string) => median(valuesOf(runs, value)) ?? Number.NaN;

/** TSMP pings to the peer (and the one ICMP ping of each run), or its answers to `mon`, as the wire saw them: datagrams of 64 bytes. */
function pingsIn(
	{out}: Awaited<ReturnType<Wire['counters']>>,
	to: 'gpu1' | 'mon' = 'gpu1',
): {seen: number; dropped: number} {
	return out.peers[tailnet.underlay.address(to)]?.['wireguard 64'] ?? {seen: 0, dropped: 0};
}

function near(t: {true(actual: boolean, message: string): void}, found: number, wanted: number, tolerance: number) {
	t.true(Math.abs(found - wanted) <= tolerance, `${found} is not ${wanted} ± ${tolerance}`);
}

/** The wire itself failed at nothing. */
function isFaithful(
	t: {deepEqual(actual: unknown, expected: unknown): void},
	counters: {out: WireCounters; in: WireCounters},
) {
	for (const {superPackets, overrun, sendErrors} of [counters.out, counters.in])
		t.deepEqual({superPackets, overrun, sendErrors}, {superPackets: 0, overrun: 0, sendErrors: 0});
}
