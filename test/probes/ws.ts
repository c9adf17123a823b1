import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {z} from 'zod';
import {ws} from '../../src/probes/ws.ts';
import {holdThread} from '../helpers/hold-thread.ts';
import {isDown, measure, passSoon} from '../helpers/probing.ts';
import {allClosed, caFile, closedPort, httpAnswer, saying, serve} from '../helpers/servers.ts';
import {startSocks5} from '../helpers/socks5-server.ts';
import {until} from '../helpers/until.ts';
import {serveFrames, serveWebSocket, upgradeAnswer} from '../helpers/websocket-servers.ts';

test('a server that upgrades is up, and is told goodbye', async t => {
	const server = await serveWebSocket(t);

	const reading = await measure(ws, `ws://127.0.0.1:${server.port}/rtc?room=a`);

	t.true(reading.ok, reading.detail);
	t.deepEqual(Object.keys(reading.phases ?? {}), ['resolve', 'connect', 'processing']);
	t.deepEqual(reading.values, {upgraded: 1, ssl: 0, status_code: 101});
	t.is(server.requests[0]?.url, '/rtc?room=a');
	await until(() => server.closed.length === 1);
	t.deepEqual(server.closed, [1000]);
});

test.serial('what comes after the answer is in no phase', async t => {
	const server = await serveWebSocket(t);
	const {signal} = new AbortController();
	const letGo = signal.removeEventListener.bind(signal);
	signal.removeEventListener = (...args: Parameters<AbortSignal['removeEventListener']>) => {
		holdThread(server.requests.length > 0 ? 200 : 0);
		letGo(...args);
	};

	const reading = await measure(ws, `ws://127.0.0.1:${server.port}/`, {}, {signal});

	const {phases = {}} = reading;
	t.true(reading.ok, reading.detail);
	t.true(Object.values(phases).reduce((sum, seconds) => sum + seconds, 0) < 0.2, JSON.stringify(phases));
});

test('a target without a scheme is a plain WebSocket', async t => {
	const server = await serveWebSocket(t);

	t.true((await measure(ws, `127.0.0.1:${server.port}`)).ok);
});

test('a refusal that is wanted is up', async t => {
	const server = await serveWebSocket(t, undefined, {refuse: '401 Unauthorized'});

	const reading = await measure(ws, `ws://127.0.0.1:${server.port}/rtc`, {valid_status_codes: [401]});

	t.true(reading.ok, reading.detail);
	t.like(reading, {values: {status_code: 401, upgraded: 0}, facts: {phase: 'processing'}});
});

test('a refusal that is not wanted is down with its status', async t => {
	const server = await serveWebSocket(t, undefined, {refuse: '401 Unauthorized'});

	const reading = await measure(ws, `ws://127.0.0.1:${server.port}/rtc?token=hunter2`);

	isDown(t, reading, {
		reason: 'status',
		phase: 'processing',
		detail: /^the WebSocket ws:\/\/127\.0\.0\.1:\d+\/rtc\?… answered 401 Unauthorized after [\d.]+ ms; wanted 101$/,
	});
	t.notRegex(JSON.stringify(reading), /hunter2/);
});

test('an upgrade where only a refusal is wanted is down', async t => {
	const server = await serveWebSocket(t);

	const reading = await measure(ws, `ws://127.0.0.1:${server.port}/`, {valid_status_codes: [401]});

	isDown(t, reading, {reason: 'status', phase: 'processing', detail: /answered 101 .*; wanted 401$/});
});

test('a redirect is its status, and is not followed', async t => {
	const server = await serve(t, saying(httpAnswer('302 Found', '', ['Location: ws://127.0.0.1:1/'])));

	const reading = await measure(ws, `ws://127.0.0.1:${server.port}/`);

	isDown(t, reading, {reason: 'status', phase: 'processing', detail: /answered 302 Found/});
});

test('the body of a refusal is not waited for', async t => {
	const server = await serve(t, {
		onHead: socket => void socket.write('HTTP/1.1 401 Unauthorized\r\nContent-Length: 100\r\n\r\n'),
	});

	t.true((await measure(ws, `ws://127.0.0.1:${server.port}/`, {valid_status_codes: [401]})).ok);
	await allClosed(server);
});

test('a ping is answered, and its round trip is told', async t => {
	const server = await serveWebSocket(t);

	const reading = await measure(ws, `ws://127.0.0.1:${server.port}/`, {ping: true});

	t.true(reading.ok, reading.detail);
	const {pong_seconds: seconds = 0} = reading.values;
	t.true(seconds > 0 && seconds < 10);
	t.deepEqual(Object.keys(reading.phases ?? {}), ['resolve', 'connect', 'processing', 'transfer']);
});

test('a message is sent and the right one awaited', async t => {
	const server = await serveWebSocket(t, socket => {
		socket.send('welcome');
		socket.on('message', data => socket.send(`{"echo": "${data}"}`));
	});

	const reading = await measure(ws, `ws://127.0.0.1:${server.port}/`, {
		ping: true,
		send: 'hello',
		expect: '"echo": "hel{2}o"',
	});

	t.true(reading.ok, reading.detail);
	t.is(reading.values.failed_due_to_regex, 0);
	await until(() => server.closed.length === 1);
});

test('a message that came together with the answer is not lost', async t => {
	const server = await serve(t, {
		onHead: (socket, head) =>
			void socket.write(Buffer.concat([Buffer.from(upgradeAnswer(head)), Buffer.from([0x81, 2]), Buffer.from('hi')])),
	});

	const reading = await measure(ws, `ws://127.0.0.1:${server.port}/`, {expect: '^hi$'});

	t.true(reading.ok, reading.detail);
});

test('headers and credentials go along with the request', async t => {
	const folder = await mkdtemp(join(tmpdir(), 'tailprobe-'));
	t.teardown(() => rm(folder, {recursive: true}));
	await writeFile(join(folder, 'token'), 'hunter2\n');
	const server = await serveWebSocket(t);

	const reading = await measure(ws, `ws://127.0.0.1:${server.port}/`, {
		headers: {Origin: 'https://june.test', Host: 'livekit:7880'},
		bearer_token_file: join(folder, 'token'),
	});

	t.true(reading.ok, reading.detail);
	t.like(server.requests[0]?.headers, {
		host: 'livekit:7880',
		origin: 'https://june.test',
		authorization: 'Bearer hunter2',
		upgrade: 'websocket',
		connection: 'Upgrade',
		'sec-websocket-version': '13',
	});
	t.regex(server.requests[0]?.headers['sec-websocket-key'] ?? '', /^[A-Za-z0-9+/]{22}==$/);
	t.regex(server.requests[0]?.headers['user-agent'] ?? '', /^tailprobe\//);
});

test('a secret that cannot be read is our fault', async t => {
	const server = await serveWebSocket(t);

	await t.throwsAsync(measure(ws, `ws://127.0.0.1:${server.port}/`, {bearer_token_file: '/nowhere/token'}), {
		name: 'CannotLookError',
	});
	t.is(server.requests.length, 0);
});

for (const [what, options, query, shown] of [
	['a plain request', {}, '', true],
	['a query', {}, '?token=hunter2', false],
	['a subprotocol', {subprotocols: ['hunter2']}, '', false],
	['a header that may be secret', {headers: {Cookie: 'a=hunter2'}}, '', false],
	['a message', {send: 'hunter2'}, '', false],
] as const)
	test(`the last message in answer to ${what} is ${shown ? 'told' : 'not told'}`, async t => {
		const server = await serveWebSocket(
			t,
			socket => {
				socket.send('you said hunter2');
				socket.close();
			},
			{subprotocols: ['hunter2']},
		);

		const reading = await measure(ws, `ws://127.0.0.1:${server.port}/${query}`, {...options, expect: '^never$'});

		t.is(reading.reason, 'content', reading.detail);
		t.is(/hunter2/.test(JSON.stringify(reading)), shown, reading.detail);
	});

test('a subprotocol is agreed on', async t => {
	const server = await serveWebSocket(t, undefined, {subprotocols: ['chat.v1']});

	const reading = await measure(ws, `ws://127.0.0.1:${server.port}/`, {subprotocols: ['chat.v2', 'chat.v1']});

	t.like(reading, {ok: true, facts: {subprotocol: '2 of 2'}});
	t.is(server.requests[0]?.headers['sec-websocket-protocol'], 'chat.v2, chat.v1');
});

test('over TLS the certificate must be good', async t => {
	const server = await serveWebSocket(t, undefined, {tls: true});

	const good = await measure(ws, `wss://localhost:${server.port}/`, {tls_config: {ca_file: caFile}, ping: true});
	const bad = await measure(ws, `wss://localhost:${server.port}/`);

	t.true(good.ok, good.detail);
	t.deepEqual(Object.keys(good.phases ?? {}), ['resolve', 'connect', 'tls', 'processing', 'transfer']);
	t.like(good, {values: {ssl: 1}, facts: {tls_version: 'TLSv1.3'}});
	t.is(typeof good.values.tls_earliest_cert_expiry_seconds, 'number');
	isDown(t, bad, {reason: 'tls', phase: 'tls', detail: /not trusted/});
});

test('a target of the tailnet is reached through the SOCKS5 proxy', async t => {
	const server = await serveWebSocket(t);
	const proxy = await startSocks5(t);
	const tailnet = {prefixes: ['127.0.0.0/8'], domain: 'x', dnsServer: '127.0.0.1:1', overheadObjectiveSeconds: 0.01};

	const reading = await measure(
		ws,
		`ws://127.0.0.1:${server.port}/`,
		{ping: true},
		{target: {via: 'tailnet'}, place: {socks5: proxy.address, tailnet}},
	);

	t.true(reading.ok, reading.detail);
	t.is(reading.facts.dial, 'proxy');
});

test('a closed port, a loopback that is forbidden, a target of another scheme', async t => {
	const port = await closedPort();

	t.is((await measure(ws, `ws://127.0.0.1:${port}/`)).reason, 'refused');
	t.is((await measure(ws, `ws://127.0.0.1:${port}/`, {}, {place: {allowLoopback: false}})).reason, 'forbidden');
	t.is((await measure(ws, `http://127.0.0.1:${port}/`)).reason, 'forbidden');
});

test('silence until the deadline, before and after the upgrade', async t => {
	const early = new AbortController();
	const late = new AbortController();
	const silent = await serve(t, {onHead: () => passSoon(early)});
	const mute = await serve(t, {
		onHead: (socket, head) => {
			socket.write(upgradeAnswer(head));
			passSoon(late);
		},
	});

	const before = await measure(ws, `ws://127.0.0.1:${silent.port}/`, {}, {signal: early.signal});
	const after = await measure(ws, `ws://127.0.0.1:${mute.port}/`, {ping: true}, {signal: late.signal});

	isDown(t, before, {reason: 'timeout', phase: 'processing', detail: /was not done at the deadline/});
	isDown(t, after, {reason: 'timeout', phase: 'transfer', detail: /was not done at the deadline/});
	await allClosed(silent);
	await allClosed(mute);
});

test('a run that is stopped rejects with the reason and lets go', async t => {
	const stop = new AbortController();
	const server = await serve(t, {onHead: () => stop.abort(new Error('tailprobe is ending'))});

	await t.throwsAsync(measure(ws, `ws://127.0.0.1:${server.port}/`, {}, {signal: stop.signal}), {
		message: 'tailprobe is ending',
	});
	await allClosed(server);
});

const refuses = test.macro((t: ExecutionContext, options: Record<string, unknown>, message: RegExp) => {
	t.regex(ws.options(z).safeParse(options).error?.message ?? '', message);
});

test('a header of the upgrade itself', refuses, {headers: {'Sec-WebSocket-Key': 'x'}}, /set by tailprobe itself/);
test('a header that decides about the connection', refuses, {headers: {Connection: 'x'}}, /set by tailprobe itself/);
test('two ways to prove who we are', refuses, {bearer_token_file: '/a', basic_auth: {username: 'a'}}, /one way/);
test('a ping where no WebSocket is wanted', refuses, {valid_status_codes: [401], ping: true}, /needs 101/);
test('a status that is none', refuses, {valid_status_codes: [102]}, /valid_status_codes/);

test('what is harmless carries no secret and awaits no answer to one', t => {
	const options = ws.options(z).parse({
		headers: {Cookie: 'hunter2', Host: 'livekit'},
		bearer_token_file: '/secret',
		tls_config: {cert_file: '/a', key_file: '/b'},
		send: 'hunter2',
		expect: 'ok',
		ping: true,
		subprotocols: ['chat', 'bearer.hunter2'],
	});

	const harmless = ws.harmless?.(options);

	t.like(harmless, {headers: {Host: 'livekit'}, ping: true, send: undefined, expect: undefined});
	t.notRegex(JSON.stringify(harmless), /hunter2|secret|cert_file/);
});

test('an answer that is awaited to a message of ours stays unjudged where nothing is sent', t => {
	const unjudged = (options: object) => ws.unjudged?.(ws.options(z).parse(options));

	t.is(unjudged({send: 'a', expect: 'b'}), 'no message was sent, and none awaited');
	t.is(unjudged({send: 'a'}), undefined);
	t.is(unjudged({expect: 'b', bearer_token_file: '/a'}), undefined);
	t.is(unjudged({expect: 'b', subprotocols: ['chat']}), 'no subprotocol was offered');
});

test('the answer to our goodbye is not waited for', async t => {
	const server = await serveFrames(t, socket => void socket.resume());
	const begunAt = performance.now();

	const reading = await measure(ws, `ws://127.0.0.1:${server.port}`);

	t.true(reading.ok, reading.detail);
	// It would be, for a second.
	t.true(performance.now() - begunAt < 950);
	await until(() => server.open.size === 0);
});
