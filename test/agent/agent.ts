import {once} from 'node:events';
import http from 'node:http';
import {connect, type Socket} from 'node:net';
import test from 'ava';
import {hashOf, newNonce, proveAnswer, proveRequest} from '../../src/agent/proof.ts';
import {agentPaths, type Hello, proofHeaders, wireLimits} from '../../src/agent/wire.ts';
import {type AgentChild, allowLoopbackTargets, aSecret, startAgentChild, tcpCheck} from '../helpers/agents.ts';
import {until} from '../helpers/until.ts';

/** A real agent, asked byte by byte. */

interface Asked {
	status: number;
	headers: http.IncomingHttpHeaders;
	body: string;
}

function ask(port: number, method: string, path: string, headers: Record<string, string>, body = ''): Promise<Asked> {
	const {promise, resolve, reject} = Promise.withResolvers<Asked>();
	const request = http.request({host: '127.0.0.1', port, method, path, headers, agent: false}, response => {
		const chunks: Buffer[] = [];
		response.on('data', chunk => chunks.push(chunk));
		response.on('end', () =>
			resolve({status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks).toString()}),
		);
	});
	request.on('error', reject);
	request.end(body);
	return promise;
}

async function greet(port: number): Promise<Hello> {
	const headers = {[proofHeaders.nonce]: newNonce(), [proofHeaders.to]: '127.0.0.1'};
	return JSON.parse((await ask(port, 'GET', agentPaths.hello, headers)).body) as Hello;
}

interface Signing {
	secret?: string;
	boot?: string;
	/** Put to the agent's own time. */
	offsetMs?: number;
	nonce?: string;
	path?: string;
	to?: string;
	/** Sent instead of what was proved. */
	sent?: string;
}

async function signed(port: number, body: string, how: Signing = {}): Promise<Asked & {nonce: string; boot: string}> {
	const hello = await greet(port);
	const {
		secret = aSecret,
		boot = hello.boot,
		offsetMs = 0,
		nonce = newNonce(),
		path = agentPaths.sync,
		to = '127.0.0.1',
	} = how;
	const claim = {method: 'POST', path, to, boot, timeMs: hello.nowMs + offsetMs, nonce, bodyHash: hashOf(body)};
	const sent = how.sent ?? body;
	const answer = await ask(
		port,
		'POST',
		path,
		{
			[proofHeaders.to]: to,
			[proofHeaders.boot]: boot,
			[proofHeaders.time]: String(claim.timeMs),
			[proofHeaders.nonce]: nonce,
			[proofHeaders.bodyHash]: claim.bodyHash,
			[proofHeaders.proof]: proveRequest(secret, claim),
			'content-length': String(Buffer.byteLength(sent)),
		},
		sent,
	);
	return {...answer, nonce, boot};
}

const aSync = JSON.stringify({daemon: newNonce(), ack: 0, max: 0, waitMs: 0});

let agent: AgentChild;
let end: () => unknown = () => {};
test.before('an agent', async () => {
	agent = await startAgentChild(
		{
			teardown: call => {
				end = call;
			},
		},
		allowLoopbackTargets,
	);
});
test.after.always('it ends', () => end());

test.serial('a request that is proved is answered, and the answer is proved', async t => {
	const {status, body, headers, nonce, boot} = await signed(agent.port, aSync);

	t.is(status, 200);
	t.is(headers[proofHeaders.proof], proveAnswer(aSecret, {status, boot, nonce, bodyHash: hashOf(body)}));
	t.like(JSON.parse(body), {list: null, outcomes: [], state: {threadRestarts: 0}});
});

test.serial('a hello tells strangers a protocol, a start and a time, and nothing else', async t => {
	const hello = await greet(agent.port);

	t.deepEqual(Object.keys(hello).toSorted(), ['boot', 'nowMs', 'protocol', 'tailprobe']);
});

const refusals: [what: string, how: Signing, status: number, code: string][] = [
	['with another secret', {secret: 'another-secret-than-that'}, 401, 'proof'],
	['of another start', {boot: newNonce()}, 401, 'boot'],
	['from the future', {offsetMs: 31_000}, 401, 'clock'],
	['from the past', {offsetMs: -31_000}, 401, 'clock'],
	['with another body than was proved', {sent: aSync.replace('"ack":0', '"ack":9')}, 400, 'request'],
	['for a path that there is not', {path: '/agent/shell'}, 404, 'request'],
	['for an address with more in it', {to: '127.0.0.1 evil'}, 400, 'request'],
];
for (const [what, how, status, code] of refusals)
	test.serial(`a request ${what} is turned away`, async t => {
		const answer = await signed(agent.port, aSync, how);

		t.deepEqual([answer.status, JSON.parse(answer.body)], [status, {refused: code}]);
		t.is(answer.headers.connection, 'close');
	});

test.serial('a request that is sent again is turned away', async t => {
	const nonce = newNonce();

	const first = await signed(agent.port, aSync, {nonce});
	const again = await signed(agent.port, aSync, {nonce});

	t.deepEqual([first.status, again.status, again.body], [200, 401, '{"refused":"replay"}']);
});

test.serial('a proof that belongs to another request opens nothing', async t => {
	const body = JSON.stringify({check: tcpCheck(1), deadlineMs: 100});
	const hello = await greet(agent.port);
	const claim = {
		method: 'POST',
		path: agentPaths.sync,
		to: '127.0.0.1',
		boot: hello.boot,
		timeMs: hello.nowMs,
		nonce: newNonce(),
		bodyHash: hashOf(body),
	};

	const answer = await ask(
		agent.port,
		'POST',
		agentPaths.run,
		{
			[proofHeaders.to]: claim.to,
			[proofHeaders.boot]: claim.boot,
			[proofHeaders.time]: String(claim.timeMs),
			[proofHeaders.nonce]: claim.nonce,
			[proofHeaders.bodyHash]: claim.bodyHash,
			[proofHeaders.proof]: proveRequest(aSecret, claim),
		},
		body,
	);

	t.is(answer.status, 401);
});

for (const [what, body] of [
	['no JSON', '{"daemon":'],
	['JSON of another shape', '{"daemon":1}'],
	['JSON too deep to be parsed', '['.repeat(100_000)],
	['a list of what are no checks, of which none runs', undefined],
] as const)
	test.serial(`a proved request that brings ${what} is answered`, async t => {
		const list = {version: 'abc', checks: [1, null, {key: '$(touch /tmp/x)'}, '--help']};
		const text = body ?? JSON.stringify({daemon: newNonce(), ack: 0, max: 10, waitMs: 0, list});

		const answer = await signed(agent.port, text);

		if (body === undefined) t.like(JSON.parse(answer.body), {list: 'abc', outcomes: [], state: {denied: 0}});
		else t.deepEqual([answer.status, answer.body], [400, '{"refused":"request"}']);
	});

test.serial('a request that is too long is turned away before it is read, proved or not', async t => {
	const long = `"${'x'.repeat(wireLimits.requestBytes)}"`;

	const proved = await signed(agent.port, long).catch((error: NodeJS.ErrnoException) => error.code);
	const unproved = await ask(agent.port, 'POST', agentPaths.sync, {'content-length': '99999999'}, '').catch(
		(error: NodeJS.ErrnoException) => error.code,
	);

	// The rest of what is being sent meets a closed connection.
	for (const answer of [proved, unproved])
		t.true(typeof answer !== 'object' || answer.status === 400, JSON.stringify(answer));
});

test.serial('strangers that open connections and say nothing do not keep others out', async t => {
	const sockets: Socket[] = [];
	for (let count = 0; count < 120; count++) {
		const socket = connect({host: '127.0.0.1', port: agent.port});
		socket.on('error', () => {});
		sockets.push(socket);
		await once(socket, 'connect');
	}

	const {status} = await signed(agent.port, aSync);

	t.is(status, 200);
	// Sooner than their time is over.
	await until(
		() => sockets.filter(({destroyed, readyState}) => !destroyed && readyState === 'open').length <= 64,
		5000,
	);
	for (const socket of sockets) socket.destroy();
});

test.serial('what is no HTTP is cut', async t => {
	const socket = connect({host: '127.0.0.1', port: agent.port});
	socket.on('error', () => {});

	socket.write('\u0016\u0003\u0001 hello\r\n\r\n');
	socket.resume();
	await once(socket, 'close');

	t.true(socket.destroyed);
});

test.serial('a daemon that another takes the agent from is told so', async t => {
	const long = JSON.stringify({daemon: newNonce(), ack: 0, max: 0, waitMs: 20_000});
	const waiting = signed(agent.port, long);
	let done = false;
	void waiting.then(() => {
		done = true;
	});

	await until(async () => {
		await signed(agent.port, JSON.stringify({daemon: newNonce(), ack: 0, max: 0, waitMs: 0}));
		return done;
	});

	t.like(await waiting, {status: 409, body: '{"refused":"superseded"}'});
});

test.serial('nothing that was said went into the log but codes and counts', async t => {
	await signed(agent.port, aSync, {secret: 'another-secret-than-that'});

	const text = JSON.stringify(agent.log);

	t.false(text.includes(aSecret));
	t.true(agent.log.some(({msg}) => msg === 'requests were turned away'));
});
