/**
 * The chart installed by helm on a real API server, its pods run as processes with the rights that they were given, beside a real
 * headscale: what an operator would see from the first minute on, with what goes wrong then.
 */

import {readFile} from 'node:fs/promises';
import type {V1Pod} from '@kubernetes/client-node';
import test from 'ava';
import {until} from '../helpers/until.ts';
import {canRun, systemTest} from './lab/can-run.ts';
import {type Kubernetes, type KubernetesObject, startKubernetes} from './lab/kubernetes.ts';
import {memoryOf} from './lab/pods/memory.ts';
import {allUp, makeRelease, type Release, releaseName, releaseNamespace, valuesOf} from './lab/pods/release.ts';
import {tailprobeRoot, tailscaleRoot} from './lab/pods/roots.ts';
import {type PodNode, startPodNode} from './lab/pods/start.ts';
import {nodeNames, startTailnet, type Tailnet} from './lab/tailnet.ts';

let tailnet: Tailnet;
let kubernetes: Kubernetes;
let node: PodNode;
let release: Release;
let authKey: string;

if (canRun) {
	test.before(async () => {
		tailnet = await startTailnet({hosts: ['orch', 'gpu1']});
		kubernetes = await startKubernetes(tailnet, {nodes: [], controllers: {graceSeconds: 3600}});
		const images = [
			await tailscaleRoot(tailnet.directory, tailnet.headscale.caFile),
			await tailprobeRoot(tailnet.directory),
		];
		node = await startPodNode(tailnet, kubernetes, images);
		release = await makeRelease(tailnet, kubernetes, 'restricted');
		// Of a node that stays, for two replicas.
		const keyOptions = ['--user', '1', '--reusable', '--expiration', '24h'];
		const said = await tailnet.headscale.cli('preauthkeys', 'create', ...keyOptions);
		authKey = said.trim().split('\n').at(-1) ?? '';
	});
	test.after.always(() => tailnet?.stop());
}

systemTest('a release whose Secrets are missing says which, and is well soon after they were made', async t => {
	await release.install(valuesOf(tailnet));

	await release.says(/file \/run\/secrets\/tailprobe\/headscale-api-key cannot be read/);
	await release.says(/The vantage local is sick/);
	const {metadata} = await release.ready();
	const log = (container: string) => node.log(releaseNamespace, metadata?.name ?? '', container);
	t.regex(await log('tailprobe'), /headscale-api-key cannot be read/);
	await until(async () => /authkey: no such file/.test(await log('tailscale')));

	await giveSecrets();
	const healed = Date.now();
	await release.until(series => allUp(series));
	t.log(`all checks up ${Date.now() - healed} ms after the last Secret was made`);
	const after = await release.says(/source headscale-nodes: ok/);
	t.notRegex(after, /problem:|failing/);
	const pod = await release.ready();
	t.is(restarts(pod, 'tailprobe'), 0);
	t.is(pod.metadata?.name, metadata?.name);
});

systemTest('the sidecar keeps its identity in a Secret, and the daemon runs with no right at all', async t => {
	const pod = await installed();

	const state = await stateSecret();
	t.true(Object.keys(state).includes('_machinekey'), Object.keys(state).join());
	t.is(Buffer.from(state.device_fqdn ?? '', 'base64').toString(), `${releaseName}.tail.ozzu.world.`);
	for (const [container, user] of [
		['tailprobe', 65532],
		['tailscale', 65533],
	] as const) {
		const status = await readFile(`/proc/${node.processOf(pod, container)}/status`, 'utf8');
		t.regex(status, new RegExp(`^Uid:(?:\\t${user}){4}$`, 'm'), container);
		t.regex(status, /^Gid:(?:\t65532){4}$/m, container);
		for (const set of ['CapPrm', 'CapEff', 'CapBnd']) t.regex(status, new RegExp(`^${set}:\t0+$`, 'm'), container);
		t.regex(status, /^NoNewPrivs:\t1$/m, container);
	}
	const written = await node.exec(pod, 'tailprobe', 'sh', '-c', 'echo x > /opt/x');
	t.regex(written.stderr, /Read-only file system/);
	const names = await node.exec(pod, 'tailprobe', 'cat', '/etc/resolv.conf');
	t.regex(names.stdout, /svc\.cluster\.local/);
	for (const file of ['/run/secrets/tailprobe/token', '/run/secrets/tailprobe/headscale-api-key']) {
		const {stdout} = await node.exec(pod, 'tailprobe', 'stat', '-L', '-c', '%a', file);
		t.is(stdout, '440', file);
	}
	for (const container of ['tailprobe', 'tailscale']) {
		const log = await node.log(releaseNamespace, pod.metadata?.name ?? '', container);
		for (const secret of [authKey, await apiKey()]) t.false(log.includes(secret), container);
	}
});

systemTest('a sidecar that was killed, and a pod that was replaced, come back as the same node', async t => {
	const pod = await installed();
	const [before] = await ownNodes();

	process.kill(node.processOf(pod, 'tailscale'), 'SIGKILL');
	await until(async () => restarts(await release.pod(), 'tailscale') > restarts(pod, 'tailscale'));
	await release.until(series => allUp(series));
	const [again, ...others] = await ownNodes();
	t.deepEqual([again?.id, again?.ip_addresses, others], [before?.id, before?.ip_addresses, []]);
	t.is(restarts(await release.pod(), 'tailprobe'), restarts(pod, 'tailprobe'));

	await replacePod();
	await release.until(series => allUp(series));
	const [replaced, ...more] = await ownNodes();
	t.deepEqual([replaced?.id, replaced?.ip_addresses, more], [before?.id, before?.ip_addresses, []]);
});

systemTest('helm test passes, and fails while its target is down', async t => {
	await installed();

	const passed = await release.test();
	await tailnet.stopServices('orch');
	const failed = await release.test();
	await tailnet.startServices('orch');
	const again = await release.test();

	t.true(passed.ok, passed.stderr);
	t.false(failed.ok, failed.stdout);
	t.regex(await node.log(releaseNamespace, `${releaseName}-test`, 'probe'), /down.*refused|refused/is);
	t.true(again.ok, again.stderr);
});

systemTest(
	'the command line works in the container, by the token of the release, and so do ping, fping and ssh',
	async t => {
		const pod = await installed();
		await release.until(series => allUp(series));

		const run = (...command: string[]) => node.exec(pod, 'tailprobe', ...command);
		const address = tailnet.underlay.address('hs');
		const [diagnosis, stranger, ping, fping, ssh] = [
			await run('tailprobe', 'diagnose', nodeNames.orch),
			await run('sh', '-c', `TAILPROBE_TOKEN_FILE= tailprobe diagnose ${nodeNames.orch}`),
			await run('ping', '-c', '1', '-W', '2', address),
			// As the daemon does: fping 5.1 without rights hears no answer unless its socket is bound.
			await run('fping', '-c', '1', '-S', '0.0.0.0', address),
			await run('ssh', '-V'),
		];

		t.is(diagnosis.exitCode, 0, diagnosis.stdout + diagnosis.stderr);
		t.regex(diagnosis.stdout, new RegExp(nodeNames.orch));
		t.is(stranger.exitCode, 2, stranger.stderr);
		for (const {exitCode, stderr} of [ping, fping, ssh]) t.is(exitCode, 0, stderr);
	},
);

systemTest('a pod that starts before headscale does says so, and is well once headscale is there', async t => {
	await installed();
	await tailnet.headscale.stop();

	try {
		await replacePod();
		const said = await release.says(/source headscale.*failing/);
		const {metadata} = await release.ready();
		t.regex(said, /ECONNREFUSED/);
		t.regex(await node.log(releaseNamespace, metadata?.name ?? '', 'tailprobe'), /ECONNREFUSED/);
	} finally {
		await tailnet.headscale.start();
	}
	await release.until(series => allUp(series), 'a', 120_000);
	t.notRegex((await release.get('/-/ready')).body, /failing/);
});

systemTest('a right that was taken away is named with what to grant, and used again once it is back', async t => {
	await installed();
	const path = '/apis/rbac.authorization.k8s.io/v1/namespaces/june-services/rolebindings';
	const {items} = (await kubernetes.request('GET', path)) as {items: KubernetesObject[]};
	const [binding] = items;
	if (binding === undefined) throw new Error('The release has no RoleBinding in june-services.');
	await kubernetes.request('DELETE', `${path}/${binding.metadata.name}`);

	const pod = await replacePod();
	const said = await release.says(/source kubernetes-pods.*failing/);
	t.regex(said, /forbidden|may not|pods/i);
	// Sources that fail are told together, some seconds after the first.
	const log = () => node.log(releaseNamespace, pod.metadata?.name ?? '', 'tailprobe');
	await until(async () => /kubernetes-pods/.test(await log()));

	const {name, namespace, labels, annotations} = binding.metadata;
	await kubernetes.request('POST', path, {...binding, metadata: {name, namespace, labels, annotations}});
	await release.says(/source kubernetes-pods: ok/, 'a', 90_000);
	t.is(restarts(await release.pod(), 'tailprobe'), 0);
});

systemTest('a changed configuration is taken over without a restart', async t => {
	const pod = await installed();
	const target = {
		name: 'headscale-port',
		prober: 'tcp',
		via: 'direct',
		interval: '2s',
		timeout: '1800ms',
		targets: [{name: 'headscale', target: `${tailnet.underlay.address('hs')}:443`}],
	};

	await release.install(valuesOf(tailnet, [target]));
	await release.until(series => allUp(series, 1));

	const after = await release.pod();
	t.is(after.metadata?.uid, pod.metadata?.uid);
	t.is(node.processOf(after, 'tailprobe'), node.processOf(pod, 'tailprobe'));
	await release.install(valuesOf(tailnet));
	await release.until(series => allUp(series));
});

systemTest(
	'a wrong configuration leaves the old one in force, holds up a new pod with its mistakes, and is mended by an upgrade',
	async t => {
		await installed();
		const wrong = [
			{name: 'orchestrator', module: 'healthz', via: 'tailnet', targets: [{name: 'first', target: 'http://first:1/'}]},
			{name: 'lost', module: 'no-such-module', via: 'tailnet', targets: [{name: 'second', target: 'http://second:1/'}]},
		];

		await release.install(valuesOf(tailnet, wrong));
		await release.says(/last reload was refused for \d+ mistake/);
		await release.until(series => allUp(series));
		const {metadata} = await replacePod();
		const log = () => node.log(releaseNamespace, metadata?.name ?? '', 'check-config');
		await until(async () => /no-such-module/.test(await log()));
		t.regex(await log(), /orchestrator/);
		t.not((await release.pod()).status?.phase, 'Running');

		await release.install(valuesOf(tailnet));
		await release.until(series => allUp(series));
		t.is((await release.pod()).metadata?.uid, metadata?.uid);
	},
);

systemTest('of two replicas one exports the inventories, and the other once its pod is gone', async t => {
	await installed();
	await release.install({...valuesOf(tailnet), replicas: 2});
	for (const replica of ['a', 'b']) await release.until(series => allUp(series), replica, 90_000);
	await until(async () => (await exporters()).length === 1, 30_000, 500);

	t.deepEqual((await ownNodes()).map(({given_name}) => given_name).sort(), [releaseName, `${releaseName}-b`]);
	const [holder = ''] = await exporters();
	const other = holder === 'a' ? 'b' : 'a';
	const deployment = holder === 'a' ? releaseName : `${releaseName}-b`;
	const scale = `/apis/apps/v1/namespaces/${releaseNamespace}/deployments/${deployment}/scale`;
	const pod = await release.pod(holder);
	const scaleTo = (replicas: number) =>
		kubernetes.request('PUT', scale, {
			apiVersion: 'autoscaling/v1',
			kind: 'Scale',
			metadata: {name: deployment, namespace: releaseNamespace},
			spec: {replicas},
		});
	const killedAt = Date.now();
	process.kill(node.processOf(pod, 'tailprobe'), 'SIGKILL');
	await scaleTo(0);
	await release.until(series => series.value('tailprobe_inventory_exported') === 1, other, 40_000);
	t.log(`the other replica exported ${Date.now() - killedAt} ms after the holder was killed`);

	await scaleTo(1);
	await release.until(series => allUp(series), holder, 90_000);
	await until(async () => (await exporters()).length === 1, 30_000, 500);
});

systemTest('what a pod costs is printed', async t => {
	const pod = await installed();
	await release.until(series => allUp(series));

	for (const container of ['tailprobe', 'tailscale']) {
		const {residentBytes, ownBytes} = await memoryOf(node.processOf(pod, container));
		t.log(
			`${container}: ${Math.round(residentBytes / 1e6)} MB resident, ${Math.round(ownBytes / 1e6)} MB of it anonymous`,
		);
	}
	for (const line of (await node.ownLog()).matchAll(/^\S+ took \d+ ms to be ready$/gm)) t.log(line[0]);
	t.pass();
});

systemTest('with a tunnel device of the kernel the same checks are up', async t => {
	await installed();
	const labels = {'pod-security.kubernetes.io/enforce': 'privileged'};
	await kubernetes.apply({apiVersion: 'v1', kind: 'Namespace', metadata: {name: releaseNamespace, labels}});

	await release.install({...valuesOf(tailnet), tailscale: {mode: 'kernel'}});
	await release.until(series => allUp(series), 'a', 90_000);

	const pod = await release.ready();
	const {stdout} = await node.exec(pod, 'tailprobe', 'cat', '/sys/class/net/tailscale0/operstate', '/etc/resolv.conf');
	t.regex(stdout, /^(unknown|up)\n/);
	t.regex(stdout, /svc\.cluster\.local/);
	const status = await readFile(`/proc/${node.processOf(pod, 'tailprobe')}/status`, 'utf8');
	t.regex(status, /^CapBnd:\t0+$/m);
});

/** The pod of a release with all that it needs. */
async function installed(): Promise<V1Pod> {
	await giveSecrets();
	await release.install(valuesOf(tailnet));
	await release.until(series => allUp(series), 'a', 90_000);
	return release.ready();
}

async function giveSecrets(): Promise<void> {
	await release.secret('headscale-ca', {'ca.pem': await readFile(tailnet.headscale.caFile, 'utf8')});
	await release.secret('headscale-api-key', {key: await apiKey()});
	await release.secret('tailprobe-authkey', {authkey: authKey});
}

const apiKey = () => readFile(tailnet.headscale.apiKeyFile, 'utf8');

/** Deletes the pod; resolves to the one that came in its place. */
async function replacePod(): Promise<V1Pod> {
	const old = await release.pod();
	await kubernetes.request('DELETE', `/api/v1/namespaces/${releaseNamespace}/pods/${old.metadata?.name}`);
	await until(async () => (await release.pod()).metadata?.uid !== old.metadata?.uid, 60_000, 250);
	return release.pod();
}

async function stateSecret(): Promise<Record<string, string>> {
	const path = `/api/v1/namespaces/${releaseNamespace}/secrets/${releaseName}-tailscale`;
	return ((await kubernetes.request('GET', path)) as {data?: Record<string, string>}).data ?? {};
}

interface HeadscaleNode {
	id: number;
	given_name: string;
	ip_addresses: string[];
}

/** headscale's nodes of the release. */
async function ownNodes(): Promise<HeadscaleNode[]> {
	const nodes = JSON.parse(await tailnet.headscale.cli('nodes', 'list', '-o', 'json')) as HeadscaleNode[];
	return nodes.filter(({given_name}) => given_name.startsWith(releaseName));
}

/** The replicas that say that they export the inventories. */
async function exporters(): Promise<string[]> {
	const exported = async (replica: string) =>
		(await release.until(() => true, replica)).value('tailprobe_inventory_exported') === 1 ? [replica] : [];
	return [...(await exported('a')), ...(await exported('b'))];
}

function restarts({status}: V1Pod, container: string): number {
	const all = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])];
	return all.find(({name}) => name === container)?.restartCount ?? 0;
}
