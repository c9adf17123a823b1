/** Scripts into pods through a real API server and real Virtual Kubelets, as the pod vantage sends them. */

import {existsSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {createInterface} from 'node:readline';
import {fileURLToPath} from 'node:url';
import test from 'ava';
import {execa} from 'execa';
import {ensurePart} from '../../scripts/parts.ts';
import type {PodRound, PodRoundAnswer} from '../helpers/pod-rounds.ts';
import {until} from '../helpers/until.ts';
import {canRun, systemTest} from './lab/can-run.ts';
import {type Kubernetes, monitorRights, podNamespace, type Rule, startKubernetes} from './lab/kubernetes.ts';
import {baseConfig, type Series, startProber} from './lab/prober.ts';
import {startTailnet, type Tailnet} from './lab/tailnet.ts';

let tailnet: Tailnet;
let kubernetes: Kubernetes;
let run: Runner;
let account: string;

const [served, unserved] = ['vast-gpu-0', 'vast-gpu-node-python'];
const selector = 'app=june-gpu-services';
const program = fileURLToPath(new URL('../helpers/pod-rounds.ts', import.meta.url));
const many = Array.from({length: 20}, (_, at) => `many-${at}`);

if (canRun) {
	test.before(async () => {
		tailnet = await startTailnet({hosts: ['mon', 'gpu1']});
		kubernetes = await startKubernetes(tailnet, {nodes: [served, unserved], unserved: [unserved]});
		await kubernetes.pods(
			{name: 'gpu-1', node: served, host: 'gpu1', containers: ['main', 'side']},
			{name: 'gpu-2', node: unserved, host: 'gpu1'},
			...many.map(name => ({name, node: served})),
		);
		account = await kubernetes.account('monitor', monitorRights);
		run = startRunner(account);
	});
	test.after.always(() => tailnet?.stop());
}

systemTest('a script runs as it is, and its output and exit code come back', async t => {
	const odd = 'a b;\'"$(x)`y`\\&?#%+=|<>\n\tü\u0001*~';
	const script = `printf %s '${odd.replaceAll("'", `'\\''`)}'; echo oh >&2; exit 7`;

	const answer = await run('gpu-1', script);

	t.like(answer.run, {kind: 'ran', stdout: Buffer.from(odd).toString('latin1'), stderr: 'oh\n', status: 7});
});

systemTest('a script of the longest size and an output of 8 MB come through whole', async t => {
	const long = await run('gpu-1', `: ${'%'.repeat(12 * 1024 - 20)}; echo whole`);
	const large = await run('gpu-1', 'head -c 8000000 /dev/zero', {maxBytes: 10_000_000});
	const endless = await run('gpu-1', 'yes', {maxBytes: 100_000});

	t.like(long.run, {kind: 'ran', stdout: 'whole\n', status: 0});
	t.is(large.run.kind === 'ran' && large.run.stdout.length, 8_000_000);
	t.is(endless.run.kind === 'ran' && endless.run.stdout.length, 100_000);
	t.false('status' in endless.run);
});

systemTest('twenty pods at once are no trouble', async t => {
	const answers = await Promise.all(many.map(pod => run(pod, 'echo $POD_NAME')));

	t.deepEqual(
		answers.map(answer => answer.run.kind === 'ran' && answer.run.stdout),
		many.map(pod => `${pod}\n`),
	);
});

systemTest('the time of a round besides the script is told', async t => {
	const times: number[] = [];
	for (let round = 0; round < 200; round++) times.push((await run('gpu-1', 'echo x')).tookMs);

	times.sort((a, b) => a - b);
	t.log(
		`200 rounds: p50 ${times[100]?.toFixed(1)} ms, p90 ${times[180]?.toFixed(1)} ms, p99 ${times[198]?.toFixed(1)} ms`,
	);
	t.true((times[100] ?? 0) < 1000);
});

systemTest('a provider that hangs, and one that fails, cost a run, and work again when they are well', async t => {
	await kubernetes.annotate('gpu-1', {'lab/exec': 'hang'});
	const hanging = await run('gpu-1', 'echo x', {deadlineMs: 1500});
	await kubernetes.annotate('gpu-1', {'lab/exec': 'error:no such instance'});
	const failing = await run('gpu-1', 'echo x');
	await kubernetes.annotate('gpu-1', {'lab/exec': null});
	const healed = await run('gpu-1', 'echo x');

	t.like(hanging.run, {kind: 'refused', reason: 'vantage'});
	t.true(hanging.tookMs < 5000);
	t.like(failing.run, {kind: 'refused', reason: 'vantage'});
	t.regex(failing.run.kind === 'refused' ? failing.run.detail : '', /no such instance/);
	t.like(healed.run, {kind: 'ran', stdout: 'x\n', status: 0});
});

systemTest('what was given up does not go on there', async t => {
	const mark = join(tailnet.directory, 'ticks');
	const ticks = () => readFileSync(mark).length;
	await run('gpu-1', `while :; do echo x >>${mark}; sleep 0.1; done`, {deadlineMs: 1000});
	const before = ticks();

	await run('many-0', 'sleep 1');

	t.true(before > 0);
	t.true(ticks() - before < 5);
});

systemTest('a node without a kubelet is unsupported, and only looked at again when something changed', async t => {
	const first = await run('gpu-2', 'echo x');
	const second = await run('gpu-2', 'echo x');

	t.like(first.run, {kind: 'refused', reason: 'unsupported'});
	t.regex(first.run.kind === 'refused' ? first.run.detail : '', /no kubelet serves there: .*127\.0\.0\.1/);
	t.deepEqual(second.run, first.run);
	t.true(second.tookMs < first.tookMs);
});

systemTest('without both rights to exec the way is denied', async t => {
	const exec = (...verbs: string[]): readonly Rule[] => [
		{apiGroups: [''], resources: ['pods'], verbs: ['get', 'list', 'watch']},
		{apiGroups: [''], resources: ['pods/exec'], verbs},
	];
	for (const [name, verbs] of [
		['only-get', ['get']],
		['only-create', ['create']],
	] as const) {
		const account = await kubernetes.account(name, {...monitorRights, namespaced: exec(...verbs)});
		const runAs = startRunner(account);

		const {run: answer} = await runAs('gpu-1', 'echo x');

		t.like(answer, {kind: 'refused', reason: 'denied'}, name);
		t.regex(
			answer.kind === 'refused' ? answer.detail : '',
			/403.*the verbs get and create on pods\/exec in the namespace june-services/,
		);
	}
});

systemTest('a pod that was replaced is followed', async t => {
	const whereIs = async (pod: string) => {
		const {run: answer} = await run(pod, 'readlink /proc/self/ns/net');
		return answer.kind === 'ran' ? answer.stdout : undefined;
	};
	const before = await whereIs('gpu-1');
	await kubernetes.deletePod('gpu-1');
	await until(async () => (await run('gpu-1', 'echo x')).run.kind === 'refused');
	const {run: gone} = await run('gpu-1', 'echo x');
	await kubernetes.pods({name: 'gpu-1', node: served});
	await until(async () => (await whereIs('gpu-1')) !== undefined);

	t.regex(
		gone.kind === 'refused' ? gone.detail : '',
		/no pod named gpu-1 among the pods app=june-gpu-services|no such pod|does not run/,
	);
	t.true(before !== undefined);
	t.not(await whereIs('gpu-1'), before);
});

systemTest(
	'a kubelet that is killed in the middle leaves half an answer, then it is gone, then it is back',
	async t => {
		const kubelet = kubernetes.kubelet(served);
		const begun = join(tailnet.directory, 'begun');
		const cut = run('gpu-1', `echo first; touch ${begun}; sleep 20; echo second`, {deadlineMs: 30_000});
		await until(() => existsSync(begun));
		await kubelet.kill();
		const answer = await cut;
		const dead = await run('gpu-1', 'echo x');
		await kubelet.start();
		await until(async () => (await run('gpu-1', 'echo x')).run.kind === 'ran');

		t.like(answer.run, {kind: 'ran', stdout: 'first\n'});
		t.like(dead.run, {kind: 'refused', reason: 'vantage'});
		t.regex(dead.run.kind === 'refused' ? dead.run.detail : '', /cannot reach the kubelet/);
		t.false(dead.run.kind === 'refused' && dead.run.detail.includes('command='));
	},
);

systemTest('a frozen kubelet and a frozen API server cost a deadline, and no more', async t => {
	const deadlineMs = 1500;
	kubernetes.kubelet(served).freeze();
	const withoutKubelet = await run('gpu-1', 'echo x', {deadlineMs});
	kubernetes.kubelet(served).thaw();
	kubernetes.apiServer.freeze();
	const withoutApi = await run('gpu-1', 'echo x', {deadlineMs});
	kubernetes.apiServer.thaw();

	t.regex(withoutKubelet.run.kind === 'refused' ? withoutKubelet.run.detail : '', /let us in and then nothing came/);
	t.regex(withoutApi.run.kind === 'refused' ? withoutApi.run.detail : '', /the Kubernetes API did not answer/);
	t.true(withoutKubelet.tookMs < deadlineMs + 1000 && withoutApi.tookMs < deadlineMs + 1000);
	await until(async () => (await run('gpu-1', 'echo x')).run.kind === 'ran');
});

systemTest("headscale's nodes come by its command line in its pod, and a frozen kubelet is seen", async t => {
	const {configFile, version} = tailnet.headscale;
	const command = `[${await ensurePart(`headscale-${version}`)}, -c, ${configFile}]`;
	// Without a host of its own it runs where the kubelet does, which is beside headscale.
	await kubernetes.pods({name: 'headscale-0', node: served, labels: {app: 'headscale'}});
	const config = baseConfig(tailnet)
		.replace(/api_key: .*/, `cli: {command: ${command}, pod: {namespace: ${podNamespace}, selector: app=headscale}}`)
		.concat(`kubernetes: {kubeconfig_file: ${account}, interval: 3s, timeout: 2s}\n`)
		.concat('checks: [{name: tunnel, prober: tunnel, nodes: {}, interval: 2s, timeout: 1800ms}]\n');
	const prober = await startProber(tailnet, 'mon', config);
	const read = (series: Series) => series.value('tailprobe_source_read_success', {source: 'headscale-nodes'});

	await prober.allUp(1);
	const healthy = await prober.series();
	kubernetes.kubelet(served).freeze();
	await prober.until(series => read(series) === 0);
	kubernetes.kubelet(served).thaw();
	await prober.until(series => read(series) === 1);
	await prober.stop();

	t.is(read(healthy), 1);
	// The prober's own and the GPU's.
	t.is(healthy.all('tailprobe_headscale_node_online').length, 2);
});

type Runner = (
	pod: string,
	script: string,
	limits?: {deadlineMs?: number; maxBytes?: number},
) => Promise<PodRoundAnswer>;

/** Starts the program in the host of the prober; it ends with the tailnet. */
function startRunner(kubeconfig: string): Runner {
	const namespace = tailnet.underlay.namespace('mon');
	const child = execa(
		'ip',
		['netns', 'exec', namespace, process.execPath, program, kubeconfig, podNamespace, selector],
		{
			buffer: false,
			reject: false,
			stderr: 'inherit',
		},
	);
	tailnet.beforeStop(async () => {
		child.kill('SIGKILL');
		await child;
	});
	const waiting = new Map<number, (answer: PodRoundAnswer) => void>();
	createInterface({input: child.stdout}).on('line', line => {
		const answer = JSON.parse(line) as PodRoundAnswer;
		waiting.get(answer.id)?.(answer);
		waiting.delete(answer.id);
	});
	let rounds = 0;
	return (pod, script, {deadlineMs = 10_000, maxBytes = 100_000} = {}) =>
		new Promise((resolve, reject) => {
			const id = ++rounds;
			waiting.set(id, resolve);
			child.then(() => reject(new Error('the program ended')));
			child.stdin.write(`${JSON.stringify({id, pod, script, deadlineMs, maxBytes} satisfies PodRound)}\n`);
		});
}
