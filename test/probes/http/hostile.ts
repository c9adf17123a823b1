/** What a target may do to us, each done by a real server. */

import {getEventListeners} from 'node:events';
import test from 'ava';
import type {Reading} from '../../../src/engine/types.ts';
import {http} from '../../../src/probes/http.ts';
import {isDown, measure, passSoon, type Wanted} from '../../helpers/probing.ts';
import {
	allClosed,
	type BareServer,
	closedPort,
	httpAnswer,
	type Manners,
	saying,
	sendInPieces,
	serve,
} from '../../helpers/servers.ts';

/** The deadline passes soon after the server got the request, unless the failure comes by itself. */
const ends = test.macro(async (t, manners: Manners, wanted: Wanted, options?: Record<string, unknown>) => {
	const deadline = new AbortController();
	const server = await serve(t, {
		...manners,
		onHead(socket, head) {
			manners.onHead?.(socket, head);
			if (wanted.reason === 'timeout') passSoon(deadline);
		},
	});

	const reading = await measure(http, `http://127.0.0.1:${server.port}/`, options, {signal: deadline.signal});

	isDown(t, reading, wanted);
	await allClosed(server);
});

const head = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n';

test(
	'silence after the connection',
	ends,
	{},
	{
		reason: 'timeout',
		phase: 'processing',
		detail: /was not done at the deadline, after \d+ ms, the last \d+ ms waiting for the answer of 127\.0\.0\.1$/,
	},
);
test(
	'silence after the head',
	ends,
	{onHead: socket => void socket.write(`${head}Content-Length: 5\r\n\r\n`)},
	{
		reason: 'timeout',
		phase: 'transfer',
		detail: /reading the answer of 127\.0\.0\.1$/,
	},
);
test(
	'a byte now and then',
	ends,
	{
		onHead(socket) {
			let sent = 0;
			const timer = setInterval(() => socket.write(head[sent++ % head.length] ?? 'x'), 20);
			socket.on('close', () => clearInterval(timer));
		},
	},
	{reason: 'timeout', phase: 'transfer', detail: /not done at the deadline/},
);
test(
	'a body without end',
	ends,
	{
		onHead(socket) {
			socket.write(`${head}\r\n`);
			const more = () => {
				if (!socket.destroyed) socket.write(Buffer.alloc(65_536, 'x'), more);
			};
			more();
		},
	},
	{reason: 'content', phase: 'transfer', detail: /body of more than 1048576 bytes/},
);
test(
	'a body that is announced too large',
	ends,
	saying(`${head}Content-Length: 3000000\r\n\r\n${'x'.repeat(3_000_000)}`),
	{
		reason: 'content',
		phase: 'transfer',
		detail: /body of more than 1048576 bytes/,
	},
);
test('garbage', ends, saying('SSH-2.0-OpenSSH_9.2p1\r\n'), {
	reason: 'protocol',
	phase: 'transfer',
	detail: /the answer is not HTTP\/1: it begins with "SSH-2\.0-OpenSSH_9\.2p1/,
});
test('a close without an answer', ends, saying(''), {
	reason: 'reset',
	phase: 'processing',
	detail: /closed before any answer/,
});
test(
	'a reset before any answer',
	ends,
	{onHead: socket => void socket.resetAndDestroy()},
	{
		reason: 'reset',
		phase: 'processing',
		detail: /failed after [\d.]+ ms, waiting for the answer of 127\.0\.0\.1: the connection was reset/,
	},
);
test('a reset within the headers', ends, resetAfter(head), {
	reason: 'reset',
	phase: 'transfer',
	detail: /connection was reset/,
});
test('a reset within the body', ends, resetAfter(`${head}Content-Length: 99\r\n\r\nabc`), {
	reason: 'reset',
	phase: 'transfer',
	detail: /connection was reset/,
});
test('a close within the body', ends, saying(`${head}Content-Length: 99\r\n\r\nabc`), {
	reason: 'reset',
	phase: 'transfer',
	detail: /3 of 99 bytes came/,
});
test('a bomb of headers', ends, saying(head + 'X-A: b\r\n'.repeat(20_000)), {
	reason: 'protocol',
	phase: 'transfer',
	detail: /more than 65536 bytes of headers/,
});
test(
	'a bomb of headers in small pieces',
	ends,
	{onHead: socket => void sendInPieces(socket, head + 'X-A: b\r\n'.repeat(20_000), 5000)},
	{
		reason: 'protocol',
		phase: 'transfer',
		detail: /more than 65536 bytes of headers/,
	},
);
test('garbage among chunks', ends, saying(`${head}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n`), {
	reason: 'protocol',
	phase: 'transfer',
	detail: /chunk that begins without a size/,
});
test('a flood of interim answers', ends, saying('HTTP/1.1 100 Continue\r\n\r\n'.repeat(100_000)), {
	reason: 'protocol',
	phase: 'transfer',
	detail: /more than 16 interim/,
});
test('a TLS server behind an http URL', ends, saying(Buffer.from([0x15, 3, 1, 0, 2, 2, 0x46])), {
	reason: 'protocol',
	phase: 'transfer',
	detail: /is TLS; the port wants https/,
});
test('a redirect to itself', ends, saying(httpAnswer('302 Found', '', ['Location: /again?x'])), {
	reason: 'status',
	phase: 'transfer',
	detail: /again\?… \(redirect 10 from http:\/\/127\.0\.0\.1:\d+\/\) failed .* the answer 302 redirects on; at most 10/,
});

test('a redirect to the metadata of a cloud is not followed', async t => {
	const server = await serve(
		t,
		saying(httpAnswer('302 Found', '', ['Location: http://169.254.169.254/latest/meta-data/'])),
	);

	const reading = await measure(http, `http://127.0.0.1:${server.port}/`);

	t.like(reading, {ok: false, reason: 'forbidden', facts: {phase: 'resolve', address: undefined}});
	t.regex(reading.detail ?? '', /169\.254\.169\.254 is a cloud's metadata address/);
	t.like(reading.values, {redirects: 1, status_code: 302});
});

test('nothing listens', async t => {
	const port = await closedPort();

	const reading = await measure(http, `http://127.0.0.1:${port}/`);

	isDown(t, reading, {
		reason: 'refused',
		phase: 'connect',
		detail: /^GET http:\S+ failed after [\d.]+ ms, connecting to 127\.0\.0\.1: /,
	});
	t.false('status_code' in reading.values);
});

test('an abort with many runs in flight leaves no connection, and each run says why', async t => {
	const answered = Promise.withResolvers<void>();
	const server = await serve(t, {
		onHead(socket) {
			socket.write(`${head}Content-Length: 9\r\n\r\nabc`);
			if (server.heads.length === 100) answered.resolve();
		},
	});
	const controller = new AbortController();
	const running = Array.from({length: 100}, () =>
		measure(http, `http://127.0.0.1:${server.port}/`, {}, {signal: controller.signal}),
	);
	await answered.promise;

	controller.abort(new Error('tailprobe is ending'));

	const results = await Promise.allSettled(running);
	t.true(results.every(({status}) => status === 'rejected'));
	await t.throwsAsync(running[0] as Promise<Reading>, {message: 'tailprobe is ending'});
	await allClosed(server);
	t.is(server.accepted, 100);
	t.is(getEventListeners(controller.signal, 'abort').length, 0);
});

test('a deadline with many runs in flight leaves no connection, and each run is a timeout', async t => {
	const deadline = new AbortController();
	const server: BareServer = await serve(t, {
		onHead() {
			if (server.heads.length === 50) passSoon(deadline);
		},
	});

	const readings = await Promise.all(
		Array.from({length: 50}, () => measure(http, `http://127.0.0.1:${server.port}/`, {}, {signal: deadline.signal})),
	);

	t.true(readings.every(({reason}) => reason === 'timeout'));
	await allClosed(server);
	t.is(server.accepted, 50);
});

test('a run whose deadline passed before it began does not connect', async t => {
	const server = await serve(t, {});
	const signal = AbortSignal.abort(new DOMException('late', 'TimeoutError'));

	const reading = await measure(http, `http://127.0.0.1:${server.port}/`, {}, {signal}).catch(error => error);

	t.is(reading.reason ?? reading.name, 'TimeoutError');
	t.is(server.accepted, 0);
});

function resetAfter(text: string): Manners {
	return {onHead: socket => void socket.write(text, () => setTimeout(() => socket.resetAndDestroy(), 20))};
}
