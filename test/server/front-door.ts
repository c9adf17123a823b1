import {once} from 'node:events';
import net from 'node:net';
import test from 'ava';
import {isLoopbackHost} from '../../src/server/front-door.ts';
import {fakeDaemon, withServer} from '../helpers/fake-daemon.ts';

const everything = [
	'/',
	'/metrics',
	'/metrics/headscale',
	'/probe?target=x',
	'/api/v1/status',
	'/-/healthy',
	'/-/ready',
	'/page.js',
	'/nothing',
];

test('beyond loopback only metrics, healthy and ready answer, even to a caller on this machine', t =>
	withServer(
		fakeDaemon(),
		async ({get}) => {
			const open = [];
			for (const path of everything) {
				const {status, body} = await get(path, {Host: '100.64.0.7:9753'});
				if (status !== 403) open.push(path);
				else t.regex(body, /beyond loopback/);
			}

			t.deepEqual(open, ['/metrics', '/-/healthy', '/-/ready']);
		},
		'0.0.0.0',
	));

test('beyond loopback a reload is refused', async t => {
	const daemon = fakeDaemon();
	await withServer(
		daemon,
		async ({get}) => {
			t.is((await get('/-/reload', {}, 'POST')).status, 403);
			t.is((await get('/metrics', {}, 'POST')).status, 405);
		},
		'::',
	);

	t.is(daemon.reloads, 0);
});

test('on loopback everything answers to loopback names', t =>
	withServer(fakeDaemon(), async ({get}) => {
		for (const Host of ['localhost', 'LOCALHOST:1', '127.0.0.1:9753', '[::1]:9753', '[::1]'])
			t.is((await get('/', {Host})).status, 200, Host);
	}));

test('on loopback a name that was rebound to this machine reads nothing', t =>
	withServer(fakeDaemon(), async ({get}) => {
		for (const Host of [
			'evil.example',
			'evil.example:9753',
			'localhost.evil.example',
			'127.0.0.1.evil.example',
			'100.64.0.7',
			'[::2]',
			'127.0.0.1@evil',
			'[::1',
		]) {
			for (const path of everything) t.is((await get(path, {Host})).status, 403, `${Host} ${path}`);
		}
	}));

for (const request of ['GET / HTTP/1.0', 'GET / HTTP/1.0\r\nHost:'])
	test(`on loopback a caller without a name reads nothing: ${JSON.stringify(request)}`, t =>
		withServer(fakeDaemon(), async ({port}) => {
			const socket = net.connect(port, '127.0.0.1');
			socket.write(`${request}\r\n\r\n`);

			const [answer] = await once(socket, 'data');

			t.regex(String(answer), /^HTTP\/1\.1 403 /);
			socket.destroy();
		}));

test('a page of another site cannot start a probe', async t => {
	const daemon = fakeDaemon();
	await withServer(daemon, async ({get, port}) => {
		const foreign = [
			{'Sec-Fetch-Site': 'cross-site'},
			{'Sec-Fetch-Site': 'same-site'},
			{Origin: 'https://evil.example'},
			{Origin: 'null'},
			{Origin: 'http://localhost:3000', Host: `localhost:${port}`},
		];
		for (const headers of foreign)
			t.is(
				(await get('/probe?target=x', headers as unknown as Record<string, string>)).status,
				403,
				JSON.stringify(headers),
			);
	});

	t.deepEqual(daemon.asked, []);
});

test('a page of another site cannot reload the configuration', async t => {
	const daemon = fakeDaemon();
	await withServer(daemon, async ({get}) => {
		t.is((await get('/-/reload', {'Sec-Fetch-Site': 'cross-site'}, 'POST')).status, 403);
		t.is((await get('/-/reload', {Origin: 'https://evil.example'}, 'POST')).status, 403);
	});

	t.is(daemon.reloads, 0);
});

test('the own page and the address bar can start a probe', t =>
	withServer(fakeDaemon(), async ({get, port}) => {
		const host = `127.0.0.1:${port}`;
		for (const headers of [{'Sec-Fetch-Site': 'same-origin', Origin: `http://${host}`}, {'Sec-Fetch-Site': 'none'}])
			t.is((await get('/probe?target=x', headers)).status, 200);
	}));

test('a link from another site may open the page', t =>
	withServer(fakeDaemon(), async ({get}) => {
		t.is((await get('/', {'Sec-Fetch-Site': 'cross-site'})).status, 200);
	}));

for (const [host, loopback] of [
	['127.0.0.1', true],
	['127.8.8.8', true],
	['::1', true],
	['[::1]', true],
	['localhost', true],
	['0.0.0.0', false],
	['::', false],
	['', false],
	['100.64.0.1', false],
	['127.0.0.1.', false],
	['127.1', false],
	['2130706433', false],
	['localhost.localdomain', false],
] as const)
	test(`"${host}" is ${loopback ? 'loopback' : 'not loopback'}`, t => {
		t.is(isLoopbackHost(host), loopback);
	});
