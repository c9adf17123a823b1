import {execFile} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {writeFile} from 'node:fs/promises';
import {fileURLToPath} from 'node:url';
import test, {type ExecutionContext} from 'ava';
import {createCliClient} from '../../../src/headscale/cli/client.ts';
import {type PodPlace, runHeadscaleInPod} from '../../../src/headscale/cli/run-in-pod.ts';
import {nodesToRest, preAuthKeysToRest} from '../../../src/headscale/cli/to-rest.ts';
import {HeadscaleError} from '../../../src/headscale/get.ts';
import {parseNodes} from '../../../src/headscale/nodes.ts';
import {parsePreAuthKeys} from '../../../src/headscale/pre-auth-keys.ts';
import {accessTo, type Exec, type ExecServer, kubeconfig, refuse, serveExec} from '../../helpers/exec-server.ts';
import {until} from '../../helpers/until.ts';

const program = fileURLToPath(new URL('../../fixtures/bin/headscale', import.meta.url));
const recordings = (version: string) => fileURLToPath(new URL(`../../fixtures/headscale/${version}`, import.meta.url));
const read = (version: string, file: string): unknown =>
	JSON.parse(readFileSync(`${recordings(version)}/${file}`, 'utf8'));

interface Options {
	onExec?: (exec: Exec) => void;
	onUpgrade?: Parameters<typeof serveExec>[1]['onUpgrade'];
	pods?: unknown;
	command?: readonly [string, ...string[]];
	timeoutMs?: number;
	maxAnswerBytes?: number;
}

/** A client for a headscale whose pod is a child process: the program of the fixtures runs what is asked for. */
async function aClient(t: ExecutionContext, {pods = [pod('headscale-0')], ...options}: Options = {}) {
	const {onExec = runHere, onUpgrade, command = [program, 'recorded', recordings('0.29.2')]} = options;
	const server = await serveExec(t, {
		onExec,
		...(onUpgrade ? {onUpgrade} : {}),
		answer: request => (request.url?.includes('/pods?') ? {kind: 'PodList', items: pods} : {}),
	});
	const access = await accessTo(t, server);
	const place: PodPlace = {namespace: `headscale-${++namespaces}`, selector: 'app=headscale', container: 'headscale'};
	const client = createCliClient({
		command,
		timeoutMs: options.timeoutMs ?? 20_000,
		maxAnswerBytes: options.maxAnswerBytes ?? 1_000_000,
		run: run => runHeadscaleInPod({...run, place, access}),
	});
	return {client, server, namespace: place.namespace};
}

/** Each test has a pod of its own: two execs into one wait for each other. */
let namespaces = 0;

function pod(name: string, phase = 'Running', more: object = {}) {
	return {metadata: {name, ...more}, status: {phase}};
}

function runHere(exec: Exec): void {
	const [file = '', ...args] = exec.query.getAll('command');
	execFile(file, args, {maxBuffer: 2 ** 30}, (error, stdout, stderr) => {
		if (stdout !== '') exec.stdout(stdout);
		if (stderr !== '') exec.stderr(stderr);
		const code = error === null ? 0 : Number(error.code ?? 1);
		if (code === 0) exec.succeed();
		else exec.exit(code);
	});
}

function paths(server: ExecServer): string[] {
	return server.requests.map(({url}) => new URL(url ?? '', 'https://localhost').pathname);
}

for (const version of ['0.23.0', '0.26.1', '0.29.2'])
	test(`the lists of ${version} are those that the command prints in the pod`, async t => {
		const {client, server, namespace} = await aClient(t, {command: [program, 'recorded', recordings(version)]});

		const nodes = await client.nodes();

		t.deepEqual(nodes, parseNodes(nodesToRest(read(version, 'cli-nodes.json'))));
		t.deepEqual(paths(server), [`/api/v1/namespaces/${namespace}/pods/headscale-0/exec`]);
		const {searchParams} = new URL(server.requests[0]?.url ?? '', 'https://localhost');
		t.is(searchParams.get('container'), 'headscale');
		t.deepEqual(searchParams.getAll('command').slice(3), ['nodes', 'list', '-o', 'json']);
	});

test('where keys are only listed by user, the words of the failed command lead there', async t => {
	const {client} = await aClient(t, {command: [program, 'by-user', recordings('0.26.1'), 'uint', '1']});

	t.deepEqual(await client.preAuthKeys(), parsePreAuthKeys(preAuthKeysToRest(read('0.26.1', 'cli-preauthkeys.json'))));
});

test('a pod that runs and stays is asked', async t => {
	const pods = [
		pod('done', 'Succeeded'),
		pod('going', 'Running', {deletionTimestamp: '2026-01-01T00:00:00Z'}),
		pod('stays'),
	];
	const {client, server} = await aClient(t, {pods});

	await client.users();

	t.regex(paths(server)[0] ?? '', /pods\/stays\/exec$/);
});

const fails = test.macro({
	async exec(t, options: Options, expected: RegExp) {
		const {client} = await aClient(t, options);

		const error = await t.throwsAsync(client.nodes(), {instanceOf: HeadscaleError});

		t.regex(error?.message ?? '', expected);
		t.false(/hskey-|[0-9a-f]{40}/.test(error?.message ?? ''));
	},
	title: (title = '') => `${title} is told in a sentence`,
});
const key = '69b99be4f829472b800dce4eee361ec8200800079cb38db6';
test(
	'no pod that runs',
	fails,
	{pods: [pod('x', 'Pending')]},
	/none of the pods app=headscale in headscale-\d+ of headscale\.cli\.pod runs \(1 there\)/,
);
test('a list of pods that is none', fails, {pods: 'x'}, /the list of the pods .* is not as expected/);
test('a pod whose name is none', fails, {pods: [pod('../../secrets')]}, /is no name of a pod/);
test(
	'a missing right',
	fails,
	{onUpgrade: socket => refuse(socket, 403, 'forbidden')},
	/"\S+headscale … nodes list" in the pod headscale-\d+\/headscale-0 could not be run\. .*verbs get and create on pods\/exec/,
);
test(
	'a command that fails',
	fails,
	{onExec: says(`{"error": "no: ${key}"}`, 1)},
	/ended with 1\. It said: "no: <redacted>"\./,
);
test(
	'a program that is not in the container',
	fails,
	{onExec: exec => exec.exit(127)},
	/there is no such program in the container/,
);
test(
	'a command that does not end',
	fails,
	{onExec: exec => exec.stdout('['), timeoutMs: 2000},
	/did not end within 2 s/,
);
test('a connection that ends in the middle', fails, {onExec: cutAfter('[{"id": 1')}, /was cut off in the middle/);
test(
	'a stream that was cut and calls itself a success',
	fails,
	{onExec: succeedsAfter(`[{"id": 1, "key": "${key}`)},
	/cut short or no list/,
);
test(
	'an output without end',
	fails,
	{onExec: exec => exec.stdout('x'.repeat(20_000)), maxAnswerBytes: 10_000},
	/printed too much: more than 10000 bytes, .* raise headscale\.max_answer/,
);

test('an API server that is gone is told in a sentence', async t => {
	const {client, server} = await aClient(t);
	await writeFile(server.kubeconfigFile, kubeconfig(1, {token: 'x'}));

	const error = await t.throwsAsync(client.nodes(), {instanceOf: HeadscaleError});

	t.regex(error?.message ?? '', /pods app=headscale .* cannot be listed\. .*found nobody listening/);
});

test('a command in flight ends when it is not wanted any more', async t => {
	const {client, server} = await aClient(t, {onExec() {}});
	const stopping = new AbortController();
	const reason = new Error('stopped');
	const reading = client.nodes(stopping.signal);
	await until(() => server.running.size === 1);

	stopping.abort(reason);

	t.is(await t.throwsAsync(reading), reason);
	await until(() => server.codes[0] === 1006);
});

function says(text: string, code: number): (exec: Exec) => void {
	return exec => {
		exec.stderr(text);
		exec.exit(code);
	};
}

function cutAfter(text: string): (exec: Exec) => void {
	return exec => {
		exec.stdout(text);
		exec.socket.close();
	};
}

function succeedsAfter(text: string): (exec: Exec) => void {
	return exec => {
		exec.stdout(text);
		exec.succeed();
	};
}
