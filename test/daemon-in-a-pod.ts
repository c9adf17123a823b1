import {spawnSync} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync, symlinkSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {type Daemon, startDaemon} from '../src/daemon.ts';
import {createLog} from '../src/util/log.ts';
import {answer} from './helpers/answering-server.ts';
import {type KubeletVolume, kubeletVolume} from './helpers/kubelet-volume.ts';
import {fakeKubernetes, status} from './helpers/kubernetes-api.ts';
import {recorded, startLocalApi} from './helpers/localapi-server.ts';
import {closedPort} from './helpers/servers.ts';
import {until} from './helpers/until.ts';

/** Troubles as they come in a pod, one daemon for each, and that they end without a restart. */

const token = 'a-token-of-enough-characters';
/** Where tokens are configured it is there from the start, so that tests can read reasons. */
const readerToken = 'a-token-of-a-reader-of-reasons';
const apiKey = 'hskey-api-abcdefghijkl-0123456789_SECRET';
const nodeList = readFileSync(new URL('fixtures/headscale/0.29.2/rest-node.json', import.meta.url), 'utf8');

interface Pod {
	daemon: Daemon;
	config: KubeletVolume;
	secrets: KubeletVolume;
	lines: Record<string, unknown>[];
	/** The body of /-/ready, as whoever shows `readerToken` gets it, or anybody where no token is configured. */
	ready(): Promise<string>;
	/** The same without a token. */
	readyToAnybody(): Promise<string>;
	/** The status of a path, with the token or without. */
	ask(path: string, withToken?: boolean): Promise<number>;
	/** Lines of the log with this message. */
	said(message: string): Record<string, unknown>[];
}

/** A daemon whose configuration and secrets come by volumes. `text` is made with the folder of the secrets. */
async function start(t: ExecutionContext, text: (secrets: string) => string): Promise<Pod> {
	const config = kubeletVolume(t);
	const secrets = kubeletVolume(t);
	secrets.put({reader: readerToken});
	config.put({'tailprobe.yaml': text(secrets.folder)});
	const lines: Record<string, unknown>[] = [];
	const output = {write: (line: string) => void lines.push(JSON.parse(line)), isTTY: false};
	const daemon = await startDaemon({
		configPath: config.path('tailprobe.yaml'),
		listen: {host: '127.0.0.1', port: 0},
		log: createLog({level: 'info', format: 'json'}, output as never),
		watchIntervalMs: 100,
	});
	t.teardown(() => daemon.stop());
	const at = (path: string) => `http://127.0.0.1:${new URL(daemon.url).port}${path}`;
	return {
		daemon,
		config,
		secrets,
		lines,
		ready: async () => (await fetch(at('/-/ready'), {headers: {Authorization: `Bearer ${readerToken}`}})).text(),
		readyToAnybody: async () => (await fetch(at('/-/ready'))).text(),
		ask: async (path, withToken = true) =>
			(await fetch(at(path), withToken ? {headers: {Authorization: `Bearer ${token}`}} : {})).status,
		said: message => lines.filter(({msg}) => msg === message),
	};
}

test('without any of its Secrets it starts, says what is missing and what to do, and takes each when it comes', async t => {
	const headscale = await answer(t, ({url, headers}, response) => {
		const isOpen = !url?.startsWith('/api/') || headers.authorization === `Bearer ${apiKey}`;
		if (!isOpen) response.writeHead(401).end('Unauthorized');
		else response.end(url === '/health' ? '{"status":"pass"}' : url === '/api/v1/node' ? nodeList : '{}');
	});
	const kubernetes = await fakeKubernetes(t);
	const pod = await start(
		t,
		secrets => `
web: {bearer_tokens: [{name: operator, file: ${secrets}/token}, {name: reader, file: ${secrets}/reader}]}
headscale: {url: "http://127.0.0.1:${headscale.port}", api_key: {file: ${secrets}/headscale}, interval: 1s}
kubernetes: {kubeconfig_file: ${secrets}/kubeconfig, interval: 2s, timeout: 1s, gpu_pods: {namespace: june-services, selector: app=x}}
vast: {url: "http://127.0.0.1:${headscale.port}", api_key: {file: ${secrets}/vast}}
vantages:
  - {name: cluster, type: local, tailscaled: false}
  - {name: gpu, type: remote, nodes: {name: "june-gpu-*", owner: june}, ways: [{agent: {secret: {file: ${secrets}/agent}}}]}
checks: [{name: api, prober: tcp, via: direct, targets: [{name: api, target: "192.0.2.1:1"}]}]
`,
	);

	await until(async () => (await pod.ready()).startsWith('tailprobe is ready.'));
	const lacking = await pod.ready();
	t.regex(
		lacking,
		/^problem: The bearer token operator opens nothing: .*token cannot be read: there is no such file\. Put it there, or in a pod create the Secret/m,
	);
	t.regex(
		lacking,
		/^source headscale-nodes, headscale-users, .*: failing since .*: The secret in the file .*headscale cannot be read: there is no such file\. Put it/m,
	);
	t.regex(lacking, /^source kubernetes-.*: failing since .*kubeconfig.* cannot be read/m);
	t.regex(lacking, /^source vast-instances: failing since .*vast cannot be read: there is no such file/m);
	t.deepEqual([await pod.ask('/api/v1/status'), await pod.ask('/metrics', false)], [401, 401]);
	const toAnybody = await pod.readyToAnybody();
	t.regex(toAnybody, /^\d+ problems? of tailprobe's own$/m);
	t.regex(toAnybody, /^source headscale-nodes, .*: failing since [^ ]+$/m);
	t.false(toAnybody.includes(pod.secrets.folder) || toAnybody.includes('operator'));
	await until(() => pod.said('problems').length === 1);

	pod.secrets.put({
		reader: readerToken,
		token,
		headscale: apiKey,
		kubeconfig: readFileSync(kubernetes.kubeconfig, 'utf8').replace('tokenFile: token', 'token: abc'),
	});

	t.is(await pod.ask('/api/v1/status'), 200);
	await until(async () => !/^source (headscale-nodes|kubernetes).*failing/m.test(await pod.ready()));
	t.notRegex(await pod.ready(), /bearer token/);
	await until(() => pod.lines.some(({msg}) => String(msg).endsWith('over')));
	await until(() => /work again/.test(JSON.stringify(pod.lines)));
	t.false(JSON.stringify([pod.lines, await pod.ready()]).includes(apiKey));

	pod.secrets.put({reader: readerToken});

	await until(async () => /^problem: The bearer token/m.test(await pod.ready()));
	t.is(await pod.ask('/api/v1/status'), 401);
});

test('a ConfigMap that is swapped is reloaded, a wrong one refused and told, without what stands in it', async t => {
	const text = (name: string, more = '') => `
vantages: [{name: cluster, type: local, tailscaled: false}]
checks: [{name: ${name}, prober: tcp, via: direct, targets: [{name: api, target: "192.0.2.1:1"}]}]
${more}`;
	const pod = await start(t, () => text('first'));
	const names = () => pod.daemon.view.checks().map(({check}) => check.name);
	await until(() => names().join() === 'first');

	pod.config.put({'tailprobe.yaml': text('second')});
	await until(() => names().join() === 'second');
	pod.config.put({'tailprobe.yaml': text('third', 'limits: {max_series: hunter2}\nadhoc: {rate: hunter2}')});
	await until(async () => /^problem: The last reload was refused/m.test(await pod.ready()));

	const body = await pod.ready();
	t.true(body.startsWith('tailprobe is ready.'));
	t.regex(
		body,
		/refused for 2 mistakes \(\S+tailprobe\.yaml:4:\d+, \S+tailprobe\.yaml:5:\d+\), the old configuration is in force/,
	);
	t.notRegex(body, /hunter2/);
	t.deepEqual(names(), ['second']);
	t.is(pod.said('the configuration was not reloaded; the old one stays in force').length, 1);
	pod.config.put({'tailprobe.yaml': text('fourth')});
	await until(() => names().join() === 'fourth');
	t.notRegex(await pod.ready(), /refused/);
});

test('a reload that names a token whose Secret comes later is refused until it comes, and then needs nobody', async t => {
	const text = (secrets: string, ...names: string[]) => `
web: {bearer_tokens: [${names.map(name => `{name: ${name}, file: ${secrets}/${name}}`)}]}
vantages: [{name: cluster, type: local, tailscaled: false}]
checks: [{name: api, prober: tcp, via: direct, targets: [{name: api, target: "192.0.2.1:1"}]}]
`;
	const pod = await start(t, secrets => text(secrets, 'reader', 'token'));
	pod.secrets.put({reader: readerToken, token});
	t.is(await pod.ask('/api/v1/status'), 200);

	pod.config.put({'tailprobe.yaml': text(pod.secrets.folder, 'reader', 'token', 'later')});
	await until(async () => /^problem: The last reload was refused for 1 mistake,/m.test(await pod.ready()));
	t.is(await pod.ask('/api/v1/status'), 200);
	pod.secrets.put({reader: readerToken, token, later: `${token}-that-came-later`});

	await until(async () => !/refused/.test(await pod.ready()));
	t.is(pod.said('the configuration was reloaded').length, 1);
});

test('an API server that denies, is not reachable, or has no token for us, is told with what to do, and read again when that is mended', async t => {
	const kubernetes = await fakeKubernetes(t);
	let denies = true;
	kubernetes.onList = (_request, response) => {
		if (denies)
			status(
				response,
				403,
				'pods is forbidden: User "system:serviceaccount:june:tailprobe" cannot list resource "pods"',
			);
		return denies;
	};
	kubernetes.denied.add('list pods');
	const pod = await start(
		t,
		() => `
kubernetes: {kubeconfig_file: ${kubernetes.kubeconfig}, interval: 2s, timeout: 1s, gpu_pods: {namespace: june-services, selector: app=x}}
vantages: [{name: cluster, type: local, tailscaled: false}]
checks: [{name: api, prober: tcp, via: direct, targets: [{name: api, target: "192.0.2.1:1"}]}]
`,
	);

	await until(async () =>
		/^source kubernetes-pods.*: failing .*403.*grant it to our service account/m.test(await pod.ready()),
	);
	await until(async () =>
		/^problem: Kubernetes does not let us list pods in namespace june-services: grant \{apiGroups/m.test(
			await pod.ready(),
		),
	);
	denies = false;
	kubernetes.denied.clear();
	await until(async () => !/^source kubernetes-pods.*failing/m.test(await pod.ready()));
	await kubernetes.goDown();
	await until(async () => /^source kubernetes-.*: failing .*found nobody listening/m.test(await pod.ready()));
	await kubernetes.comeUp();
	await until(async () => !/^source kubernetes-pods.*failing/m.test(await pod.ready()));
	rmSync(kubernetes.tokenFile);
	kubernetes.endWatches();

	await until(async () =>
		/^source kubernetes-.*: failing .*The token in .* cannot be read: there is no such file/m.test(await pod.ready()),
	);
	t.true((await pod.ready()).startsWith('tailprobe is ready.'));
});

test('a tailscaled that is not there yet, is signed out, starts, or has no SOCKS5 proxy, is told, and that it is over', async t => {
	const folder = mkdtempSync(join(tmpdir(), 'tailprobe-socket-'));
	t.teardown(() => rmSync(folder, {recursive: true}));
	const socket = join(folder, 'tailscaled.sock');
	const proxy = await closedPort();
	const pod = await start(
		t,
		() => `
vantages: [{name: cluster, type: local, tailscaled: {socket: ${socket}, socks5: "127.0.0.1:${proxy}"}}]
checks: [{name: livekit, prober: tcp, interval: 1s, timeout: 500ms, via: tailnet, targets: [{name: livekit, target: "100.64.0.4:7880"}]}]
`,
	);
	const problem = (words: RegExp) => until(async () => words.test(await pod.ready()));

	await problem(
		/^problem: The vantage cluster is sick, .*does not exist: start tailscaled, or share the directory of its socket/m,
	);
	const local = await startLocalApi(t, {status: {...recorded('status'), BackendState: 'NeedsLogin'}});
	symlinkSync(local.socket, socket);
	await problem(
		/^problem: The vantage cluster is sick, .*state NeedsLogin: .*auth key is missing, used up or has expired/m,
	);
	local.status = {...recorded('status'), BackendState: 'Starting'};
	await problem(/^problem: The vantage cluster is sick, .*state Starting: it has just been started/m);
	local.status = recorded('status');
	await problem(
		/^problem: Check livekit cannot be looked at: The SOCKS5 proxy at \S+ cannot be used: .*Is tailscaled started with --socks5-server/m,
	);

	t.notRegex(await pod.ready(), /is sick/);
	t.is(pod.said('vantage is sound again').length, 1);
});

test('metrics of headscale that listen on its loopback are told as what they are: the default', async t => {
	const port = await closedPort();
	const pod = await start(
		t,
		() => `
headscale: {url: "http://127.0.0.1:${port}", metrics_url: "http://127.0.0.1:${port}/metrics", interval: 1s}
vantages: [{name: cluster, type: local, tailscaled: false}]
checks: [{name: api, prober: tcp, via: direct, targets: [{name: api, target: "192.0.2.1:1"}]}]
`,
	);

	await until(async () => /^source headscale-metrics: failing/m.test(await pod.ready()));

	t.regex(
		await pod.ready(),
		new RegExp(`metrics_listen_addr to 0\\.0\\.0\\.0:${port}, and in Kubernetes have a Service with that port`),
	);
	t.regex(await pod.ready(), /^source headscale-health.*: nothing listens there/m);
});

test('a wrong configuration ends it at the start with all mistakes and status 78', t => {
	const volume = kubeletVolume(t);
	volume.put({'tailprobe.yaml': 'web: {liste: x}\nchecks: [{name: 1}]\n'});
	const main = new URL('../src/main.ts', import.meta.url).pathname;

	const {status: code, stderr} = spawnSync(process.execPath, [
		main,
		'serve',
		'--config',
		volume.path('tailprobe.yaml'),
	]);

	t.is(code, 78);
	t.regex(String(stderr), /web\.liste: .*did you mean listen\?/);
	t.regex(String(stderr), /checks\[0\]/);
});
