import test, {type ExecutionContext} from 'ava';
import type {PodWayConfig} from '../../src/config/types.ts';
import type {Node, Pod} from '../../src/kubernetes/types.ts';
import type {Member} from '../../src/vantages/members.ts';
import {createPodTransport, type PodLookout} from '../../src/vantages/pod-transport.ts';
import type {ShellRun} from '../../src/vantages/shell-transport.ts';
import {accessTo, type Exec, type ExecManners, type ExecServer, refuse, serveExec} from '../helpers/exec-server.ts';
import {fakeClock} from '../helpers/fake-clock.ts';
import {until} from '../helpers/until.ts';

const way: PodWayConfig = {type: 'pod', namespace: 'june-services', selector: 'app=gpu', nodeBy: 'name'};
const member: Member = {name: 'june-gpu-1', group: 'gpu'};
const vastNode: Node = {
	name: 'vast',
	uid: 'n1',
	taints: [],
	schedulable: true,
	loopback: false,
	internalIp: '10.0.0.7',
	kubeletPort: 10_250,
	virtual: true,
};
const juneNode: Node = (({kubeletPort: _, ...rest}) => ({...rest, internalIp: '127.0.0.1', loopback: true}))(vastNode);

function podOf(more: Partial<Pod> = {}): Pod {
	return {
		namespace: 'june-services',
		name: 'june-gpu-1',
		uid: 'u1',
		phase: 'Running',
		reason: 'none',
		containers: ['main', 'side'],
		labels: {},
		annotations: {},
		tolerations: [],
		node: 'vast',
		...more,
	};
}

interface Scene {
	/** Whether nodes are read. */
	knowsNodes: boolean;
	server: ExecServer;
	pods: Pod[];
	node: Node;
	clock: ReturnType<typeof fakeClock>;
	run(script?: string, signal?: AbortSignal, deadlineMs?: number): Promise<ShellRun>;
	stop(): Promise<void>;
}

/** A transport to a fake API server, whose pods and node a test may change between runs. */
async function aScene(
	t: ExecutionContext,
	manners: ExecManners,
	options: {way?: PodWayConfig; member?: Member} = {},
): Promise<Scene> {
	const server = await serveExec(t, manners);
	const access = await accessTo(t, server);
	const clock = fakeClock();
	const used = options.way ?? way;
	const listed = <T>(items: T[]) => ({read: {value: {items, problems: [], bad: 0}}, restarts: 0});
	const kubernetes: PodLookout = {
		state: () => ({
			wayPods: new Map([[`${used.namespace} ${used.selector}`, listed(scene.pods)]]),
			...(scene.knowsNodes ? {nodes: listed([scene.node])} : {}),
		}),
		access: () => access,
	};
	const transport = createPodTransport({
		member: options.member ?? member,
		way: used,
		kubernetes: () => kubernetes,
		clock,
	});
	const never = new AbortController();
	const scene: Scene = {
		knowsNodes: true,
		server,
		pods: [podOf({name: `june-gpu-1`})],
		node: vastNode,
		clock,
		run: (script = 'echo hi', signal = never.signal, deadlineMs = 20_000) =>
			transport.run(script, {deadlineMs, maxBytes: 10_000, signal}),
		stop: transport.stop,
	};
	return scene;
}

const greets = {
	onExec(exec: Exec) {
		exec.stdout('hi\n');
		exec.succeed();
	},
};
const dialFails = {
	onExec(exec: Exec) {
		exec.status({
			status: 'Failure',
			reason: 'InternalError',
			code: 500,
			message:
				'Internal error occurred: error sending request: Post "https://127.0.0.1:10250/exec/june-services/june-gpu-1/main?command=sh&command=-c&command=echo+secret": dial tcp 127.0.0.1:10250: connect: connection refused',
		});
		exec.socket.close();
	},
};

test('a script runs by sh in the first container of the pod that has the name of the node', async t => {
	const scene = await aScene(t, greets);

	const run = await scene.run("echo 'a b'; exit 0");

	t.like(run, {kind: 'ran', status: 0, stdout: Buffer.from('hi\n'), stderr: ''});
	const url = new URL(scene.server.requests[0]?.url ?? '', 'https://localhost');
	t.is(url.pathname, '/api/v1/namespaces/june-services/pods/june-gpu-1/exec');
	t.is(url.searchParams.get('container'), 'main');
	t.deepEqual(url.searchParams.getAll('command'), ['sh', '-c', "echo 'a b'; exit 0"]);
});

test('the container of the configuration is used', async t => {
	const scene = await aScene(t, greets, {way: {...way, container: 'side'}});

	await scene.run();

	t.true(scene.server.requests[0]?.url?.includes('container=side'));
});

test('a pod that was replaced is followed', async t => {
	const scene = await aScene(t, greets, {way: {...way, nodeBy: {label: 'node'}}});
	scene.pods = [podOf({name: 'gpu-old', labels: {node: 'june-gpu-1'}})];
	await scene.run();
	scene.pods = [
		podOf({name: 'gpu-old', labels: {node: 'june-gpu-1'}, deletionAt: 1}),
		podOf({name: 'gpu-new', uid: 'u2', labels: {node: 'june-gpu-1'}}),
	];

	await scene.run();

	t.deepEqual(
		scene.server.requests.map(({url}) => /pods\/([^/]+)/.exec(url ?? '')?.[1]),
		['gpu-old', 'gpu-new'],
	);
});

test('without a right to exec the way is denied, and the sentence says what to grant', async t => {
	const scene = await aScene(t, {onUpgrade: socket => refuse(socket, 403, 'pods "x" is forbidden')});

	const run = await scene.run();

	t.like(run, {kind: 'refused', reason: 'denied'});
	t.regex(
		run.kind === 'refused' ? run.detail : '',
		/the verbs get and create on pods\/exec in the namespace june-services/,
	);
});

test('a kubelet that is not reached at present may come back', async t => {
	const scene = await aScene(t, dialFails);

	const first = await scene.run();
	await scene.run();

	t.like(first, {kind: 'refused', reason: 'vantage'});
	t.false(first.kind === 'refused' && first.detail.includes('secret'));
	t.is(scene.server.requests.length, 2);
});

test('a node on loopback that names no port of a kubelet has none: a fact, looked at again after ten minutes', async t => {
	const scene = await aScene(t, dialFails);
	scene.node = juneNode;

	const first = await scene.run();
	const second = await scene.run();
	const asked = scene.server.requests.length;
	await scene.clock.advance(600_001);
	await scene.run();

	t.like(first, {kind: 'refused', reason: 'unsupported'});
	t.regex(
		first.kind === 'refused' ? first.detail : '',
		/The node vast says that no kubelet serves there: .*127\.0\.0\.1, which is loopback/,
	);
	t.deepEqual(second, first);
	t.is(asked, 1);
	t.is(scene.server.requests.length, 2);
});

test('where nodes are not read, a kubelet that was looked for on loopback is one that cannot be', async t => {
	const scene = await aScene(t, dialFails);
	scene.knowsNodes = false;

	t.like(await scene.run(), {kind: 'refused', reason: 'unsupported'});
});

test('the real kubelet of the machine, which does not know the pod, is recognised on such a node', async t => {
	const scene = await aScene(t, {
		onExec(exec) {
			exec.status({status: 'Failure', code: 404, message: 'pod does not exist'});
			exec.socket.close();
		},
	});
	scene.node = juneNode;

	t.like(await scene.run(), {kind: 'refused', reason: 'unsupported'});
});

const isTriedAgain = test.macro({
	async exec(t, change: (scene: Scene) => void) {
		const scene = await aScene(t, {onUpgrade: socket => refuse(socket, 501, 'not implemented')});
		t.like(await scene.run(), {kind: 'refused', reason: 'unsupported'});

		change(scene);
		await scene.run();

		t.is(scene.server.requests.length, 2);
	},
	title: (title = '') => `what was unsupported is tried again at once with ${title}`,
});
test('another pod of the name', isTriedAgain, scene => {
	scene.pods = [podOf({uid: 'u2'})];
});
test('another address of the node', isTriedAgain, scene => {
	scene.node = {...vastNode, internalIp: '10.0.0.8'};
});
test('another version of the kubelet', isTriedAgain, scene => {
	scene.node = {...vastNode, kubeletVersion: 'v2'};
});

test('a run that was not given time, by its deadline or by one before it, says nothing about the place', async t => {
	const scene = await aScene(t, {}, {way: {...way, container: 'slow'}});
	scene.node = juneNode;
	const stop = new AbortController();

	const short = await scene.run('x', undefined, 100);
	const before = scene.run('x', stop.signal);
	await until(() => scene.server.running.size === 1);
	const waiting = await scene.run('x', undefined, 300);
	stop.abort();

	for (const run of [short, waiting]) t.like(run, {kind: 'refused', reason: 'vantage', hurried: true});
	t.false('hurried' in (await before));
	t.is(scene.server.requests.length, 2);
});

test('a container without sh is unsupported', async t => {
	const scene = await aScene(t, {onExec: exec => exec.exit(127)});

	const run = await scene.run();

	t.like(run, {kind: 'refused', reason: 'unsupported'});
	t.regex(run.kind === 'refused' ? run.detail : '', /has no shell/);
});

test('a script that ends with 127 after it wrote something did run', async t => {
	const scene = await aScene(t, {
		onExec(exec) {
			exec.stdout('x');
			exec.exit(127);
		},
	});

	t.like(await scene.run(), {kind: 'ran', status: 127});
});

test('stopping ends what runs, and waits for it', async t => {
	const scene = await aScene(t, {});
	const running = scene.run();
	await until(() => scene.server.running.size === 1);

	await scene.stop();

	t.like(await running, {kind: 'refused', reason: 'vantage'});
	await until(() => scene.server.codes[0] === 1006);
});

test('without a kubernetes block, or a pod, nothing runs, and the sentence says so', async t => {
	const transport = createPodTransport({member, way, kubernetes: () => undefined});
	const scene = await aScene(t, greets);
	scene.pods = [];

	const without = await transport.run('x', {deadlineMs: 1000, maxBytes: 10, signal: new AbortController().signal});
	const nowhere = await scene.run();

	t.like(without, {kind: 'refused', reason: 'vantage'});
	t.like(nowhere, {
		kind: 'refused',
		reason: 'vantage',
		detail: 'There is no pod named june-gpu-1 among the pods app=gpu in june-services (0 there).',
	});
	t.is(scene.server.requests.length, 0);
});
