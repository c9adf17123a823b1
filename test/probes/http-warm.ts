import {copyFile, mkdtemp, readFile, rm, writeFile} from 'node:fs/promises';
import type {Http2Session} from 'node:http2';
import type {Socket} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'ava';
import {z} from 'zod';
import type {Reading, Target} from '../../src/engine/types.ts';
import {httpWarm} from '../../src/probes/http-warm.ts';
import type {Place} from '../../src/probes/types.ts';
import {startDnsServer} from '../helpers/dns-server.ts';
import {
	endHeaders,
	endStream,
	frame,
	headerBlock,
	serveFrames,
	serveHttp2,
	types,
	uint32,
} from '../helpers/http2-servers.ts';
import {passSoon, testPlace} from '../helpers/probing.ts';
import {allClosed, caFile, type Manners, serve, serveTls} from '../helpers/servers.ts';
import {until} from '../helpers/until.ts';

/** Runs of one check, as the schedule has them: the same target and options each time. */
function check(address: string, options: Record<string, unknown> = {}, target: Partial<Target> = {}) {
	const parsed = httpWarm.options(z).parse(options);
	const aim: Target = {name: 'target', address, via: 'direct', peer: '', ...target};
	return (place: Partial<Place> = {}, signal: AbortSignal = AbortSignal.timeout(10_000)): Promise<Reading> =>
		httpWarm.measure?.(aim, parsed, {...testPlace, ...place}, signal) ?? Promise.reject(new Error('no measure'));
}

/** Answers each request on a connection; `answer` is called with its number over all connections. */
function answering(answer: (socket: Socket, count: number) => void): Manners {
	let count = 0;
	return {
		onConnection(socket) {
			let text = '';
			socket.on('data', chunk => {
				text += chunk.toString('latin1');
				if (!text.endsWith('\r\n\r\n')) return;
				text = '';
				answer(socket, ++count);
			});
		},
	};
}

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const good = answering(socket => void socket.write(ok));

test('the first run opens a connection, the next ones ask over it and tell how long that took', async t => {
	const server = await serve(t, good);
	const run = check(`http://127.0.0.1:${server.port}/`);

	const first = await run();
	const second = await run();
	const third = await run();

	t.true(first.ok && second.ok && third.ok);
	t.is(server.accepted, 1);
	t.deepEqual(
		[first, second, third].map(({facts}) => facts.connection),
		['opened', 'kept', 'kept'],
	);
	t.deepEqual(Object.keys(first.phases ?? {}), ['resolve', 'connect', 'processing', 'transfer']);
	t.deepEqual(Object.keys(second.phases ?? {}), ['processing', 'transfer']);
	t.false('request_seconds' in first.values);
	t.true((second.values.request_seconds ?? 0) > 0);
	t.like(second.facts, {address: '127.0.0.1', http_version: '1.1'});
});

test('the connection is asked to be kept', async t => {
	const heads: string[] = [];
	const server = await serve(t, {
		onConnection(socket) {
			socket.on('data', chunk => {
				heads.push(String(chunk));
				socket.write(ok);
			});
		},
	});

	await check(`http://127.0.0.1:${server.port}/`)();

	t.regex(heads[0] ?? '', /\r\nConnection: keep-alive\r\n/);
});

test('over TLS a kept connection tells the certificate that it was opened with', async t => {
	const server = await serveTls(t, 'good', good);
	const run = check(`https://localhost:${server.port}/`, {tls_config: {ca_file: caFile}});

	const first = await run();
	const second = await run();

	t.is(server.accepted, 1);
	t.like(second.facts, {connection: 'kept', tls_version: 'TLSv1.3'});
	t.is(second.values.tls_earliest_cert_expiry_seconds, first.values.tls_earliest_cert_expiry_seconds);
	t.is(second.values.ssl, 1);
});

test('HTTP/2 is kept too, and opened again after the server hung up', async t => {
	const server = await serveHttp2(t, stream => {
		stream.respond({':status': 200});
		stream.end('ok');
	});
	const run = check(`https://localhost:${server.port}/`, {tls_config: {ca_file: caFile}});

	const connections = [await run(), await run()];
	server.hangUp();
	await allClosed({...server, heads: [], names: []});
	connections.push(await run(), await run());

	t.deepEqual(
		connections.map(({facts}) => facts.connection),
		['opened', 'kept', 'reopened', 'kept'],
	);
	t.true(connections.every(({facts}) => facts.http_version === '2.0'));
	t.true(connections.every(reading => reading.ok));
	t.is(server.accepted, 2);
});

for (const [what, flood] of [
	['WINDOW_UPDATE', frame(types.windowUpdate, 0, 0, uint32(1))],
	['frames that nobody knows', frame(0xee, 0, 0)],
	['PING', frame(types.ping, 0, 0, Buffer.alloc(8))],
] as const)
	test(`${what} without end between two runs ends the kept connection, and the next run opens another`, async t => {
		const server = await serveFrames(t, socket => {
			socket.write(frame(types.headers, endHeaders | endStream, 1, headerBlock(200)));
			const many = Buffer.concat(Array.from({length: 1000}, () => flood));
			const timer = setInterval(() => socket.write(many), 20);
			socket.on('close', () => clearInterval(timer));
		});
		const run = check(`https://localhost:${server.port}/`, {tls_config: {ca_file: caFile}});

		const first = await run();
		await allClosed(server);
		const second = await run();

		t.true(first.ok, first.detail);
		t.like(second, {ok: true, facts: {connection: 'reopened'}});
		await allClosed(server);
	});

test('what an honest server says between two runs keeps the connection', async t => {
	const sessions: Http2Session[] = [];
	const server = await serveHttp2(t, stream => {
		if (stream.session) sessions.push(stream.session);
		stream.respond({':status': 200});
		stream.end('ok');
	});
	const run = check(`https://localhost:${server.port}/`, {tls_config: {ca_file: caFile}});
	await run();

	for (let at = 0; at < 5; at++) {
		await new Promise(resolve => sessions[0]?.ping(resolve));
		await new Promise<void>(resolve => sessions[0]?.settings({maxConcurrentStreams: 50 + at}, () => resolve()));
	}
	// By then it was looked after at least once.
	const again = await new Promise<Reading>((resolve, reject) => setTimeout(() => run().then(resolve, reject), 300));

	t.is(again.facts.connection, 'kept');
});

test('two checks of one target have a connection each', async t => {
	const server = await serve(t, good);
	const address = `http://127.0.0.1:${server.port}/`;

	await check(address)();
	await check(address, {valid_status_codes: [200]})();

	t.is(server.accepted, 2);
});

test('a check that is told again as it was goes on with its connection', async t => {
	const server = await serve(t, good);
	const address = `http://127.0.0.1:${server.port}/`;

	await check(address)();
	const reading = await check(address)();

	t.is(reading.facts.connection, 'kept');
	t.is(server.accepted, 1);
});

for (const [what, answer] of [
	['says that it will close', 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok'],
	['speaks HTTP/1.0', 'HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok'],
	['sends bytes behind the answer', `${ok}HTTP/1.1 200 OK\r\n`],
] as const)
	test(`a server that ${what} is connected to anew`, async t => {
		const server = await serve(
			t,
			answering(socket => void socket.write(answer)),
		);
		const run = check(`http://127.0.0.1:${server.port}/`);

		const first = await run();
		const second = await run();

		t.true(first.ok && second.ok, second.detail);
		t.is(second.facts.connection, 'reopened');
		t.false('request_seconds' in second.values);
		t.is(server.accepted, 2);
	});

test('an answer that nobody asked for is never taken for the next one', async t => {
	let connection: Socket | undefined;
	const server = await serve(t, {
		...answering((socket, count) => {
			connection = socket;
			socket.write(count === 1 ? ok : 'HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n');
		}),
	});
	const run = check(`http://127.0.0.1:${server.port}/`);
	await run();

	await new Promise(resolve => connection?.write(ok, resolve));
	const second = await run();

	t.like(second, {ok: false, reason: 'status', facts: {connection: 'reopened'}});
	t.is(server.accepted, 2);
});

test('a connection that the server closed meanwhile is opened again', async t => {
	const server = await serve(t, good);
	const run = check(`http://127.0.0.1:${server.port}/`);
	await run();

	for (const socket of server.open) socket.end();
	await until(() => server.open.size === 0);
	const second = await run();

	t.true(second.ok, second.detail);
	t.is(second.facts.connection, 'reopened');
	t.deepEqual(Object.keys(second.phases ?? {}), ['resolve', 'connect', 'processing', 'transfer']);
});

test('a connection that dies under the request is replaced once', async t => {
	const server = await serve(
		t,
		answering((socket, count) => void (count === 2 ? socket.destroy() : socket.write(ok))),
	);
	const run = check(`http://127.0.0.1:${server.port}/`);
	await run();

	const second = await run();
	const third = await run();

	t.true(second.ok, second.detail);
	t.is(second.facts.connection, 'reopened');
	t.is(third.facts.connection, 'kept');
	t.is(server.accepted, 2);
});

test('a server that closes on every request is asked twice, not for ever', async t => {
	const server = await serve(
		t,
		answering((socket, count) => void (count === 1 ? socket.write(ok) : socket.destroy())),
	);
	const run = check(`http://127.0.0.1:${server.port}/`);
	await run();

	const second = await run();

	t.like(second, {ok: false, reason: 'reset', facts: {connection: 'reopened'}});
	t.is(server.accepted, 2);
});

test('a POST is never sent twice', async t => {
	const server = await serve(
		t,
		answering((socket, count) => void (count === 2 ? socket.destroy() : socket.write(ok))),
	);
	const run = check(`http://127.0.0.1:${server.port}/`, {method: 'POST'});
	await run();

	const second = await run();

	t.like(second, {ok: false, reason: 'reset', facts: {connection: 'kept'}});
	t.is(server.accepted, 1);
});

test('a connection that died within the answer is a failure of the target', async t => {
	const server = await serve(
		t,
		answering((socket, count) => void (count === 1 ? socket.write(ok) : socket.end('HTTP/1.1 200 OK\r\nContent-Le'))),
	);
	const run = check(`http://127.0.0.1:${server.port}/`);
	await run();

	const second = await run();

	t.like(second, {ok: false, reason: 'reset', facts: {connection: 'kept', phase: 'transfer'}});
	t.is(server.accepted, 1);
});

test('a deadline over a kept connection ends it, and the next run opens another', async t => {
	const deadline = new AbortController();
	const server = await serve(
		t,
		answering((socket, count) => void (count === 2 ? passSoon(deadline) : socket.write(ok))),
	);
	const run = check(`http://127.0.0.1:${server.port}/`);
	await run();

	const second = await run({}, deadline.signal);
	const third = await run();

	t.like(second, {ok: false, reason: 'timeout', facts: {connection: 'kept', phase: 'processing'}});
	t.is(third.facts.connection, 'reopened');
	t.is(server.accepted, 2);
});

test('a kept connection whose address is no longer allowed is not asked', async t => {
	const server = await serve(t, good);
	const run = check(`http://127.0.0.1:${server.port}/`);
	await run();

	const second = await run({allowLoopback: false});

	t.like(second, {ok: false, reason: 'forbidden'});
	await allClosed(server);
});

test('a kept connection does not outlive the files of its TLS', async t => {
	const folder = await mkdtemp(join(tmpdir(), 'warm-'));
	t.teardown(() => rm(folder, {recursive: true}));
	const ca = join(folder, 'ca.pem');
	await copyFile(caFile, ca);
	const server = await serveTls(t, 'good', good);
	const run = check(`https://localhost:${server.port}/`, {tls_config: {ca_file: ca}});
	await run();

	await writeFile(ca, `${await readFile(caFile, 'utf8')}\n# rotated\n`);
	const second = await run();

	t.true(second.ok, second.detail);
	t.is(second.facts.connection, 'reopened');
	t.is(server.accepted, 2);
});

test('every opening asks for the name again', async t => {
	const server = await serve(
		t,
		answering(socket => void socket.end(ok)),
	);
	const dns = await startDnsServer({'livekit.tail.test': ['127.0.0.1']});
	t.teardown(dns.close);
	const tailnet = {...testPlace.tailnet, prefixes: ['127.0.0.0/8'], dnsServer: dns.address};
	const run = check(`http://livekit:${server.port}/`, {}, {via: 'tailnet'});
	await run({tailnet});
	await until(() => server.open.size === 0);

	const second = await run({tailnet: {...tailnet, prefixes: ['100.64.0.0/10']}});

	t.like(second, {ok: false, reason: 'wrong_network', facts: {connection: 'reopened'}});
	t.is(server.accepted, 1);
});

test('an ad hoc run has a connection of its own and leaves none behind', async t => {
	const server = await serve(t, good);

	const reading = await check(`http://127.0.0.1:${server.port}/`)({adhoc: true});

	t.like(reading, {ok: true, facts: {connection: 'opened'}});
	await allClosed(server);
});

test('ad hoc runs beside those of the schedule move nothing', async t => {
	const server = await serve(t, good);
	const run = check(`http://127.0.0.1:${server.port}/`);
	await run();

	const readings = [await run({adhoc: true}), ...(await Promise.all([run(), run({adhoc: true})])), await run()];

	t.deepEqual(
		readings.map(({facts}) => facts.connection),
		['opened', 'kept', 'opened', 'kept'],
	);
	t.deepEqual(
		readings.map(({values}) => 'request_seconds' in values),
		[false, true, false, true],
	);
	await until(() => server.open.size === 1);
});

test('an ad hoc run that fails closes nothing but its own', async t => {
	let broken = false;
	const server = await serve(
		t,
		answering(socket => void (broken ? socket.destroy() : socket.write(ok))),
	);
	const run = check(`http://127.0.0.1:${server.port}/`);

	broken = true;
	const failed = await run({adhoc: true});
	broken = false;
	const first = await run();

	t.like(failed, {ok: false, reason: 'reset'});
	t.is(first.facts.connection, 'opened');
});

test('runs at the same time do not share a connection', async t => {
	const server = await serve(t, good);
	const run = check(`http://127.0.0.1:${server.port}/`);
	await run();

	const readings = await Promise.all([run(), run()]);

	t.true(readings.every(reading => reading.ok));
	t.is(server.accepted, 2);
	await until(() => server.open.size === 1);
});

test('redirects are answers, and following them cannot be configured', async t => {
	const server = await serve(
		t,
		answering(socket => void socket.write('HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n')),
	);

	const reading = await check(`http://127.0.0.1:${server.port}/`)();
	const {error} = httpWarm.options(z).safeParse({follow_redirects: true});

	t.like(reading, {ok: false, reason: 'status', values: {redirects: 0, status_code: 302}});
	t.regex(error?.issues[0]?.message ?? '', /aim at where the redirects end/);
});

test('a wait of any length keeps no thread alive', async t => {
	const {execFile} = await import('node:child_process');
	const server = await serve(t, good);
	const script = `
		import {httpWarm} from ${JSON.stringify(new URL('../../src/probes/http-warm.ts', import.meta.url).href)};
		import {z} from 'zod';
		const place = ${JSON.stringify(testPlace)};
		const target = {name: 't', address: 'http://127.0.0.1:${server.port}/', via: 'direct', peer: ''};
		const reading = await httpWarm.measure(target, httpWarm.options(z).parse({}), place, new AbortController().signal);
		process.stdout.write(reading.facts.connection + reading.ok);
	`;

	const output = await new Promise<string>((resolve, reject) => {
		execFile(
			process.execPath,
			['--input-type=module', '-e', script],
			{timeout: 20_000, cwd: new URL('../..', import.meta.url).pathname},
			(error, stdout) => (error ? reject(error) : resolve(stdout)),
		);
	});

	t.is(output, 'openedtrue');
});
