/** Faults of the ways to GPU hosts: each is seen within an interval where it is, the rest goes on, and nothing is ever called down. */

import {readFile, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import test, {type ExecutionContext} from 'ava';
import {until as untilTrue} from '../helpers/until.ts';
import {agentPort} from './lab/agent.ts';
import {canRun, systemTest} from './lab/can-run.ts';
import {assertCleanMetrics} from './lab/clean-metrics.ts';
import {
	anyWay as any,
	clusterNodes,
	type GpuHost,
	type GpuSide,
	gpuGroups,
	gpuVantages,
	startGpuSide,
	statesByVantage,
} from './lab/gpu-side.ts';
import {monitorRights, noExecRights} from './lab/kubernetes.ts';
import {downBetween} from './lab/movement.ts';
import {baseConfig, type Prober, type Series, startProber} from './lab/prober.ts';
import {startProcess} from './lab/processes.ts';
import {nodeNames, startTailnet, type Tailnet} from './lab/tailnet.ts';

let tailnet: Tailnet;
let side: GpuSide;
let prober: Prober;
/** When a test began: everything was up. */
let started: Series;
/** When something was broken last. */
let brokenAt = 0;

const {orch: orchestrator} = nodeNames;
const [intervalMs, timeoutMs] = [3000, 2500];
/** For a machine that does much else: a way has a deadline of its own beyond the runs', and scrapes and batches take their time. */
const slackMs = 4000;
const seenWithinMs = intervalMs + timeoutMs + slackMs;

const hosts: readonly GpuHost[] = ['gpu1', 'gpu2'];
const {agent, ssh, pod} = gpuVantages.gpu1;
const vantages = [...hosts.flatMap(host => Object.values(gpuVantages[host])), any];
const checks = `checks:
  - {name: orchestrator, module: healthz, via: tailnet, targets: [{name: ${orchestrator}, target: "http://${orchestrator}:8080/healthz"}], from: [cluster, ${gpuGroups.join(', ')}], interval: ${intervalMs}ms, timeout: ${timeoutMs}ms}
`;

if (canRun) {
	test.before(async () => {
		tailnet = await startTailnet({hosts: ['mon', 'orch', 'gpu1', 'gpu2', 'livekit'], waiting: ['livekit']});
		side = await startGpuSide(tailnet, {controllers: {graceSeconds: 14}, intervalMs: 2000});
		prober = await startProber(tailnet, 'mon', baseConfig(tailnet, 'mon', side.vantages) + side.config + checks);
	});
	test.beforeEach(async () => {
		started = await prober.until(isBlindOnly(), 60_000);
	});
	test.after.always(() => tailnet?.stop());
}

systemTest('a machine of another user that calls itself june-gpu-x is no vantage, and is told nothing', async t => {
	const visitors = join(tailnet.directory, 'visitors');
	const listener = startProcess({
		namespace: tailnet.underlay.namespace('livekit'),
		command: process.execPath,
		args: [fileURLToPath(new URL('lab/visitors.ts', import.meta.url)), `${agentPort}`, '2222'],
		logFile: visitors,
	});
	tailnet.beforeStop(() => listener.stop());
	const {headscale} = tailnet;
	await headscale.cli('users', 'create', 'mallory');
	const key = (await headscale.cli('preauthkeys', 'create', '--user', '2', '--ephemeral')).trim().split('\n').at(-1);
	const as = [`--login-server=${headscale.url}`, `--authkey=${key}`, '--hostname=june-gpu-x'];
	await tailnet.node('livekit').cli('up', ...as, '--timeout=30s');

	const now = await prober.until(series => series.value('tailprobe_headscale_node_online', {peer: 'june-gpu-x'}) === 1);
	const later = await prober.until(series => runs(series) >= runs(now) + 3 * (vantages.length + 1));

	t.deepEqual(later.all('tailprobe_vantage_info', {vantage: 'june-gpu-x'}), []);
	t.is(later.all('tailprobe_vantage_info', {group: 'agents'}).length, 2);
	t.is(await readFile(visitors, 'utf8'), 'ready\n');
	assertNothingDown(t, later);
	await tailnet.node('livekit').stop();
});

systemTest('where the agent is killed ssh is used, and the pod where its host key is another too', async t => {
	const {agents, secondAgent, sshds} = side;
	const breakAgents = () => Promise.all([agents.gpu1.kill(), secondAgent.kill()]);
	const mendAgents = () => Promise.all([agents.gpu1.start(), secondAgent.start()]);
	const {changeHostKey, restoreHostKey} = sshds.gpu1;

	await whileBroken(t, breakAgents, mendAgents, async () => {
		await seen(t, [agent, any], 'vantage');
		await until(t, [agent], series => wayOf(series, any) === 'ssh');

		brokenAt = Date.now();
		await changeHostKey();
		try {
			const changed = await seen(t, [agent, ssh, any], 'vantage');
			await told(ssh, /host key/i);
			t.is(changed.value('tailprobe_vantage_way_state', {vantage: ssh, way: 'ssh', state: 'failing'}), 1);
			await until(t, [agent, ssh], series => wayOf(series, any) === 'pod');
			await assertCleanMetrics(t, changed.text);
		} finally {
			await restoreHostKey();
		}
	});
});

systemTest('an exec that hangs, and one whose stream is cut though it is called a success, are unknown', async t => {
	for (const says of ['hang', 'cut:30']) {
		const [spoil, mend] = [says, null].map(now => () => side.kubernetes.annotate(pod, {'lab/exec': now}));

		await whileBroken(t, spoil, mend, () => seen(t, [pod]));
	}
});

systemTest('rights that were taken away are named, and used again once they are back', async t => {
	const [take, give] = [noExecRights, monitorRights].map(rights => () => side.kubernetes.account('monitor', rights));

	await whileBroken(t, take, give, async () => {
		await seen(t, [gpuVantages.gpu1.pod, gpuVantages.gpu2.pod]);
		await told(pod, /pods\/exec/);
	});
});

systemTest('an API server that stands still blinds the pods alone, and shows within an interval', async t => {
	const {freeze, thaw} = side.kubernetes.apiServer;

	await whileBroken(t, freeze, thaw, async () => {
		await seen(t, [gpuVantages.gpu1.pod, gpuVantages.gpu2.pod]);
		const isSilent = (series: Series) =>
			series.value('tailprobe_source_read_success', {source: 'kubernetes-pods'}) === 0;
		await prober.until(isSilent, seenWithinMs);
	});
});

systemTest(
	'a secret that is rotated, on the agents first and then here, costs no run; a wrong one is named',
	async t => {
		const {secretFiles, agents} = side;
		const next = 'the second secret of the lab';
		const before = await prober.series();

		await writeFile(secretFiles.agents, next);
		await someRuns(before);
		await writeFile(secretFiles.daemon, next);
		const rotated = await someRuns(await prober.series());
		t.deepEqual(unknownRuns(rotated, 'agent'), unknownRuns(before, 'agent'));

		// Agents that run on know the one before; one that starts knows no other.
		const spoil = async () => {
			await writeFile(secretFiles.agents, 'a secret that nobody else has');
			await agents.gpu1.kill();
			await agents.gpu1.start();
		};
		const mend = () => writeFile(secretFiles.agents, next);
		await whileBroken(t, spoil, mend, async () => {
			await seen(t, [agent]);
			await told(agent, /another secret/);
		});
	},
);

systemTest('a pod that is replaced goes on as the same vantage', async t => {
	const [leave, come] = [() => side.kubernetes.deletePod(pod), () => side.startPod('gpu1')];

	await whileBroken(t, leave, come, () => seen(t, [pod]));
});

systemTest('a dead kubelet blinds its pod at once, and its node is NotReady when Kubernetes says so', async t => {
	const {pod: second} = gpuVantages.gpu2;
	const kubelet = side.kubernetes.kubelet(clusterNodes.gpu2);

	await whileBroken(t, kubelet.kill, kubelet.start, async () => {
		await seen(t, [second]);
		await told(second, /kubelet/);
		const isReady = (series: Series, host: GpuHost, state: string) =>
			series.value('tailprobe_kubernetes_node_ready', {k8s_node: clusterNodes[host], state}) === 1;
		await until(t, [second], series => isReady(series, 'gpu2', 'unknown') && isReady(series, 'gpu1', 'true'));
	});
});

/** Breaks something, looks at it, mends it whatever was seen, and waits until everything is up again; nothing was down meanwhile. */
async function whileBroken(
	t: ExecutionContext,
	breakIt: (() => unknown) | undefined,
	mendIt: (() => unknown) | undefined,
	look: () => Promise<unknown>,
): Promise<void> {
	brokenAt = Date.now();
	await breakIt?.();
	try {
		await look();
	} finally {
		await mendIt?.();
		// Whatever took its place is left as soon as it is back; and the next test finds all well, however this one went.
		assertNothingDown(t, await until(t, [], series => wayOf(series, any) === 'agent', 70_000));
	}
}

/** Waits until exactly these vantages see nothing, within the time in which it must show. */
async function seen(t: ExecutionContext, names: readonly string[], reason?: string): Promise<Series> {
	const now = await until(t, names, undefined, seenWithinMs);
	const newest = names.at(-1) ?? '';
	t.log(`${newest} is unknown after ${Date.now() - brokenAt} ms: ${await detailOf(newest)}`);
	if (reason !== undefined)
		t.true((now.value('tailprobe_check_failures_total', {vantage: newest, reason}) ?? 0) > 0, reason);
	assertNothingDown(t, now);
	return now;
}

/** The first scrape in which these vantages see nothing, all others do, and the condition holds. */
async function until(
	t: ExecutionContext,
	names: readonly string[],
	condition = (_series: Series) => true,
	limitMs = 40_000,
): Promise<Series> {
	let last: Series | undefined;
	try {
		return await prober.until(series => {
			last = series;
			return isBlindOnly(...names)(series) && condition(series);
		}, limitMs);
	} catch (error) {
		t.log(last && statesByVantage(last).join('\n'), await prober.json('/api/v1/vantages'));
		throw error;
	}
}

/** Whether everything is up but from these. */
function isBlindOnly(...names: readonly string[]): (series: Series) => boolean {
	const lines = ['cluster', ...vantages].map(
		vantage => `orchestrator ${vantage} ${orchestrator} ${names.includes(vantage) ? 'unknown' : 'up'}`,
	);
	return series => statesByVantage(series).join('\n') === lines.sort().join('\n');
}

function assertNothingDown(t: ExecutionContext, series: Series): void {
	t.deepEqual(downBetween(started, series), []);
}

const wayOf = (series: Series, vantage: string) => series.all('tailprobe_vantage_info', {vantage})[0]?.labels.way;

const runs = (series: Series, labels: Readonly<Record<string, string>> = {}) =>
	series.all('tailprobe_check_runs_total', labels).reduce((sum, {value}) => sum + value, 0);

const unknownRuns = (series: Series, way: 'agent') =>
	hosts.map(host => runs(series, {vantage: gpuVantages[host][way], verdict: 'unknown'}));

/** The first scrape in which each vantage has run three times more. */
const someRuns = (since: Series) =>
	prober.until(series => vantages.every(vantage => runs(series, {vantage}) >= runs(since, {vantage}) + 3));

/** Resolves when the API says this of the vantage: at first it may tell of what happened on the way there. */
const told = (name: string, words: RegExp) => untilTrue(async () => words.test(await detailOf(name)), 10_000, 250);

/** What the API says of a vantage that cannot look. */
async function detailOf(name: string): Promise<string> {
	const {vantages: all} = (await prober.json('/api/v1/vantages')) as {vantages: Array<{name: string; detail?: string}>};
	return all.find(vantage => vantage.name === name)?.detail ?? '';
}
