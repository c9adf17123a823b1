import {once} from 'node:events';
import {readFileSync} from 'node:fs';
import {createServer, type RequestListener} from 'node:http';
import type {AddressInfo} from 'node:net';
import {setImmediate as breathe} from 'node:timers/promises';
import {gzipSync} from 'node:zlib';
import test, {type ExecutionContext} from 'ava';
import {createHeadscaleClient, type HeadscaleClientOptions} from '../../src/headscale/client.ts';
import {HeadscaleError} from '../../src/headscale/get.ts';
import {UserError} from '../../src/util/errors.ts';
import {type AnsweringServer, answer, answerBytes, answerTls, caFile} from '../helpers/answering-server.ts';

const key = 'hskey-api-abcdefghijkl-0123456789_SECRET';
const recorded = (name: string) => readFileSync(new URL(`../fixtures/headscale/${name}`, import.meta.url), 'utf8');

/** A client of a server, with a key and metrics at the same server. */
function clientOf({port}: AnsweringServer, options: Partial<HeadscaleClientOptions> = {}) {
	const client = createHeadscaleClient({
		url: `http://127.0.0.1:${port}`,
		apiKey: () => key,
		metricsUrl: `http://127.0.0.1:${port}/metrics`,
		timeoutMs: 5000,
		...options,
	});
	const {nodes, users, preAuthKeys, apiKeys, policy, routes, apiHealth, key: controlKey, metrics} = client;
	if (!nodes || !users || !preAuthKeys || !apiKeys || !policy || !routes || !apiHealth || !controlKey || !metrics)
		throw new Error('a client with a key and a metrics address has all methods');
	return {...client, nodes, users, preAuthKeys, apiKeys, policy, routes, apiHealth, key: controlKey, metrics};
}

function says(status: number, body: string | Buffer, headers: Record<string, string> = {}): RequestListener {
	return (_request, response) => response.writeHead(status, headers).end(body);
}

/** The sentence of a read that fails; also sees that it holds no key. */
async function sentence(t: ExecutionContext, read: Promise<unknown>): Promise<string> {
	const error = await t.throwsAsync(read, {instanceOf: HeadscaleError});
	const message = error?.message ?? '';
	t.false(message.includes(key), 'the key is in the error');
	t.notRegex(message, /[\u0000-\u001f]/);
	return message;
}

test('every request is a GET, and only those to the API carry the key', async t => {
	const pages: Record<string, string> = {
		'/health': '{"status":"pass"}',
		'/version': '{"version":"v0.29.2"}',
		'/api/v1/node': '{"nodes":[]}',
		'/api/v1/user': '{"users":[]}',
		'/api/v1/preauthkey': '{"preAuthKeys":[]}',
		'/api/v1/apikey': '{"apiKeys":[]}',
		'/api/v1/policy': '{"policy":""}',
		'/api/v1/routes': '{"routes":[]}',
		'/api/v1/health': '{"databaseConnectivity":true}',
		'/key?v=113': JSON.stringify({publicKey: `mkey:${'0'.repeat(64)}`}),
		'/metrics': 'up 1\n',
	};
	const server = await answer(t, (request, response) => response.end(pages[request.url ?? '']));
	const client = clientOf(server);

	await client.health();
	await client.version();
	await client.key();
	await client.metrics();
	await client.nodes();
	await client.users();
	await client.preAuthKeys();
	await client.apiKeys();
	await client.policy();
	await client.routes();
	await client.apiHealth();

	t.deepEqual(
		server.requests.map(({method, url, headers}) => [method, url, headers.authorization]),
		[
			['GET', '/health', undefined],
			['GET', '/version', undefined],
			['GET', '/key?v=113', undefined],
			['GET', '/metrics', undefined],
			...['node', 'user', 'preauthkey', 'apikey', 'policy', 'routes', 'health'].map(path => [
				'GET',
				`/api/v1/${path}`,
				`Bearer ${key}`,
			]),
		],
	);
	t.true(server.requests.every(({headers}) => headers['accept-encoding'] === 'identity'));
});

test('there is nothing to call but reads', t => {
	const client = createHeadscaleClient({
		url: 'https://127.0.0.1:1',
		apiKey: () => key,
		metricsUrl: 'http://127.0.0.1:1',
		timeoutMs: 1,
	});

	t.deepEqual(Object.keys(client).sort(), [
		'apiHealth',
		'apiKeys',
		'certificate',
		'health',
		'key',
		'metrics',
		'nodes',
		'policy',
		'preAuthKeys',
		'routes',
		'users',
		'version',
	]);
});

test('without an API key, a metrics address and TLS only what needs none is offered', t => {
	const client = createHeadscaleClient({url: 'http://127.0.0.1:1', timeoutMs: 1});

	t.deepEqual(Object.keys(client).sort(), ['health', 'key', 'version']);
});

test('a path in the address is kept', async t => {
	const server = await answer(t, says(200, '{"status":"pass"}'));

	await clientOf(server, {url: `http://127.0.0.1:${server.port}/behind/proxy/`}).health();

	t.is(server.requests[0]?.url, '/behind/proxy/health');
});

test('pass is healthy', async t => {
	t.true(await clientOf(await answer(t, says(200, '{"status":"pass"}'))).health());
});

test('fail, which comes with 500, is an answer and not an error', async t => {
	t.false(await clientOf(await answer(t, says(500, '{"status":"fail"}'))).health());
});

test('a 500 that is no health page is an error', async t => {
	const client = clientOf(await answer(t, says(500, 'oops')));

	t.regex(await sentence(t, client.health()), /answered 500.*"oops"/);
});

test('the version is told', async t => {
	t.is(await clientOf(await answer(t, says(200, '{"version":"v0.29.2","dirty":false}'))).version(), 'v0.29.2');
});

test('headscale before 0.27 has no version page, which is no error', async t => {
	t.is(await clientOf(await answer(t, says(404, '404 page not found'))).version(), undefined);
});

test('a hostile version is cleaned', async t => {
	const version = await clientOf(
		await answer(t, says(200, JSON.stringify({version: `"><img>\n${'x'.repeat(100)}`}))),
	).version();

	t.regex(version ?? '', /^[A-Za-z0-9.+_-]{1,64}$/);
});

for (const version of ['0.23.0', '0.26.1', '0.29.2', '0.30-dev']) {
	test(`the nodes of headscale ${version} are read`, async t => {
		const client = clientOf(await answer(t, says(200, recorded(`${version}/rest-node.json`))));

		const {nodes, problems} = await client.nodes();

		t.deepEqual(problems, []);
		t.deepEqual(
			nodes.map(node => node.name),
			['june-orchestrator', 'livekit', 'june-gpu-00000001', 'june-gpu-00000002', 'prober'],
		);
	});
}

test('the key is asked for anew each time and stripped of blanks around it', async t => {
	const server = await answer(t, says(200, '{"nodes":[]}'));
	const keys = ['first\n', ' second '];
	const client = clientOf(server, {apiKey: () => keys.shift()});

	await client.nodes();
	await client.nodes();

	t.deepEqual(
		server.requests.map(({headers}) => headers.authorization),
		['Bearer first', 'Bearer second'],
	);
});

test('without a usable key nothing is sent', async t => {
	const server = await answer(t, says(200, '{"nodes":[]}'));

	t.regex(await sentence(t, clientOf(server, {apiKey: () => undefined}).nodes()), /key is empty.*apikeys create/);
	t.regex(await sentence(t, clientOf(server, {apiKey: () => 'two words'}).nodes()), /bare key/);
	t.is(server.requests.length, 0);
});

test('a refused key says how to get another (0.27 to 0.29)', async t => {
	const client = clientOf(await answer(t, says(401, 'Unauthorized')));

	t.regex(
		await sentence(t, client.nodes()),
		/401: the API key is wrong or has expired.*apikeys create.*"Unauthorized"/,
	);
});

test('a refused key says how to get another (up to 0.26, which answers 500)', async t => {
	const client = clientOf(await answer(t, says(500, 'Unauthorized')));

	t.regex(await sentence(t, client.nodes()), /refused with 500: the API key is wrong or has expired/);
});

test('a refused key says how to get another (0.30)', async t => {
	const body = JSON.stringify({title: 'Unauthorized', status: 401, detail: 'invalid token'});
	const client = clientOf(await answer(t, says(401, body, {'content-type': 'application/problem+json'})));

	t.regex(await sentence(t, client.nodes()), /401: the API key is wrong.*"Unauthorized: invalid token"/);
});

test('a login before headscale is not blamed on the key', async t => {
	const client = clientOf(await answer(t, says(401, 'Please log in')));

	t.regex(await sentence(t, client.health()), /something before headscale asks for a login/);
});

test('the words of a gateway error are shown', async t => {
	const client = clientOf(await answer(t, says(500, '{"code":2,"message":"database is locked","details":[]}')));

	t.regex(await sentence(t, client.nodes()), /answered 500.*"database is locked"/);
});

test('an error body is shown on one line, and only its beginning', async t => {
	const client = clientOf(await answer(t, says(502, `bad\r\n\u001b[31mgateway ${'x'.repeat(100_000)}`)));

	const message = await sentence(t, client.nodes());

	t.regex(message, /answered 502.*"bad \[31mgateway x+…"/);
	t.true(message.length < 500);
});

test('a key that is sent back in an error is not shown', async t => {
	const echo: RequestListener = (request, response) => {
		response.writeHead(400).end(`${'x'.repeat(180)} ${request.headers.authorization} was not understood`);
	};
	const client = clientOf(await answer(t, echo));

	const message = await sentence(t, client.nodes());

	t.false(message.includes('SECRET'));
	t.false(message.includes('hskey-api'));
});

test('a web page in place of the API is described', async t => {
	const client = clientOf(await answer(t, says(200, '<!doctype html>\n<title>Welcome</title>')));

	t.regex(
		await sentence(t, client.nodes()),
		/something that is not JSON.*Does headscale\.url lead to headscale.*<title>Welcome/,
	);
	t.regex(await sentence(t, client.health()), /something that is not JSON/);
	t.regex(await sentence(t, client.version()), /something that is not JSON/);
});

test('a cut list is described without its content, which may hold pre-auth keys', async t => {
	const client = clientOf(await answer(t, says(200, '{"nodes":[{"preAuthKey":{"key":"do-not-tell"')));

	const message = await sentence(t, client.nodes());

	t.regex(message, /JSON that is cut short or of another shape/);
	t.false(message.includes('do-not-tell'));
});

test('other JSON is not taken for an empty list', async t => {
	for (const body of ['{}', '[]', 'null', '{"nodes":{}}', '{"message":"hello"}']) {
		await sentence(t, clientOf(await answer(t, says(200, body))).nodes());
	}
	t.pass();
});

test('redirects are not followed, so that the key goes nowhere else', async t => {
	const elsewhere = await answer(t, says(200, '{"nodes":[]}'));
	const server = await answer(t, says(302, '', {location: `http://127.0.0.1:${elsewhere.port}/login?token=abc`}));

	const message = await sentence(t, clientOf(server).nodes());

	t.regex(message, /redirected with 302 to http:\/\/127\.0\.0\.1:\d+\/login, .*headscale\.url/);
	t.is(elsewhere.requests.length, 0);
});

test('a server that takes the connection and never answers is left at the deadline', async t => {
	const server = await answerBytes(t, socket => socket.resume());
	const client = clientOf(server, {timeoutMs: 100});

	t.regex(await sentence(t, client.health()), /connected, but no answer came within 0\.1 s/);
	await untilClosed(server);
	t.pass();
});

test('a server that is silent in the TLS handshake is left at the deadline', async t => {
	const server = await answerBytes(t, socket => socket.resume());
	const client = clientOf(server, {timeoutMs: 100, url: `https://127.0.0.1:${server.port}`});

	t.regex(await sentence(t, client.health()), /TLS handshake did not end within 0\.1 s/);
	await untilClosed(server);
	t.pass();
});

test('an answer that drips is left at the deadline', async t => {
	const server = await answer(t, (_request, response) => {
		const timer = setInterval(() => response.write(' '), 10);
		response.on('close', () => clearInterval(timer));
	});
	const client = clientOf(server, {timeoutMs: 200});

	t.regex(await sentence(t, client.nodes()), /an answer began \(status 200, \d+ bytes\) but did not end within 0\.2 s/);
	await untilClosed(server);
	t.pass();
});

test('a canceled read ends at once with the reason', async t => {
	const server = await answerBytes(t, socket => socket.resume());
	const controller = new AbortController();
	const reason = new Error('enough');

	const reading = clientOf(server, {url: `https://127.0.0.1:${server.port}`}).health(controller.signal);
	while (server.open.size === 0) await breathe();
	controller.abort(reason);

	t.is(await t.throwsAsync(reading), reason);
	await untilClosed(server);
});

test('a list that is too long is not read to its end', async t => {
	const server = await answer(t, says(200, `{"nodes":["${'x'.repeat(10 * 1024 * 1024)}"]}`));

	t.regex(await sentence(t, clientOf(server).nodes()), /longer than 8388608 bytes.*headscale\.max_answer/);
	await untilClosed(server);
});

test('an endless error page still tells its status', async t => {
	const server = await answer(t, (_request, response) => {
		response.writeHead(503);
		const write = () => {
			while (!response.destroyed && response.write('x'.repeat(10_000)));
		};
		response.on('drain', write);
		write();
	});

	t.regex(await sentence(t, clientOf(server).nodes()), /answered 503/);
	await untilClosed(server);
});

test('a compressed answer, which could grow without bound, is refused', async t => {
	const server = await answer(t, says(200, gzipSync('{"nodes":[]}'), {'content-encoding': 'gzip'}));

	t.regex(await sentence(t, clientOf(server).nodes()), /compressed/);
});

test('an unknown CA asks for ca_file', async t => {
	const server = await answerTls(t, says(200, '{"status":"pass"}'));
	const client = clientOf(server, {url: `https://127.0.0.1:${server.port}`});

	t.regex(await sentence(t, client.health()), /CA that is not trusted here.*headscale\.ca_file/);
	t.is(server.requests.length, 0);
});

test('ca_file makes the CA known', async t => {
	const server = await answerTls(t, says(200, '{"status":"pass"}'));

	t.true(await clientOf(server, {url: `https://localhost:${server.port}`, caFile}).health());
	t.true(await clientOf(server, {url: `https://127.0.0.1:${server.port}`, caFile}).health());
});

test('a ca_file that cannot be read is named', async t => {
	const client = createHeadscaleClient({url: 'https://127.0.0.1:1', caFile: '/does/not/exist.pem', timeoutMs: 5000});

	t.regex(
		await sentence(t, client.health()),
		/\/does\/not\/exist\.pem of headscale\.ca_file cannot be read: there is no such file/,
	);
});

test('a server that offers to resume its sessions is read again and again', async t => {
	const server = await answerTls(t, says(200, '{"status":"pass"}'));
	const client = clientOf(server, {url: `https://localhost:${server.port}`, caFile});

	for (let read = 0; read < 4; read++) t.true(await client.health());
});

test('TLS and plain HTTP taken for each other are told', async t => {
	const plain = await answer(t, says(200, ''));
	const encrypted = await answerTls(t, says(200, ''));

	t.regex(await sentence(t, clientOf(plain, {url: `https://127.0.0.1:${plain.port}`}).health()), /no TLS.*http:\/\//);
	t.regex(await sentence(t, clientOf(encrypted).health()), /closed|reset|HTTP/);
});

test('what is no HTTP is told', async t => {
	const server = await answerBytes(t, socket => socket.end('SSH-2.0-OpenSSH_9.2\r\n'));

	t.regex(await sentence(t, clientOf(server).health()), /does not speak HTTP/);
});

test('an answer that breaks off is told', async t => {
	const server = await answerBytes(t, socket => {
		socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"nodes":['));
	});

	t.regex(await sentence(t, clientOf(server).nodes()), /closed before the whole answer came/);
});

test('nothing listening is told', async t => {
	const server = await answerBytes(t, () => {});
	const client = createHeadscaleClient({url: `http://127.0.0.2:${server.port}`, timeoutMs: 5000});

	t.regex(await sentence(t, client.health()), /nothing listens there.*headscale\.url/);
});

test('an address that answered before is not asked to be put right', async t => {
	const server = createServer((_request, response) => response.end('{"status":"pass"}')).listen(0, '127.0.0.1');
	await once(server, 'listening');
	t.teardown(() => server.close());
	const {port} = server.address() as AddressInfo;
	const client = clientOf({port, requests: [], open: new Set()});
	await client.health();
	server.closeAllConnections();
	await new Promise(resolve => server.close(resolve));

	const said = await sentence(t, client.nodes());

	t.regex(
		said,
		/nothing listens there \(ECONNREFUSED\)\. It answered until \d\d:\d\d:\d\d UTC: headscale or its machine is stopped, or a firewall closed the way\.$/,
	);
	t.regex(await sentence(t, client.metrics()), /It answered until/);
});

test('what failed tells whether anything answered, and with which status', async t => {
	const failureOf = async (read: Promise<unknown>) =>
		(await t.throwsAsync(read, {instanceOf: HeadscaleError}))?.failure;
	const nobody = createHeadscaleClient({url: 'http://127.0.0.2:9', timeoutMs: 5000});
	const silent = clientOf(await answerBytes(t, () => {}), {timeoutMs: 100});
	const garbled = clientOf(await answerBytes(t, socket => socket.end('SSH-2.0-x\r\n')));

	t.is(await failureOf(nobody.health()), 'unanswered');
	t.is(await failureOf(silent.key()), 'unanswered');
	t.is(await failureOf(garbled.key()), undefined);
	t.is(await failureOf(clientOf(await answer(t, says(502, ''))).key()), 'status 502');
	t.is(await failureOf(clientOf(await answer(t, says(401, ''))).nodes()), 'status 401');
	t.is(await failureOf(clientOf(await answer(t, says(200, '{}'))).key()), undefined);
});

test('what a failed read met with is told by a word', async t => {
	const obstacleOf = async (read: Promise<unknown>) =>
		(await t.throwsAsync(read, {instanceOf: HeadscaleError}))?.obstacle;
	const nobody = createHeadscaleClient({url: 'http://127.0.0.2:9', timeoutMs: 5000});
	const silent = clientOf(await answerBytes(t, () => {}), {timeoutMs: 100});
	const garbled = clientOf(await answerBytes(t, socket => socket.end('SSH-2.0-x\r\n')));

	t.is(await obstacleOf(nobody.health()), 'refused');
	t.is(await obstacleOf(silent.key()), 'silent');
	t.is(await obstacleOf(garbled.key()), 'foreign');
	t.is(await obstacleOf(clientOf(await answer(t, says(502, '<html>'))).key()), 'foreign');
	t.is(await obstacleOf(clientOf(await answer(t, says(200, '<html>'))).health()), 'foreign');
	t.is(await obstacleOf(clientOf(await answer(t, says(401, ''))).nodes()), 'unauthorized');
	t.is(await obstacleOf(clientOf(await answer(t, says(401, ''))).key()), 'foreign');
	t.is(await obstacleOf(clientOf(await answer(t, says(500, '{"message":"database is locked"}'))).nodes()), undefined);
});

test('a name that does not exist is told', async t => {
	const client = createHeadscaleClient({url: 'http://headscale.invalid', timeoutMs: 5000});

	t.regex(await sentence(t, client.health()), /name (cannot be|was not) resolved/);
});

test('a wrong metrics address is told by its own name', async t => {
	const client = clientOf(await answer(t, says(302, '', {location: '/login'})));

	t.regex(await sentence(t, client.metrics()), /GET http:\/\/127\.0\.0\.1:\d+\/metrics .*headscale\.metrics_url/);
});

test('an address with a password is refused without telling it', t => {
	for (const url of ['https://user:hunter2@headscale.example', 'ftp://headscale.example', 'hunter2']) {
		const error = t.throws(() => createHeadscaleClient({url, timeoutMs: 1000}), {instanceOf: UserError});
		t.false(error?.message.includes('hunter2'));
	}
});

async function untilClosed(server: AnsweringServer): Promise<void> {
	while (server.open.size > 0) await breathe();
}
