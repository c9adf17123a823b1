import {once} from 'node:events';
import {writeFile} from 'node:fs/promises';
import type {IncomingMessage} from 'node:http';
import {createServer} from 'node:net';
import {join} from 'node:path';
import type {TLSSocket} from 'node:tls';
import test, {type ExecutionContext} from 'ava';
import {type ExecOptions, type ExecRequest, type ExecResult, execInPod} from '../../src/kubernetes/exec.ts';
import {accessTo, type ExecManners, kubeconfig, pem, refuse, serveExec, serverKey} from '../helpers/exec-server.ts';
import {until} from '../helpers/until.ts';

/** Each test has a pod of its own: two execs into one wait for each other. */
function aPod(): ExecRequest & {pod: string} {
	return {namespace: 'june-services', pod: `gpu-${++pods}`, container: 'main', command: ['sh', '-c', 'echo hi']};
}

let pods = 0;

async function execAgainst(
	t: ExecutionContext,
	manners: ExecManners,
	{request = {}, ...options}: Partial<ExecOptions> & {request?: Partial<ExecRequest>} = {},
): Promise<{result: ExecResult; server: Awaited<ReturnType<typeof serveExec>>}> {
	const server = await serveExec(t, manners);
	const access = await accessTo(t, server);
	const result = await execInPod(access, {...aPod(), ...request}, {deadlineMs: 10_000, maxBytes: 100_000, ...options});
	return {result, server};
}

test('the command runs, and its output and exit code come back', async t => {
	const {result, server} = await execAgainst(t, {
		onExec(exec) {
			exec.stdout('');
			exec.stderr('');
			exec.stdout('hi\n');
			exec.stderr('oh\n');
			exec.stdout(Buffer.from([0, 255]));
			exec.exit(7);
		},
	});

	t.like(result, {kind: 'ran', stderr: 'oh\n', status: 7, ending: 'status'});
	t.deepEqual(result.kind === 'ran' && result.stdout, Buffer.from([...Buffer.from('hi\n'), 0, 255]));
	t.is(server.requests[0]?.headers.authorization, 'Bearer first');
	t.is(server.requests[0]?.headers['sec-websocket-protocol'], 'v5.channel.k8s.io,v4.channel.k8s.io');
	t.is(server.requests[0]?.headers['sec-websocket-extensions'], undefined);
	t.is(server.requests[0]?.headers['user-agent'], 'tailprobe');
});

test('arguments arrive as they are, whatever is in them', async t => {
	const script = 'a b&c=d;#?%41+"\'$(x)\n\tü\u0001/../';
	const {server} = await execAgainst(
		t,
		{onExec: exec => exec.succeed()},
		{request: {pod: 'args', command: ['sh', '-c', script, '-x']}},
	);

	const url = new URL(server.requests[0]?.url ?? '', 'https://localhost');
	t.is(url.pathname, '/api/v1/namespaces/june-services/pods/args/exec');
	t.deepEqual(url.searchParams.getAll('command'), ['sh', '-c', script, '-x']);
	t.is(url.searchParams.get('container'), 'main');
	t.is(url.searchParams.get('stdin'), 'false');
});

const neverAsks = test.macro({
	async exec(t, request: Partial<ExecRequest>) {
		const {result, server} = await execAgainst(t, {onExec: exec => exec.succeed()}, {request});

		t.like(result, {kind: 'refused', fault: 'name'});
		t.is(server.requests.length, 0);
	},
	title: (_, request) => `no request is made with the names ${JSON.stringify(request)}`,
});
test(neverAsks, {pod: '../nodes/x'});
test(neverAsks, {pod: 'gpu-1/exec?command=rm&x='});
test(neverAsks, {pod: ''});
test(neverAsks, {pod: 'x'.repeat(254)});
test(neverAsks, {namespace: 'june/services'});
test(neverAsks, {namespace: '..'});
test(neverAsks, {container: 'main&command=rm'});

test('the exec is broken off in the end, so that nothing goes on there', async t => {
	const {result, server} = await execAgainst(t, {
		onExec(exec) {
			exec.stdout('x');
			exec.status({status: 'Success'});
		},
	});

	t.like(result, {kind: 'ran', status: 0});
	await until(() => server.codes.length === 1);
	t.deepEqual(server.codes, [1006]);
	await until(() => server.open.size === 0);
});

test('a stream that was cut may call itself a success: what came is handed over as it is', async t => {
	const {result} = await execAgainst(t, {
		onExec(exec) {
			exec.stdout('half an ans');
			exec.succeed();
		},
	});

	t.like(result, {kind: 'ran', status: 0, ending: 'status', stdout: Buffer.from('half an ans')});
});

test('a connection that ends without a status leaves what came, and no status', async t => {
	const {result} = await execAgainst(t, {
		onExec(exec) {
			exec.stdout('half');
			exec.socket.close();
		},
	});

	t.like(result, {kind: 'ran', ending: 'closed', stdout: Buffer.from('half')});
	t.false('status' in result);
});

test('a connection that is broken off before anything came is no run', async t => {
	const {result} = await execAgainst(t, {onExec: exec => exec.socket.terminate()});

	t.like(result, {kind: 'refused', fault: 'cut'});
});

test('an API server that never answers the upgrade is given up at the deadline', async t => {
	const {result, server} = await execAgainst(t, {onUpgrade() {}}, {deadlineMs: 1000});

	t.like(result, {kind: 'refused', fault: 'silent'});
	t.regex(
		result.kind === 'refused' ? result.detail : '',
		/given up after 1000 ms: the Kubernetes API did not answer\.$/,
	);
	await until(() => server.open.size === 0);
});

test('an API server that takes connections and says nothing at all is given up at the deadline', async t => {
	const frozen = createServer(() => {}).listen(0, '127.0.0.1');
	await once(frozen, 'listening');
	t.teardown(() => frozen.close());
	const server = await serveExec(t, {});
	const {port} = frozen.address() as {port: number};
	await writeFile(server.kubeconfigFile, kubeconfig(port, {token: 'x'}));

	const result = await execInPod(await accessTo(t, server), aPod(), {deadlineMs: 1000, maxBytes: 1000});

	t.like(result, {kind: 'refused', fault: 'silent'});
});

test('a kubelet that says nothing is given up at the deadline, and broken off', async t => {
	const {result, server} = await execAgainst(t, {onExec() {}}, {deadlineMs: 1000});

	t.like(result, {kind: 'refused', fault: 'silent'});
	t.regex(result.kind === 'refused' ? result.detail : '', /let us in and then nothing came.*stands still/);
	await until(() => server.codes[0] === 1006);
});

test('a command that does not end leaves what it wrote until the deadline', async t => {
	const {result} = await execAgainst(t, {onExec: exec => exec.stdout('so far')}, {deadlineMs: 1000});

	t.like(result, {kind: 'ran', ending: 'deadline', stdout: Buffer.from('so far')});
	t.false('status' in result);
});

test('a signal ends the exec at once', async t => {
	const stop = new AbortController();
	const server = await serveExec(t, {onExec: exec => exec.stdout('x')});
	const access = await accessTo(t, server);
	const gpu = aPod();
	const running = execInPod(access, gpu, {deadlineMs: 60_000, maxBytes: 1000, signal: stop.signal});
	await until(() => server.running.size === 1);

	stop.abort();

	t.like(await running, {kind: 'refused', fault: 'canceled'});
	t.like(await execInPod(access, gpu, {deadlineMs: 60_000, maxBytes: 1000, signal: stop.signal}), {fault: 'canceled'});
	await until(() => server.codes[0] === 1006);
});

const isBounded = test.macro({
	async exec(t, flood: (send: {stdout(bytes: Buffer): void; stderr(text: string): void}) => void, kept: number) {
		const {result, server} = await execAgainst(
			t,
			{
				onExec({socket, stdout, stderr}) {
					const more = () => {
						if (socket.readyState !== socket.OPEN) return;
						if (socket.bufferedAmount < 100_000) for (let at = 0; at < 100; at++) flood({stdout, stderr});
						setImmediate(more);
					};
					more();
				},
			},
			{maxBytes: 50_000},
		);

		t.like(result, {kind: 'ran', ending: 'overflow'});
		t.is(result.kind === 'ran' && result.stdout.length, kept);
		t.true(result.kind === 'ran' && result.stderr.length <= 256 * 1024);
		await until(() => server.codes[0] === 1006);
	},
	title: (title = '') => `${title} is ended, and no more of it kept than asked for`,
});
test('output without end', isBounded, ({stdout}) => stdout(Buffer.alloc(1000)), 50_000);
test('a flood of complaints', isBounded, ({stderr}) => stderr('x'.repeat(1000)), 0);
test('a flood of frames without content', isBounded, ({stdout}) => stdout(Buffer.alloc(0)), 0);

test('a frame of many megabytes is not taken in', async t => {
	const {result} = await execAgainst(t, {onExec: exec => exec.stdout(Buffer.alloc(4_000_000))});

	t.like(result, {kind: 'refused', fault: 'cut'});
});

const isNoStream = test.macro({
	async exec(t, say: (socket: {send(data: string | Buffer): void}) => void) {
		const {result} = await execAgainst(t, {onExec: ({socket}) => say(socket)});

		t.like(result, {kind: 'refused', fault: 'api'});
	},
	title: (title = '') => `${title} is no exec stream`,
});
test('a channel that there is not', isNoStream, socket => socket.send(Buffer.from([9, 1, 2])));
test('an empty message', isNoStream, socket => socket.send(Buffer.alloc(0)));
test('text', isNoStream, socket => socket.send('1hello'));
test('a status that is not JSON', isNoStream, socket => socket.send(Buffer.from('\u0003{"status":')));
test('a status that is no object', isNoStream, socket => socket.send(Buffer.from('\u0003[1]')));
test('a status that is too long', isNoStream, socket =>
	socket.send(Buffer.concat([Buffer.from([3]), Buffer.alloc(70_000)])),
);

test('a server that only speaks v4 does as well', async t => {
	const {result} = await execAgainst(t, {
		protocols: ['v4.channel.k8s.io'],
		onExec(exec) {
			t.is(exec.socket.protocol, 'v4.channel.k8s.io');
			exec.stdout('hi');
			exec.succeed();
		},
	});

	t.like(result, {kind: 'ran', status: 0, stdout: Buffer.from('hi')});
});

test('a server that speaks none of the versions that tell exit codes cannot be used', async t => {
	const {result} = await execAgainst(t, {protocols: ['channel.k8s.io'], onExec() {}});

	t.like(result, {kind: 'refused', fault: 'api'});
});

const isRefused = test.macro({
	async exec(t: ExecutionContext, status: number, message: string, fault: string, detail: RegExp) {
		const {result, server} = await execAgainst(t, {onUpgrade: socket => refuse(socket, status, message)});

		t.like(result, {kind: 'refused', fault});
		t.regex(result.kind === 'refused' ? result.detail : '', detail);
		await until(() => server.open.size === 0);
	},
	title: (_, status: number, message: string) =>
		`an upgrade that is refused with ${status} "${message.slice(0, 40)}" is told for what it is`,
});
test(
	isRefused,
	403,
	'pods "gpu-1" is forbidden: User "x" cannot get resource "pods/exec"',
	'forbidden',
	/answered 403 \("pods .*verbs get and create on pods\/exec in the namespace june-services/,
);
test(isRefused, 401, 'Unauthorized', 'forbidden', /does not take our credentials/);
test(isRefused, 404, 'pods "gpu-1" not found', 'no-pod', /no such pod/);
test(isRefused, 400, 'container nope is not valid for pod gpu-1', 'container', /container nope is not valid/);
test(isRefused, 405, 'no', 'not-served', /exec is not served/);
test(isRefused, 501, 'no', 'not-served', /exec is not served/);
test(
	isRefused,
	500,
	'error dialing backend: dial tcp 127.0.0.1:10250: connect: connection refused',
	'unreachable',
	/cannot reach the kubelet/,
);
test(isRefused, 500, 'etcdserver: request timed out', 'api', /fails/);
test(isRefused, 502, 'bad gateway', 'api', /fails/);
test(isRefused, 429, 'slow down', 'api', /fails/);
test(isRefused, 302, '', 'api', /no answer of an API server/);

test('a token that is said again is not told, by whoever refuses the exec', async t => {
	const again = (request: IncomingMessage) => `you sent ${request.headers.authorization} and the-token-of-the-pod`;
	const rotated = async (manners: ExecManners) => {
		const server = await serveExec(t, manners);
		await writeFile(join(server.folder, 'token'), 'the-token-of-the-pod');
		return execInPod(await accessTo(t, server), aPod(), {deadlineMs: 10_000, maxBytes: 1000});
	};

	const results = [
		await rotated({onUpgrade: (socket, request) => refuse(socket, 403, again(request))}),
		await rotated({
			onUpgrade: (socket, request) =>
				void socket.end(`HTTP/1.1 502 x\r\ncontent-length: ${again(request).length}\r\n\r\n${again(request)}`),
		}),
		await rotated({onExec: exec => exec.status({status: 'Failure', message: again(exec.request)})}),
	];

	for (const result of results)
		t.regex(result.kind === 'refused' ? result.detail : '', /you sent Bearer <redacted> and <redacted>/);
});

test('a refusal whose body never ends is told by its number', async t => {
	const {result} = await execAgainst(t, {
		onUpgrade: socket => void socket.write('HTTP/1.1 403 Forbidden\r\nContent-Length: 100000\r\n\r\n{"mess'),
	});

	t.like(result, {kind: 'refused', fault: 'forbidden'});
});

test('nobody at the address of the API server is told so', async t => {
	const server = await serveExec(t, {});
	server.server.close();

	const result = await execInPod(await accessTo(t, server), aPod(), {deadlineMs: 10_000, maxBytes: 1000});

	t.like(result, {kind: 'refused', fault: 'api'});
	t.regex(result.kind === 'refused' ? result.detail : '', /found nobody listening/);
});

test('credentials that cannot be read are told so', async t => {
	const server = await serveExec(t, {});
	const access = await accessTo(t, server);
	await writeFile(server.kubeconfigFile, '{');

	const result = await execInPod(access, aPod(), {deadlineMs: 10_000, maxBytes: 1000});

	t.like(result, {kind: 'refused', fault: 'api'});
	t.is(server.requests.length, 0);
});

test('a token, a CA and a client certificate that were rotated are used at the next exec', async t => {
	const server = await serveExec(t, {onExec: exec => exec.succeed()});
	const access = await accessTo(t, server);
	const user = (certificate: string) => ({
		tokenFile: 'token',
		'client-certificate-data': pem(certificate).toString('base64'),
		'client-key-data': serverKey.toString('base64'),
	});
	await writeFile(server.kubeconfigFile, kubeconfig(server.port, user('good')));
	const gpu = aPod();
	const exec = () => execInPod(access, gpu, {deadlineMs: 10_000, maxBytes: 1000});
	const whoAsked = () => {
		const {headers, socket} = server.requests.at(-1) ?? {};
		return [headers?.authorization, (socket as TLSSocket | undefined)?.getPeerCertificate().subject?.CN];
	};
	t.like(await exec(), {kind: 'ran', status: 0});
	t.deepEqual(whoAsked(), ['Bearer first', 'good']);

	await writeFile(join(server.folder, 'token'), 'second\n');
	await writeFile(server.kubeconfigFile, kubeconfig(server.port, user('other-host')));
	server.server.setSecureContext({key: serverKey, cert: pem('self-signed')});
	const withOldCa = await exec();
	await writeFile(join(server.folder, 'ca.pem'), pem('self-signed'));
	const withNewCa = await exec();

	t.like(withOldCa, {kind: 'refused', fault: 'api'});
	t.like(withNewCa, {kind: 'ran', status: 0});
	t.deepEqual(whoAsked(), ['Bearer second', 'other-host']);
});

test('execs into one container run one after the other, those into others beside them', async t => {
	const quick = await serveExec(t, {onExec: exec => void setImmediate(() => exec.succeed())});
	const quickAccess = await accessTo(t, quick);
	const hanging = await serveExec(t, {});
	const access = await accessTo(t, hanging);
	const [one, other, gpu] = [aPod(), aPod(), aPod()];
	const stop = new AbortController();

	await Promise.all([gpu, gpu, gpu].map(pod => execInPod(quickAccess, pod, {deadlineMs: 30_000, maxBytes: 1000})));
	const hangs = [one, other].map(pod =>
		execInPod(access, pod, {deadlineMs: 60_000, maxBytes: 1000, signal: stop.signal}),
	);
	await until(() => hanging.running.size === 2);
	const waiting = await execInPod(access, one, {deadlineMs: 100, maxBytes: 1000});
	stop.abort();
	await Promise.all(hangs);

	t.is(quick.requests.length, 3);
	t.is(quick.mostAtOnce, 1);
	t.is(hanging.requests.length, 2);
	t.regex(waiting.kind === 'refused' ? waiting.detail : '', /others that ran before it had not ended/);
	t.like(waiting, {fault: 'silent', hadMs: 0});
});
