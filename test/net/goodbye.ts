import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import {readFileSync} from 'node:fs';
import {createSecureServer} from 'node:http2';
import {type AddressInfo, createServer, type Server, type Socket} from 'node:net';
import {createServer as createTlsServer} from 'node:tls';
import test, {type ExecutionContext} from 'ava';
import {dial} from '../../src/net/dial.ts';
import {sayGoodbye} from '../../src/net/goodbye.ts';
import {findProbe} from '../../src/probes/registry.ts';
import {measure} from '../helpers/probing.ts';
import {caFile, httpAnswer} from '../helpers/servers.ts';
import {until} from '../helpers/until.ts';

const fixture = (name: string) => readFileSync(new URL(`../fixtures/tls/${name}`, import.meta.url));
const key = fixture('server.key');
const cert = fixture('good.pem');
const trusting = {tls_config: {ca_file: caFile}};

interface Witness {
	port: number;
	/** What the server saw of each connection that is over: `end` before `close` is a clean end. */
	ends: string[];
	errors: string[];
}

async function witness(t: ExecutionContext, server: Server, event: string): Promise<Witness> {
	const seen: Witness = {port: 0, ends: [], errors: []};
	const open = new Set<Socket>();
	server.on('tlsClientError', error => seen.errors.push(String((error as NodeJS.ErrnoException).code)));
	server.on('connection', socket => open.add(socket));
	server.on(event, (socket: Socket) => {
		const events: string[] = [];
		socket.on('end', () => events.push('end'));
		socket.on('error', error => seen.errors.push(String((error as NodeJS.ErrnoException).code)));
		socket.on('close', () => seen.ends.push([...events, 'close'].join(' ')));
	});
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	seen.port = (server.address() as AddressInfo).port;
	t.teardown(() => {
		for (const socket of open) socket.destroy();
		server.close();
	});
	return seen;
}

function answering(socket: Socket): void {
	socket.once('data', () => socket.write(httpAnswer('200 OK', 'x'))).resume();
}

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
	for (const [type, scheme, options] of [
		['tls', '', {}],
		['tcp', '', {tls: true}],
		['http', 'https://', {}],
		['ws', 'wss://', {valid_status_codes: [200]}],
	] as const) {
		test(`a server of ${version} that the ${type} probe asks sees a clean end`, async t => {
			const server = createTlsServer({key, cert, minVersion: version, maxVersion: version}, answering);
			const seen = await witness(t, server, 'secureConnection');

			const reading = await measure(probeOf(type), `${scheme}localhost:${seen.port}`, {...trusting, ...options});
			await until(() => seen.ends.length + seen.errors.length > 0);

			t.true(reading.ok, reading.detail);
			t.deepEqual(seen, {port: seen.port, ends: ['end close'], errors: []});
		});
	}
}

test('a server of HTTP/2 sees a clean end', async t => {
	const server = createSecureServer({key, cert}, (_request, response) => response.end('x'));
	const seen = await witness(t, server as unknown as Server, 'secureConnection');
	const closed = Promise.withResolvers<void>();
	server.on('session', session => session.on('error', closed.reject).on('close', closed.resolve));

	const reading = await measure(probeOf('http'), `https://localhost:${seen.port}`, trusting);
	await closed.promise;
	await until(() => seen.ends.length + seen.errors.length > 0);

	t.is(reading.facts.http_version, '2.0');
	t.deepEqual(seen.errors, []);
});

test('what comes of an answer after we had enough of it is no reason for a reset', async t => {
	const answerSlowly = (socket: Socket) => {
		socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 40000\r\n\r\n${'x'.repeat(20_000)}`);
		setTimeout(() => socket.write('x'.repeat(10_000), () => socket.end('x'.repeat(10_000))), 50);
	};
	const server = createTlsServer({key, cert}, socket => void socket.once('data', () => answerSlowly(socket)));
	const seen = await witness(t, server, 'secureConnection');

	const reading = await measure(probeOf('http'), `https://localhost:${seen.port}`, {...trusting, body_size_limit: 10});
	await until(() => seen.ends.length + seen.errors.length > 0);

	t.is(reading.values.body_bytes, 10);
	t.deepEqual(seen, {port: seen.port, ends: ['end close'], errors: []});
});

test('a certificate that is not accepted ends in order too', async t => {
	const server = createTlsServer({key, cert}, socket => socket.resume());
	const seen = await witness(t, server, 'secureConnection');

	const reading = await measure(probeOf('tls'), `localhost:${seen.port}`);
	await until(() => seen.ends.length + seen.errors.length > 0);

	t.is(reading.facts.tls_fault, 'untrusted');
	t.deepEqual(seen, {port: seen.port, ends: ['end close'], errors: []});
});

test('a greeting that nobody waited for is no reason for a reset', async t => {
	const server = createServer(socket => {
		socket.resume();
		// It comes when we are through with the connection.
		socket.on('end', () => socket.write('220 hello\r\n', () => socket.end()));
	});
	server.on('connection', (socket: Socket) => Object.assign(socket, {allowHalfOpen: true}));
	const seen = await witness(t, server, 'connection');

	const reading = await measure(probeOf('tcp'), `127.0.0.1:${seen.port}`);
	await until(() => seen.ends.length > 0);

	t.true(reading.ok);
	t.deepEqual(seen, {port: seen.port, ends: ['end close'], errors: []});
});

test('a server that never ends its half, and one that talks on and on, are left all the same', async t => {
	const mute = createServer({allowHalfOpen: true}, socket => socket.resume());
	const flood = createServer({allowHalfOpen: true}, socket => {
		const more = (error?: Error | null) => {
			if (!error && socket.writable) socket.write(Buffer.alloc(65_536), more);
		};
		more();
	});
	const sockets = await Promise.all(
		[await witness(t, mute, 'connection'), await witness(t, flood, 'connection')].map(({port}) =>
			dial({address: '127.0.0.1', family: 4}, port, AbortSignal.timeout(5000)),
		),
	);

	for (const socket of sockets) sayGoodbye(socket);

	t.deepEqual(
		sockets.map(({destroyed}) => destroyed),
		[false, false],
	);
	await until(() => sockets.every(({destroyed}) => destroyed));
	t.true((sockets[1]?.bytesRead ?? 0) < 1_000_000);
});

// Alone: the number is that of the process.
test.serial('many at a time are not waited for', async t => {
	const server = createServer({allowHalfOpen: true}, socket => socket.resume());
	const {port} = await witness(t, server, 'connection');
	const sockets = await Promise.all(
		Array.from({length: 210}, () => dial({address: '127.0.0.1', family: 4}, port, AbortSignal.timeout(5000))),
	);

	for (const socket of sockets) sayGoodbye(socket);

	t.is(sockets.filter(({destroyed}) => destroyed).length, 10);
	await until(() => sockets.every(({destroyed}) => destroyed));
});

test('a goodbye keeps no process alive', async t => {
	const server = createServer({allowHalfOpen: true}, socket => socket.resume());
	const {port} = await witness(t, server, 'connection');
	const path = (name: string) => new URL(`../../src/net/${name}.ts`, import.meta.url).href;
	const script = `
		const {dial} = await import('${path('dial')}');
		const {sayGoodbye} = await import('${path('goodbye')}');
		const socket = await dial({address: '127.0.0.1', family: 4}, ${port}, new AbortController().signal);
		socket.on('close', () => console.log('waited'));
		sayGoodbye(socket);
	`;
	const child: ChildProcess = spawn(process.execPath, ['--input-type=module', '-e', script], {
		stdio: ['ignore', 'pipe', 'inherit'],
	});
	let said = '';
	child.stdout?.on('data', chunk => (said += chunk));

	const [code] = await once(child, 'close');

	t.is(code, 0);
	t.is(said, '');
});

function probeOf(type: string) {
	const probe = findProbe(type);
	if (!probe) throw new Error(`there is no probe ${type}`);
	return probe;
}
