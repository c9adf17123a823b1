import {once} from 'node:events';
import type {Socket} from 'node:net';
import test, {type ExecutionContext} from 'ava';
import {dial} from '../../src/net/dial.ts';
import {type ExchangeRequest, type ExchangeTimings, exchange} from '../../src/net/http1.ts';
import {TargetDownError} from '../../src/util/errors.ts';
import {httpAnswer, type Manners, saying, serve} from '../helpers/servers.ts';

const get: ExchangeRequest = {
	method: 'GET',
	path: '/healthz?full=1',
	headers: [
		['Host', 'livekit'],
		['Connection', 'close'],
	],
};
const limits = {maxHeadBytes: 65_536, maxBodyBytes: 1_000_000};
const never = new AbortController().signal;

/** A connection to a server with these manners. */
async function connected(t: ExecutionContext, manners: Manners): Promise<Socket> {
	const {port} = await serve(t, manners);
	const socket = await dial({address: '127.0.0.1', family: 4}, port, never);
	t.teardown(() => socket.destroy());
	return socket;
}

async function until(isSo: () => boolean): Promise<void> {
	while (!isSo()) await new Promise(resolve => setImmediate(resolve));
}

function ownListeners(socket: Socket): number[] {
	return ['data', 'error', 'close'].map(event => socket.listenerCount(event));
}

test('a request goes out as it is written and the answer comes back', async t => {
	const server = await serve(t, saying(httpAnswer('200 OK', 'hello', ['X-A: b'])));
	const socket = await dial({address: '127.0.0.1', family: 4}, server.port, never);
	t.teardown(() => socket.destroy());

	const answer = await exchange(socket, get, limits, never);

	t.deepEqual(server.heads, ['GET /healthz?full=1 HTTP/1.1\r\nHost: livekit\r\nConnection: close\r\n\r\n']);
	t.like(answer, {status: 200, statusText: 'OK', version: '1.1', bodyBytes: 5, truncated: false});
	t.is(answer.body.toString(), 'hello');
	t.deepEqual(answer.headers[0], ['X-A', 'b']);
	const {sentAt, firstByteAt, endAt} = answer.timings;
	t.true(sentAt <= firstByteAt && firstByteAt <= endAt);
});

test('a body is sent with its length in bytes', async t => {
	const server = await serve(t, {
		onConnection(socket) {
			let text = '';
			socket.on('data', chunk => {
				text += chunk;
				if (text.endsWith('grüße')) socket.end(httpAnswer('200 OK', text));
			});
		},
	});
	const socket = await dial({address: '127.0.0.1', family: 4}, server.port, never);

	const answer = await exchange(socket, {...get, method: 'POST', body: 'grüße'}, limits, never);

	t.regex(answer.body.toString(), /\r\nContent-Length: 7\r\n\r\ngrüße$/);
	socket.destroy();
});

test('a POST without a body says so', async t => {
	const server = await serve(t, saying(httpAnswer('200 OK')));
	const socket = await dial({address: '127.0.0.1', family: 4}, server.port, never);

	await exchange(socket, {...get, method: 'POST'}, limits, never);

	t.regex(server.heads[0] ?? '', /\r\nContent-Length: 0\r\n/);
	socket.destroy();
});

const refusesRequest = test.macro(async (t, request: ExchangeRequest) => {
	const socket = await connected(t, {});

	await t.throwsAsync(exchange(socket, request, limits, never), {instanceOf: TypeError});

	t.is(socket.bytesWritten, 0);
});

test('a line end in a header value is not sent', refusesRequest, {...get, headers: [['Host', 'a\r\nX: y']]});
test('a line end in a header name is not sent', refusesRequest, {...get, headers: [['X: y\r\nZ', 'a']]});
test('a blank in the path is not sent', refusesRequest, {...get, path: '/ HTTP/1.1\r\nX: y\r\n'});
test('a method in small letters is not sent', refusesRequest, {...get, method: 'get'});

test('an answer in two parts counts its first byte apart from its end', async t => {
	const asked = Promise.withResolvers<Socket>();
	const socket = await connected(t, {onHead: asked.resolve});
	const timings: Partial<ExchangeTimings> = {};
	const running = exchange(socket, get, limits, never, timings);
	const server = await asked.promise;

	server.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no');
	await until(() => timings.firstByteAt !== undefined);
	const restAt = performance.now();
	server.end('k');

	const answer = await running;
	t.true(answer.timings.firstByteAt <= restAt && answer.timings.endAt >= restAt);
});

test('the first byte is that of the final answer, not of an interim one', async t => {
	const asked = Promise.withResolvers<Socket>();
	const socket = await connected(t, {onHead: asked.resolve});
	const timings: Partial<ExchangeTimings> = {};
	const running = exchange(socket, get, limits, never, timings);
	const server = await asked.promise;

	server.write('HTTP/1.1 103 Ear');
	await until(() => timings.firstByteAt !== undefined);
	server.write('ly Hints\r\n\r\n');
	await until(() => timings.firstByteAt === undefined);
	const finalAt = performance.now();
	server.end(httpAnswer('200 OK'));

	const answer = await running;
	t.true(answer.timings.firstByteAt >= finalAt);
});

test('a failure tells how far the exchange came', async t => {
	const socket = await connected(t, {
		onHead: server => void server.end('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe'),
	});
	const timings: Partial<ExchangeTimings> = {};

	const error = await t.throwsAsync(exchange(socket, get, limits, never, timings), {instanceOf: TargetDownError});

	t.is(error?.reason, 'reset');
	t.is(typeof timings.sentAt, 'number');
	t.is(typeof timings.firstByteAt, 'number');
	t.is(timings.endAt, undefined);
});

test('an abort rejects with its reason and leaves no listener', async t => {
	const socket = await connected(t, {});
	const before = ownListeners(socket);
	const controller = new AbortController();
	const timings: Partial<ExchangeTimings> = {};
	const running = exchange(socket, get, limits, controller.signal, timings);

	controller.abort(new DOMException('late', 'TimeoutError'));

	await t.throwsAsync(running, {name: 'TimeoutError'});
	t.deepEqual(ownListeners(socket), before);
	t.is(timings.firstByteAt, undefined);
});

test('an answer leaves no listener', async t => {
	const socket = await connected(t, saying(httpAnswer('200 OK', 'ok')));
	const before = ownListeners(socket);

	await exchange(socket, get, limits, never);

	t.deepEqual(ownListeners(socket), before);
});

test('an exchange on a connection that is gone fails at once', async t => {
	const accepted = Promise.withResolvers<Socket>();
	const socket = await connected(t, {onConnection: accepted.resolve});
	(await accepted.promise).resetAndDestroy();
	await new Promise(resolve => socket.resume().on('close', resolve));

	const error = await t.throwsAsync(exchange(socket, get, limits, never), {instanceOf: TargetDownError});

	t.is(error?.reason, 'reset');
});

test('a connection that somebody destroys meanwhile is a failure, not the end of a body', async t => {
	const socket = await connected(t, {onHead: server => void server.write('HTTP/1.1 200 OK\r\n\r\nhel')});
	const running = exchange(socket, get, limits, never);
	await once(socket, 'data');

	socket.destroy();

	const error = await t.throwsAsync(running, {instanceOf: TargetDownError});
	t.is(error?.reason, 'reset');
});
