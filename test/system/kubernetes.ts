/** The lab's Kubernetes by itself: what a bare client in the prober's host meets there is what tests of the pod vantage count on. */

import {existsSync} from 'node:fs';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import test from 'ava';
import {until} from '../helpers/until.ts';
import {canRun, systemTest} from './lab/can-run.ts';
import type {ExecAnswer} from './lab/exec-client.ts';
import {type Kubernetes, monitorRights, noExecRights, podNamespace, startKubernetes} from './lab/kubernetes.ts';
import {startTailnet, type Tailnet} from './lab/tailnet.ts';

let tailnet: Tailnet;
let kubernetes: Kubernetes;
let monitor: string;
let noExec: string;

const [served, unserved] = ['vast-gpu-0', 'vast-gpu-node-python'];
const client = fileURLToPath(new URL('lab/exec-client.ts', import.meta.url));

if (canRun) {
	test.before(async () => {
		tailnet = await startTailnet({hosts: ['mon', 'gpu1', 'gpu2']});
		await tailnet.settle();
		kubernetes = await startKubernetes(tailnet, {nodes: [served, unserved], unserved: [unserved]});
		await kubernetes.pods(
			{name: 'gpu-1', node: served, host: 'gpu1'},
			{name: 'gpu-2', node: served, host: 'gpu2'},
			{name: 'real', node: unserved, host: 'gpu2'},
		);
		monitor = await kubernetes.account('monitor', monitorRights);
		noExec = await kubernetes.account('noexec', noExecRights);
	});
	test.after.always(() => tailnet?.stop());
}

systemTest('an exec runs in the host of the pod, and its output, its end and its exit code come back', async t => {
	const route = 'test -e /sys/class/net/tailscale0 && echo kernel; ip -4 -o addr show dev eth0; exit 7';
	const [first, second] = await Promise.all([exec('gpu-1', 'sh', '-c', route), exec('gpu-2', 'sh', '-c', route)]);

	t.regex(first.stdout, new RegExp(`^kernel\\n.*${tailnet.underlay.address('gpu1')}/`));
	t.false(second.stdout.includes('kernel'));
	t.true(second.stdout.includes(`${tailnet.underlay.address('gpu2')}/`));
	t.like(first.status, {status: 'Failure', reason: 'NonZeroExitCode'});
	t.is(first.status?.details?.causes?.[0]?.message, '7');
	const many = await exec('gpu-1', 'head', '-c', '3000000', '/dev/zero');
	t.is(many.stdout.length, 3_000_000);
	t.is(many.status?.status, 'Success');
});

systemTest('a pod on a GPU host reaches the tailnet as that host does', async t => {
	const url = `http://${await tailnet.node('gpu1').address()}:8000/healthz`;
	const curl = ['curl', '-s', '--max-time', '2'];

	const direct = await exec('gpu-2', ...curl, url);
	const byProxy = await exec('gpu-2', ...curl, '--proxy', 'socks5h://127.0.0.2:1055', url);

	t.is(direct.status?.reason, 'NonZeroExitCode');
	t.is(byProxy.stdout, '{"status":"ok"}');
});

systemTest('what a pod says of its exec is what happens', async t => {
	const echo = ['echo', 'a whole line'];
	const answers: ExecAnswer[] = [];
	for (const says of ['cut:5', 'error:no such instance', 'delay:100ms', 'hang', null]) {
		await kubernetes.annotate('gpu-1', {'lab/exec': says});
		answers.push(await exec('gpu-1', ...echo));
	}
	const missing = await exec('gpu-1', 'no-such-program');

	const [cut, failing, slow, hanging, healed] = answers;
	t.is(cut?.stdout, 'a who');
	t.is(cut?.status?.status, 'Success');
	t.is(failing?.status?.code, 500);
	t.regex(failing?.status?.message ?? '', /no such instance/);
	t.is(slow?.stdout, 'a whole line\n');
	t.is(hanging?.refused, 'silence');
	t.is(healed?.stdout, 'a whole line\n');
	t.is(missing.status?.details?.causes?.[0]?.message, '127');
});

systemTest('rights and missing kubelets are told apart', async t => {
	const [denied, nobody, loopback] = await Promise.all([
		execAs(noExec, 'gpu-1', 'true'),
		exec('no-such-pod', 'true'),
		exec('real', 'true'),
	]);

	t.regex(denied.refused ?? '', /403/);
	t.regex(nobody.refused ?? '', /404/);
	t.is(loopback.status?.code, 500, JSON.stringify(loopback));
	t.regex(loopback.status?.message ?? '', /127\.0\.0\.1:10250: connect: connection refused/);
});

systemTest('a kubelet that dies in the middle is called a success, and one that is dead an error', async t => {
	const kubelet = kubernetes.kubelet(served);
	const begun = join(tailnet.directory, 'begun');
	const cut = exec('gpu-1', 'sh', '-c', `echo begun; touch ${begun}; sleep 4; echo done`);
	await until(() => existsSync(begun));
	await kubelet.kill();
	const answer = await cut;
	const dead = await exec('gpu-1', 'true');
	await kubelet.start();

	t.false(answer.stdout.includes('done'));
	t.is(answer.status?.status, 'Success');
	t.regex(dead.status?.message ?? '', /connection refused/);
	// It learns of its pods from the API, some moments after it is ready.
	await until(async () => (await exec('gpu-1', 'echo', 'again')).stdout === 'again\n');
});

systemTest('an API server that froze takes connections and says nothing', async t => {
	kubernetes.apiServer.freeze();
	const frozen = await exec('gpu-1', 'true');
	kubernetes.apiServer.thaw();

	t.is(frozen.refused, 'silence');
	t.is((await exec('gpu-1', 'echo', 'again')).stdout, 'again\n');
});

const exec = (pod: string, ...command: readonly string[]) => execAs(monitor, pod, ...command);

async function execAs(account: string, pod: string, ...command: readonly string[]): Promise<ExecAnswer> {
	return JSON.parse(
		await tailnet.underlay.run('mon', process.execPath, [client, account, podNamespace, pod, ...command]),
	);
}
