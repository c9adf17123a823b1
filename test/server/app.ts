import {readdirSync, readFileSync} from 'node:fs';
import net from 'node:net';
import test from 'ava';
import {createApp, startServer} from '../../src/server/app.ts';
import {routes} from '../../src/server/routes/registry.ts';
import {UserError} from '../../src/util/errors.ts';
import {fakeDaemon, withServer} from '../helpers/fake-daemon.ts';

test('every file of routes/ is in the registry', t => {
	const folder = new URL('../../src/server/routes/', import.meta.url);
	const files = readdirSync(folder).filter(file => !['registry.ts', 'types.ts'].includes(file));

	const exported = files.flatMap(file => [
		...readFileSync(new URL(file, folder), 'utf8').matchAll(/export const \w+Route\b/g),
	]);

	t.is(routes.length, exported.length);
});

test('every answer carries the security headers and none names the server', t =>
	withServer(fakeDaemon(), async ({get}) => {
		for (const path of ['/', '/metrics', '/api/v1/status', '/nothing', '/page.css']) {
			const {headers} = await get(path);

			t.regex(String(headers['content-security-policy']), /^default-src 'none';/, path);
			// The forms of a page must be told apart from those of other sites.
			const referrer = path === '/' ? 'same-origin' : 'no-referrer';
			t.like(
				headers,
				{'x-content-type-options': 'nosniff', 'referrer-policy': referrer, 'x-powered-by': undefined},
				path,
			);
		}
	}));

test('what tells a state is not stored, the files of the page are', t =>
	withServer(fakeDaemon(), async ({get}) => {
		t.is((await get('/api/v1/status')).headers['cache-control'], 'no-store');
		t.is((await get('/')).headers['cache-control'], 'no-store');
		t.is((await get('/page.js')).headers['cache-control'], 'max-age=300');
	}));

test('an unknown path is a sentence, as problem+json below /api', t =>
	withServer(fakeDaemon(), async ({get}) => {
		const plain = await get('/metrics/');
		const json = await get('/api/v1/nothing');

		t.is(plain.status, 404);
		t.regex(plain.body, /^There is nothing at this path\./);
		t.is(json.status, 404);
		t.regex(json.headers['content-type'] ?? '', /^application\/problem\+json/);
		t.like(JSON.parse(json.body), {status: 404, title: 'Not Found'});
	}));

test('a known path answers other methods with 405 and says which it takes', t =>
	withServer(fakeDaemon(), async ({get}) => {
		const answer = await get('/metrics', {}, 'DELETE');

		t.is(answer.status, 405);
		t.is(answer.headers.allow, 'GET, HEAD');
	}));

test('a path that is not well-formed is the caller’s mistake', t =>
	withServer(fakeDaemon(), async ({get}) => {
		const answer = await get('/api/v1/checks/%E0%A4%A/history');

		t.is(answer.status, 400);
		t.like(JSON.parse(answer.body), {title: 'Bad Request'});
	}));

test('a bug while answering is logged, and the caller learns nothing of it', t => {
	const daemon = fakeDaemon({
		vantages() {
			throw new Error('the secret is hunter2');
		},
	});
	return withServer(daemon, async ({get, log}) => {
		const answer = await get('/api/v1/vantages');

		t.is(answer.status, 500);
		t.notRegex(answer.body, /hunter2/);
		t.like(log[0], {event: 'a request failed inside tailprobe, please report it', fields: {path: '/api/v1/vantages'}});
	});
});

test('a large or endless request body is refused and its connection closed', t =>
	withServer(fakeDaemon(), async ({get}) => {
		const large = await get('/-/reload', {'Content-Length': '1000000'}, 'POST');
		const endless = await get('/-/reload', {'Transfer-Encoding': 'chunked'}, 'POST');

		t.is(large.status, 413);
		t.is(large.headers.connection, 'close');
		t.is(endless.status, 413);
	}));

test('headers beyond 16 KiB are refused', t =>
	withServer(fakeDaemon(), async ({get}) => {
		const answer = await get('/metrics', {'X-Long': 'x'.repeat(20_000)});
		const ofApi = await get(`/api/v1/checks/${'x'.repeat(20_000)}/history`);

		t.is(answer.status, 431);
		t.regex(answer.headers['content-type'] ?? '', /^text\/plain/);
		t.regex(answer.body, /larger than 16 KiB/);
		t.is(ofApi.status, 431);
		t.like(JSON.parse(ofApi.body), {status: 431, title: 'Request Header Fields Too Large'});
	}));

test('a port that is taken is an error that says what to do', t =>
	withServer(fakeDaemon(), async ({port}) => {
		const app = createApp(fakeDaemon(), {listenHost: '127.0.0.1', log: () => {}});

		const error = await t.throwsAsync(startServer(app, {host: '127.0.0.1', port}), {instanceOf: UserError});

		t.regex(
			error?.message ?? '',
			new RegExp(`cannot listen on 127\\.0\\.0\\.1:${port}: another process has that port.*web\\.listen`),
		);
	}));

test('an address that this machine does not have is an error that says what to do', async t => {
	const app = createApp(fakeDaemon(), {listenHost: '203.0.113.7', log: () => {}});

	await t.throwsAsync(startServer(app, {host: '203.0.113.7', port: 0}), {
		instanceOf: UserError,
		message: /has no such address/,
	});
});

test('closing ends connections that are kept open and waits only shortly for the rest', async t => {
	const daemon = fakeDaemon({probe: () => new Promise(() => {})});
	const server = await startServer(createApp(daemon, {listenHost: '127.0.0.1', log: () => {}}), {
		host: '127.0.0.1',
		port: 0,
	});
	const port = Number(new URL(server.url).port);
	const [idle, busy] = [net.connect(port, '127.0.0.1'), net.connect(port, '127.0.0.1')];
	const ends = [idle, busy].map(socket => new Promise(resolve => socket.once('close', resolve).on('error', () => {})));
	const answered = new Promise(resolve => idle.once('data', resolve));
	idle.write('GET /-/healthy HTTP/1.1\r\nHost: localhost\r\n\r\n');
	await answered;
	busy.write('GET /probe?target=x HTTP/1.1\r\nHost: localhost\r\n\r\n');
	while (daemon.asked.length === 0) await new Promise(setImmediate);

	await server.close();

	await Promise.all(ends);
	t.pass();
});

for (const target of [
	'http://localhost:99999/metrics',
	'http://[::1/metrics',
	'ftp://localhost/metrics',
	'http:///',
	'*',
	'metrics',
])
	test(`a first line that asks for ${target} is the caller’s mistake`, t =>
		withServer(fakeDaemon(), async ({port}) => {
			t.regex(
				await say(port, `GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`),
				/^HTTP\/1\.1 400 /,
			);
		}));

test('a client that takes us for a proxy is answered by the path, and judged by the host, of its URL', t =>
	withServer(fakeDaemon(), async ({port}) => {
		const ask = (url: string, host: string) =>
			say(port, `GET ${url} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);

		t.regex(await ask('http://localhost:1/probe?target=x', 'localhost'), /^HTTP\/1\.1 200 [\s\S]*probe_success 1/);
		t.regex(await ask('http://localhost/metrics', 'evil.example'), /^HTTP\/1\.1 200 /);
		t.regex(await ask('http://evil.example/metrics', 'localhost'), /^HTTP\/1\.1 403 /);
	}));

test('a caller that goes away has its probe cut short', async t => {
	let signal: AbortSignal | undefined;
	const daemon = fakeDaemon({
		probe(request) {
			signal = request.signal;
			return new Promise(() => {});
		},
	});
	await withServer(daemon, async ({port}) => {
		const socket = net.connect(port, '127.0.0.1');
		socket.write('GET /probe?target=x HTTP/1.1\r\nHost: localhost\r\n\r\n');
		while (!signal) await new Promise(setImmediate);
		t.false(signal.aborted);

		socket.destroy();

		while (!signal.aborted) await new Promise(setImmediate);
		t.pass();
	});
});

/** Says these bytes and answers all that comes back. */
async function say(port: number, bytes: string): Promise<string> {
	const socket = net.connect(port, '127.0.0.1');
	socket.end(bytes);
	let said = '';
	for await (const chunk of socket) said += chunk;
	return said;
}

for (const [what, head] of [
	['well-formed', 'GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n'],
	['no Host', 'GET / HTTP/1.1\r\n\r\n'],
	['an expectation', 'GET / HTTP/1.1\r\nHost: localhost\r\nExpect: wonders\r\n\r\n'],
] as const)
	test(`many requests at once (${what}) over one connection get it cut, and others are answered`, async t => {
		await withServer(fakeDaemon(), async ({port, get}) => {
			const socket = net.connect(port, '127.0.0.1').on('error', () => {});
			const closed = new Promise(resolve => socket.once('close', resolve));
			let said = '';
			socket.on('data', chunk => (said += chunk));

			socket.write(head.repeat(1000));
			await closed;

			t.true(said.split('HTTP/1.1 ').length - 1 <= 4);
			t.is((await get('/-/healthy')).status, 200);
		});
	});

test('a request without a Host header is answered with a sentence', t =>
	withServer(fakeDaemon(), async ({port}) => {
		const socket = net.connect(port, '127.0.0.1', () => socket.write('GET / HTTP/1.1\r\n\r\n'));
		let said = '';
		socket.on('data', chunk => (said += chunk));
		await new Promise(resolve => socket.once('close', resolve));

		t.regex(said, /^HTTP\/1\.1 400 [\s\S]*The request has no Host header\.\n/);
	}));
