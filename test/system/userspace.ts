/** A prober without a tunnel device: faults of its tailscaled, which is its proxy too, leave all behind it unknown; a peer's are the peer's. */

import test, {type ExecutionContext} from 'ava';
import {until} from '../helpers/until.ts';
import {canRun, systemTest} from './lab/can-run.ts';
import {afterRuns, downBetween, failedBetween, lastRun} from './lab/movement.ts';
import {baseConfig, type Prober, type Series, startProber} from './lab/prober.ts';
import {nodeNames, startTailnet, type Tailnet} from './lab/tailnet.ts';

let tailnet: Tailnet;
let prober: Prober;

const {orch: orchestrator, gpu1: gpu} = nodeNames;
const checksOf = ({underlay}: Tailnet) => `checks:
  - {name: tunnel, prober: tunnel, nodes: {name: [${orchestrator}, ${gpu}]}, interval: 3s, timeout: 2500ms}
  - {name: orchestrator, module: healthz, via: tailnet, targets: [{name: ${orchestrator}, target: "http://${orchestrator}:8080/healthz"}], interval: 2s}
  - {name: warm, prober: http_warm, timeout: 1800ms, via: tailnet, targets: [{name: ${orchestrator}, target: "http://${orchestrator}:8080/healthz"}], interval: 2s}
  - {name: redis, prober: tcp, timeout: 2s, via: tailnet, targets: [{name: ${orchestrator}, target: "${orchestrator}:6379"}], interval: 3s, tcp: {query_response: [{send: PING}, {expect: "^\\\\+PONG"}]}}
  - {name: tts, module: healthz, nodes: {name: ${gpu}}, target: "http://{node}:8000/healthz", interval: 2s}
  - {name: stun, prober: stun, timeout: 2s, via: direct, targets: [{name: headscale, target: "${underlay.address('hs')}:3478"}], interval: 3s}
`;
const allChecks = [
	`orchestrator ${orchestrator}`,
	`redis ${orchestrator}`,
	'stun headscale',
	`tts ${gpu}`,
	`tunnel ${gpu}`,
	`tunnel ${orchestrator}`,
	`warm ${orchestrator}`,
];

if (canRun) {
	test.before(async () => {
		tailnet = await startTailnet({hosts: ['gpu2', 'orch', 'gpu1']});
		await tailnet.settle('gpu2');
		prober = await startProber(tailnet, 'gpu2', baseConfig(tailnet, 'gpu2') + checksOf(tailnet));
		await allUp();
	});
	test.after.always(() => tailnet?.stop());
}

systemTest('a peer that froze is down by its tunnel and its service, and nothing else is', async t => {
	const before = await prober.series();
	tailnet.node('gpu1').freeze();

	try {
		const isOfPeer = (check: string) => check.endsWith(` ${gpu}`);
		const broken = await prober.until(states(check => (isOfPeer(check) ? 'down' : 'up')));
		const later = await afterRuns(prober, broken, 2);

		t.deepEqual(failedBetween(before, later), [`tts ${gpu} timeout`, `tunnel ${gpu} timeout`]);
		t.is(later.value('tailprobe_vantage_up'), 1);
	} finally {
		tailnet.node('gpu1').thaw();
	}
	const after = await allUp();
	t.deepEqual(
		downBetween(before, after).filter(line => !line.includes(gpu)),
		[],
	);
});

for (const {title, start, end, says} of [
	{
		title: 'a stopped tailscaled, with its proxy gone, leaves everything behind it unknown',
		start: () => tailnet.node('gpu2').stop(),
		end: () => tailnet.node('gpu2').start(),
		says: /socket .* does not exist: start tailscaled/,
	},
	{
		title: 'a tailscaled that was logged out, whose proxy still listens, leaves everything behind it unknown',
		start: () => tailnet.node('gpu2').logout(),
		end: () => tailnet.node('gpu2').join(),
		// 0.29.2 fails about one ephemeral logout in ten, and leaves the client in state Stopped.
		says: /in state (NeedsLogin: it must sign in|Stopped)/,
	},
	{
		title: 'a frozen tailscaled, whose proxy takes connections and never answers, leaves everything behind it unknown',
		start: () => tailnet.node('gpu2').freeze(),
		end: () => tailnet.node('gpu2').thaw(),
		says: /tailscaled did not answer .*: it hangs, or has no CPU/,
	},
])
	systemTest(title, async t => {
		const before = await prober.series();
		await start();

		try {
			const isBlind = states(check => (check.startsWith('stun ') ? 'up' : 'unknown'));
			await afterRuns(prober, await prober.until(isBlind), 2);
			// A run that was late, as on a busy machine, is unknown for once.
			const blind = await prober.until(isBlind);
			t.deepEqual(
				failedBetween(before, blind),
				allChecks.filter(check => !check.startsWith('stun ')).map(check => `${check} vantage`),
			);
			t.is(blind.value('tailprobe_vantage_up'), 0);
			for (const check of ['tunnel', 'orchestrator', 'redis'])
				t.regex((await lastRun(prober, check, orchestrator)).detail, says, check);
		} finally {
			await end();
		}
		await seesAgain(t, before);
	});

systemTest(
	'peers do not reach the proxy at 127.0.0.2; at 127.0.0.1 it would lead each of them into this network',
	async t => {
		const before = await prober.series();
		const ok = '{"status":"ok"}';

		t.is(await askFromPeer(false), ok, 'what listens at 127.0.0.1 is there for peers');
		await t.throwsAsync(askFromPeer(true), {message: /Failed to connect to|refused/});

		const own = tailnet.node('gpu2');
		await own.stop();
		await own.start('127.0.0.1:1055');
		try {
			await until(async () => (await askFromPeer(true).catch(() => '')) === ok, 30_000, 500);
			t.is(await askFromPeer(true), ok);
		} finally {
			await own.stop();
			await own.start();
		}
		await seesAgain(t, before);
	},
);

/** All is up again and the vantage is sound; no run since `before` was down. */
async function seesAgain(t: ExecutionContext, before: Series): Promise<void> {
	const up = await allUp();
	const later = await afterRuns(prober, up, 2);
	t.deepEqual(downBetween(before, later), []);
	t.is((await prober.until(series => series.value('tailprobe_vantage_up') === 1)).value('tailprobe_vantage_up'), 1);
}

const allUp = (): Promise<Series> =>
	prober.until(
		states(() => 'up'),
		60_000,
	);

/** What a peer reads of a service of gpu2, directly, or through what listens there at the port of the proxy. */
async function askFromPeer(byProxy: boolean): Promise<string> {
	const address = await tailnet.node('gpu2').address();
	const proxy = byProxy ? ['--proxy', `socks5h://${address}:1055`] : [];
	const url = `http://${byProxy ? '127.0.0.1' : address}:8000/healthz`;
	return tailnet.underlay.run('gpu1', 'curl', ['-sS', '--max-time', '3', ...proxy, url]);
}

/** Whether each check is in the state that it should be in. */
function states(wanted: (check: string) => string): (series: Series) => boolean {
	const lines = allChecks.map(check => `${check} ${wanted(check)}`).join();
	return series => series.states().join() === lines;
}
