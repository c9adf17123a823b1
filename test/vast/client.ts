import type {RequestListener} from 'node:http';
import {setImmediate as breathe} from 'node:timers/promises';
import test, {type ExecutionContext} from 'ava';
import {UserError} from '../../src/util/errors.ts';
import {createVastClient, type VastClientOptions} from '../../src/vast/client.ts';
import {VastError} from '../../src/vast/faults.ts';
import {answer, answerBytes} from '../helpers/answering-server.ts';
import {closedPort} from '../helpers/servers.ts';
import {aRawInstance, serveVast, vastKey} from '../helpers/vast-server.ts';

const forever = new AbortController().signal;

function read(url: string, over: Partial<VastClientOptions> = {}, signal = forever) {
	return createVastClient({url, apiKey: () => vastKey, timeoutMs: 5000, maxInstances: 1000, ...over})(signal);
}

/** The error of a read that fails; also sees that it holds neither the key nor a secret of an entry. */
async function failure(t: ExecutionContext, reading: Promise<unknown>): Promise<VastError> {
	const error = await t.throwsAsync(reading, {instanceOf: VastError});
	if (!error) throw new Error('nothing was thrown');
	t.false(error.message.includes(vastKey), 'the key is in the error');
	t.false(error.message.includes('SECRET'), 'a secret is in the error');
	t.notRegex(error.message, /[\u0000-\u001f]/);
	return error;
}

const many = (count: number) => Array.from({length: count}, (_, at) => aRawInstance({id: at + 1}));

/** A server that says the same to everybody. */
async function saying(t: ExecutionContext, handle: RequestListener): Promise<string> {
	return `http://127.0.0.1:${(await answer(t, handle)).port}`;
}

test('all pages are read over one connection, by GET, with the key and only the columns that are used', async t => {
	const server = await serveVast(t, {instances: () => many(60)});

	const list = await read(server.url);

	t.is(list.instances.length, 60);
	t.true(list.complete);
	t.is(list.api, 'v1');
	t.deepEqual(list.problems, []);
	t.is(server.requests.length, 3);
	for (const {method, url = '', headers} of server.requests) {
		const {pathname, searchParams} = new URL(url, server.url);
		t.is(method, 'GET');
		t.is(pathname, '/api/v1/instances/');
		t.is(searchParams.get('limit'), '25');
		t.is(headers.authorization, `Bearer ${vastKey}`);
		t.false(url.includes(vastKey));
		const columns = JSON.parse(searchParams.get('select_cols') ?? '[]') as string[];
		t.true(columns.includes('actual_status'));
		t.false(columns.some(column => /token|onstart|env|login/.test(column)));
	}
});

test('a later page that is asked for too soon is asked for again, the first one is not', async t => {
	let refusals = 3;
	let all = false;
	const server = await serveVast(t, {
		instances: () => many(30),
		instead({url = ''}, response) {
			if (!all && (!url.includes('after_token') || refusals-- <= 0)) return false;
			response.writeHead(429).end('API requests too frequent endpoint threshold=2.0');
			return true;
		},
	});

	t.is((await read(server.url, {pauseMs: 1})).instances.length, 30);
	t.is(server.requests.length, 5);

	refusals = 100;
	t.is((await failure(t, read(server.url, {pauseMs: 1}))).failure, 'status 429');
	t.is(server.requests.length, 11);

	all = true;
	await failure(t, read(server.url, {pauseMs: 1}));
	t.is(server.requests.length, 12);
});

test('a vast.ai without the newer list is read by the older one', async t => {
	const server = await serveVast(t, {instances: () => many(40), onlyOld: true});

	const list = await read(server.url);

	t.is(list.instances.length, 40);
	t.is(list.api, 'v0');
	t.deepEqual(
		server.requests.map(({url}) => url?.replace(/\?.*/, '')),
		['/api/v1/instances/', '/api/v0/instances/'],
	);
});

test('an API that refuses the choice of columns is asked without it, from then on', async t => {
	const server = await serveVast(t, {
		instances: () => many(30),
		instead({url = ''}, response) {
			if (!url.includes('select_cols')) return false;
			response.writeHead(400).end('{"success":false,"msg":"unknown column in select_cols"}');
			return true;
		},
	});

	const list = await read(server.url);

	t.is(list.instances.length, 30);
	t.is(server.requests.length, 3);
	t.false(JSON.stringify(list).includes('SECRET'));
});

test('no more instances are read than are allowed, and the list says that it is not whole', async t => {
	const server = await serveVast(t, {instances: () => many(10_000)});

	const list = await read(server.url, {maxInstances: 60});

	t.is(list.instances.length, 60);
	t.false(list.complete);
	t.regex(list.problems.join(), /Only the first 60 instances/);
	t.is(server.requests.length, 3);
});

test('ten thousand instances are read where that is allowed', async t => {
	const instances = many(10_000);
	const server = await serveVast(t, {instances: () => instances});

	const list = await read(server.url, {maxInstances: 10_000, timeoutMs: 30_000});

	t.is(list.instances.length, 10_000);
	t.true(list.complete);
});

test('only instances whose label fits are taken', async t => {
	const instances = [
		aRawInstance({id: 1, label: 'june-a'}),
		aRawInstance({id: 2, label: 'other'}),
		aRawInstance({id: 3}),
	];
	const server = await serveVast(t, {instances: () => instances});

	const list = await read(server.url, {labels: ['june-*']});

	t.deepEqual(
		list.instances.map(({id}) => id),
		['1'],
	);
	t.true(list.complete);
});

test('pages that never end are given up', async t => {
	const url = await saying(t, (_request, response) =>
		response.end(JSON.stringify({instances: [aRawInstance()], next_token: 'again'})),
	);
	let page = 0;
	const ever = await saying(t, (_request, response) =>
		response.end(JSON.stringify({instances: [], next_token: `${page++}`})),
	);

	t.regex((await failure(t, read(url))).message, /names a page as the next one that was read already/);
	const list = await read(ever, {maxInstances: 100});
	t.deepEqual(list.instances, []);
	t.false(list.complete);
	t.true(page < 20);
});

test('each way to refuse is a sentence that says what to do, and whether to have patience', async t => {
	const cases: [status: number, body: string, expected: RegExp, backOff: boolean][] = [
		[
			401,
			'{"success":false,"error":"auth_error","msg":"Invalid user key"}',
			/401: the API key is wrong.*"Invalid user key"/,
			false,
		],
		[
			403,
			'{"message":"no permission"}',
			/403: the API key may not read instances.*instance_read.*"no permission"/,
			false,
		],
		[
			429,
			'API requests too frequent endpoint threshold=2.0',
			/429: .*asks too often.*vast\.interval.*"API requests too frequent/,
			true,
		],
		[
			500,
			'<html><h1>Internal Server Error</h1></html>',
			/answered 500, wanted was 200 with the list of instances\. vast\.ai has trouble\.$/,
			true,
		],
		[502, 'Bad Gateway', /answered 502.*"Bad Gateway"/, true],
		[503, `{"jupyter_token":"SECRET-in-an-error"}`, /answered 503, wanted was 200/, true],
		[500, `Traceback\nonstart=SECRET-in-a-trace`, /answered 500, wanted was 200/, true],
		[429, `too many requests for ${vastKey}`, /"too many requests for <redacted>"/, true],
	];
	for (const [status, body, expected, backOff] of cases) {
		const url = await saying(t, (_request, response) => response.writeHead(status).end(body));

		const error = await failure(t, read(url));

		t.regex(error.message, expected);
		t.is(error.failure, `status ${status}`);
		t.is(error.backOff, backOff, String(status));
	}
});

test('a redirect is not followed, for it would take the key along', async t => {
	const other = await answer(t, (_request, response) => response.end('{}'));
	const url = await saying(t, (_request, response) =>
		response.writeHead(302, {location: `http://127.0.0.1:${other.port}/x?token=SECRET`}).end(),
	);

	t.regex(
		(await failure(t, read(url))).message,
		/redirected with 302 to http:\/\/127\.0\.0\.1:\d+\/x, and redirects are not followed/,
	);
	t.is(other.requests.length, 0);
});

test('answers that are no list are told without repeating them', async t => {
	const half = JSON.stringify({instances: [aRawInstance()]}).slice(0, -20);
	const cases: [string, RegExp][] = [
		[half, /JSON that is cut short or of another shape \(\d+ characters\)/],
		['{"instances":{}}', /of another shape/],
		['[]', /of another shape/],
		['<html>Welcome</html>', /something that is not JSON/],
		['', /answered with nothing/],
	];
	for (const [body, expected] of cases) {
		const url = await saying(t, (_request, response) => response.end(body));

		t.regex((await failure(t, read(url))).message, expected);
	}
});

test('what would cost too much is refused before it is parsed', async t => {
	const endless = await saying(t, (_request, response) => {
		const go = (error?: Error | null) => {
			if (!error) response.write('x'.repeat(65_536), go);
		};
		go();
	});
	const deep = await saying(t, (_request, response) => response.end(`{"instances":${'['.repeat(100_000)}`));
	const pieces = await answerBytes(t, socket => {
		socket.resume().write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
		socket.write('1\r\n \r\n'.repeat(50_000));
	});

	t.regex((await failure(t, read(endless))).message, /longer than 8388608 bytes/);
	t.regex((await failure(t, read(deep))).message, /more than 64 levels/);
	t.regex((await failure(t, read(`http://127.0.0.1:${pieces.port}`))).message, /pieces of less than 64 bytes/);
	while (pieces.open.size > 0) await breathe();
});

test('silence in any place ends at the deadline, and says how far it came', async t => {
	const silent = await answer(t, () => {});
	const slow = await answerBytes(
		t,
		socket => void socket.resume().write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"ins'),
	);

	const waiting = await failure(t, read(`http://127.0.0.1:${silent.port}`, {timeoutMs: 150}));
	const reading = await failure(t, read(`http://127.0.0.1:${slow.port}`, {timeoutMs: 150}));

	t.regex(waiting.message, /connected, but no answer came within 0\.15 s/);
	t.regex(reading.message, /an answer began \(status 200, 5 bytes\) but did not end within 0\.15 s/);
	t.is(waiting.failure, 'unanswered');
	while (silent.open.size + slow.open.size > 0) await breathe();
});

test('where nothing listens, and where nothing speaks HTTP, that is said', async t => {
	const noise = await answerBytes(t, socket => void socket.end('SSH-2.0-OpenSSH_9.6\r\n'));

	const refused = await failure(t, read(`http://127.0.0.1:${await closedPort()}`));
	t.regex(refused.message, /nothing listens there \(ECONNREFUSED\)/);
	t.is(refused.failure, 'unanswered');
	t.regex((await failure(t, read(`http://127.0.0.1:${noise.port}`))).message, /does not speak HTTP/);
});

test('a caller that stops is answered at once with its own reason', async t => {
	const server = await answer(t, () => {});
	const stopping = new AbortController();

	const reading = read(`http://127.0.0.1:${server.port}`, {}, stopping.signal);
	while (server.requests.length === 0) await breathe();
	stopping.abort(new Error('enough'));

	await t.throwsAsync(reading, {message: 'enough'});
	while (server.open.size > 0) await breathe();
});

test('a key that cannot be read or is none is no reason for patience', async t => {
	const server = await serveVast(t);
	const missing = () => {
		throw new UserError('The secret in the file /secrets/vast cannot be read: there is no such file.', 78);
	};

	for (const [apiKey, expected] of [
		[missing, /no such file/],
		[() => 'two words', /bare key/],
	] as const) {
		const error = await failure(t, read(server.url, {apiKey}));
		t.regex(error.message, expected);
		t.false(error.backOff);
	}
	t.is(server.requests.length, 0);
});

test('an address that is none is a mistake of the user', t => {
	for (const url of ['ftp://x', 'http://me:pw@x', 'x'])
		t.throws(() => createVastClient({url, apiKey: () => vastKey, timeoutMs: 1, maxInstances: 1}), {
			instanceOf: UserError,
		});
});
