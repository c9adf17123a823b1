/** What a target may do to us over HTTP/2, each done by a real server. */

import {getEventListeners} from 'node:events';
import type {Socket} from 'node:net';
import test from 'ava';
import type {Reading} from '../../../src/engine/types.ts';
import {http} from '../../../src/probes/http.ts';
import {
	endHeaders,
	endStream,
	frame,
	headerBlock,
	serveFrames,
	serveHttp2,
	types,
	uint32,
} from '../../helpers/http2-servers.ts';
import {isDown, measure, passSoon, type Wanted} from '../../helpers/probing.ts';
import {allClosed, type BareServer, caFile, httpAnswer, saying, serve, serveTls} from '../../helpers/servers.ts';

const tls = {tls_config: {ca_file: caFile}};

/** The deadline passes soon after the server got the request, unless the failure comes by itself. */
const ends = test.macro(async (t, onRequest: (socket: Socket) => void, wanted: Wanted) => {
	const deadline = new AbortController();
	const server = await serveFrames(t, socket => {
		onRequest(socket);
		if (wanted.reason === 'timeout') passSoon(deadline);
	});

	const reading = await measure(http, `https://localhost:${server.port}/`, tls, {
		...(wanted.reason === 'timeout' ? {signal: deadline.signal} : {}),
		deadlineMs: 20_000,
	});

	isDown(t, reading, wanted);
	await allClosed(server);
});

const ok = frame(types.headers, endHeaders, 1, headerBlock(200));

/** Writes the same bytes again and again, as fast as they are taken. */
function again(bytes: Buffer): (socket: Socket) => void {
	const many = Buffer.concat(Array.from({length: Math.ceil(16_384 / bytes.length)}, () => bytes));
	return socket => {
		const more = (error?: Error | null) => {
			if (!error && socket.writable) socket.write(many, more);
		};
		more();
	};
}

test('silence', ends, () => {}, {
	reason: 'timeout',
	phase: 'processing',
	detail: /waiting for the answer of 127\.0\.0\.1$/,
});
test('silence after the headers', ends, socket => void socket.write(ok), {
	reason: 'timeout',
	phase: 'transfer',
	detail: /reading the answer of 127\.0\.0\.1$/,
});
test(
	'a byte now and then',
	ends,
	socket => {
		socket.write(ok);
		const timer = setInterval(() => socket.write(frame(types.data, 0, 1, Buffer.from('x'))), 20);
		socket.on('close', () => clearInterval(timer));
	},
	{reason: 'timeout', phase: 'transfer', detail: /not done at the deadline/},
);
test('garbage', ends, socket => void socket.write('SSH-2.0-OpenSSH_9.2p1\r\n'.repeat(10)), {
	reason: 'protocol',
	phase: 'processing',
	detail: /HTTP\/2 failed|FRAME_SIZE_ERROR/,
});
test('a close before any answer', ends, socket => void socket.end(), {
	reason: 'reset',
	phase: 'processing',
	detail: /closed before any answer/,
});
test(
	'a close within the body',
	ends,
	socket => void socket.end(Buffer.concat([ok, frame(types.data, 0, 1, Buffer.from('abc'))])),
	{
		reason: 'reset',
		phase: 'transfer',
		detail: /closed within the body of the answer, 3 bytes in/,
	},
);
test('GOAWAY instead of an answer', ends, socket => void socket.end(frame(types.goaway, 0, 0, uint32(0, 11))), {
	reason: 'reset',
	phase: 'processing',
	detail: /GOAWAY, ENHANCE_YOUR_CALM/,
});
test('GOAWAY that leaves our request out', ends, socket => void socket.write(frame(types.goaway, 0, 0, uint32(0, 0))), {
	reason: 'reset',
	phase: 'processing',
	detail: /GOAWAY|REFUSED_STREAM/,
});
test(
	'GOAWAY that promises an answer, and a close',
	ends,
	socket => void socket.end(frame(types.goaway, 0, 0, uint32(1, 0))),
	{
		reason: 'reset',
		phase: 'processing',
		detail: /the server is closing the HTTP\/2 connection \(GOAWAY\)/,
	},
);
test('RST_STREAM instead of an answer', ends, socket => void socket.write(frame(types.rst, 0, 1, uint32(7))), {
	reason: 'reset',
	phase: 'processing',
	detail: /reset the request \(REFUSED_STREAM\) before any answer/,
});
for (const [name, code] of [
	['INTERNAL_ERROR', 2],
	['CANCEL', 8],
] as const)
	test(
		`RST_STREAM with ${name} within the body`,
		ends,
		socket =>
			void socket.write(
				Buffer.concat([ok, frame(types.data, 0, 1, Buffer.from('abc')), frame(types.rst, 0, 1, uint32(code))]),
			),
		{reason: 'reset', phase: 'transfer', detail: /within the (answer|body)/},
	);
test(
	'RST_STREAM that feigns an end within the body',
	ends,
	socket =>
		void socket.write(
			Buffer.concat([
				frame(types.headers, endHeaders, 1, headerBlock(200, [['content-length', '99']])),
				frame(types.data, 0, 1, Buffer.from('abc')),
				frame(types.rst, 0, 1, uint32(0)),
			]),
		),
	{reason: 'reset', phase: 'transfer', detail: /closed within the body of the answer, 3 bytes in/},
);
test(
	'fewer bytes than announced',
	ends,
	socket =>
		void socket.write(
			Buffer.concat([
				frame(types.headers, endHeaders, 1, headerBlock(200, [['content-length', '99']])),
				frame(types.data, endStream, 1, Buffer.from('abc')),
			]),
		),
	{reason: 'protocol', phase: 'transfer', detail: /PROTOCOL_ERROR within the answer/},
);
test(
	'a bomb of headers',
	ends,
	socket => {
		const block = headerBlock(
			200,
			Array.from({length: 120}, (_, at) => [`x-${at}`, 'b'.repeat(100)] as const),
		);
		socket.write(frame(types.headers, 0, 1, block));
		for (let more = 0; more < 4; more++)
			socket.write(
				frame(
					types.continuation,
					more === 3 ? endHeaders : 0,
					1,
					headerBlock(
						200,
						Array.from({length: 120}, (_, at) => [`y-${more}-${at}`, 'b'.repeat(100)] as const),
					).subarray(5),
				),
			);
	},
	{reason: 'protocol', phase: 'processing', detail: /ENHANCE_YOUR_CALM|HTTP\/2 failed/},
);
test(
	'a bomb of compressed headers',
	ends,
	socket => {
		// One entry of 3,000 bytes in the dynamic table, then named two hundred times by one byte each.
		const length = 3000;
		const entry = Buffer.concat([
			Buffer.from([0x40, 3]),
			Buffer.from('x-a'),
			Buffer.from([0x7f, ((length - 127) & 0x7f) | 0x80, (length - 127) >> 7]),
			Buffer.alloc(length, 'b'),
		]);
		const block = Buffer.concat([Buffer.from([0x88]), entry, Buffer.alloc(200, 0x80 | 62)]);
		socket.write(frame(types.headers, endHeaders | endStream, 1, block));
	},
	{
		reason: 'protocol',
		phase: 'transfer',
		detail: /ENHANCE_YOUR_CALM|more than 65536 bytes of headers|HTTP\/2 failed/,
	},
);
test(
	'a flood of CONTINUATION',
	ends,
	socket => {
		socket.write(frame(types.headers, 0, 1, headerBlock(200)));
		again(frame(types.continuation, 0, 1, Buffer.from([0, 1, 97, 1, 98])))(socket);
	},
	{reason: 'protocol', phase: 'processing', detail: /HTTP\/2|ENHANCE_YOUR_CALM/},
);
test('a flood of PING', ends, again(frame(types.ping, 0, 0, Buffer.alloc(8))), {
	reason: 'protocol',
	phase: 'processing',
	detail: /sends PING or SETTINGS again and again/,
});
test('a flood of SETTINGS', ends, again(frame(types.settings, 0, 0)), {
	reason: 'protocol',
	phase: 'processing',
	detail: /sends PING or SETTINGS again and again/,
});
test('a flood of frames that nobody knows', ends, again(frame(0x42, 0, 0, Buffer.alloc(100))), {
	reason: 'protocol',
	phase: 'processing',
	detail: /sends HTTP\/2 frames without end|HTTP\/2 failed/,
});
test('a flood of WINDOW_UPDATE', ends, again(frame(types.windowUpdate, 0, 1, uint32(1))), {
	reason: 'protocol',
	phase: 'processing',
	detail: /sends HTTP\/2 frames without end|HTTP\/2 failed/,
});
test(
	'a flood of empty DATA',
	ends,
	socket => {
		socket.write(ok);
		again(frame(types.data, 0, 1))(socket);
	},
	{reason: 'protocol', phase: 'transfer', detail: /HTTP\/2/},
);
test('a flood of interim answers', ends, again(frame(types.headers, endHeaders, 1, headerBlock(103))), {
	reason: 'protocol',
	phase: 'processing',
	detail: /more than 16 interim/,
});
test(
	'a switch of protocols that nobody asked for',
	ends,
	socket => void socket.write(frame(types.headers, endHeaders, 1, headerBlock(101))),
	{
		reason: 'protocol',
		phase: 'processing',
		detail: /101|PROTOCOL_ERROR|HTTP\/2 failed/,
	},
);
test('a body without end that keeps to the window', async t => {
	const server = await serveHttp2(t, stream => {
		stream.respond({':status': 200});
		const more = () => {
			if (!stream.destroyed) stream.write(Buffer.alloc(65_536, 'x'), more);
		};
		more();
	});

	const reading = await measure(http, `https://localhost:${server.port}/`, tls);

	isDown(t, reading, {reason: 'content', phase: 'transfer', detail: /body of more than 1048576 bytes/});
});

test('HTTP/1.1 where HTTP/2 was agreed on', async t => {
	const server = await serveTls(
		t,
		'good',
		{onConnection: socket => void socket.once('data', () => socket.end(httpAnswer('200 OK')))},
		['h2'],
	);

	const reading = await measure(http, `https://localhost:${server.port}/`, tls);

	isDown(t, reading, {reason: 'protocol', phase: 'processing', detail: /HTTP\/2 failed/});
});

test('a reset within the body', async t => {
	const server: BareServer = await serveFrames(t, socket => {
		// A reset may overtake what was sent before it: so it waits until that was answered.
		const ping = frame(types.ping, 0, 0, Buffer.alloc(8, 'p'));
		const answered = frame(types.ping, 1, 0, Buffer.alloc(8, 'p'));
		let came = Buffer.alloc(0);
		socket.on('data', (chunk: Buffer) => {
			came = Buffer.concat([came, chunk]);
			if (came.includes(answered)) server.open.forEach(plain => void plain.resetAndDestroy());
		});
		socket.write(Buffer.concat([ok, frame(types.data, 0, 1, Buffer.from('abc')), ping]));
	});

	const reading = await measure(http, `https://localhost:${server.port}/`, tls);

	isDown(t, reading, {reason: 'reset', phase: 'transfer', detail: /connection was reset|closed within the body/});
	await allClosed(server);
});

for (const certificate of ['self-signed', 'other-host', 'expired'] as const)
	test(`a certificate that is ${certificate} is judged before HTTP/2 begins`, async t => {
		const server = await serveTls(t, certificate, {}, ['h2']);

		const reading = await measure(http, `https://localhost:${server.port}/`, tls);

		t.like(reading, {ok: false, reason: 'tls', facts: {phase: 'tls'}});
	});

test('a server that chooses what was not offered', async t => {
	const server = await serveTls(t, 'good', saying(httpAnswer('200 OK')), ['spdy/1']);

	const reading = await measure(http, `https://localhost:${server.port}/`, tls);

	t.like(reading, {ok: false, reason: 'tls', facts: {phase: 'tls'}});
});

test('HTTP/2 is never spoken without TLS', async t => {
	const server = await serve(t, saying(frame(types.settings, 0, 0)));

	const reading = await measure(http, `http://127.0.0.1:${server.port}/`);

	t.like(reading, {ok: false, reason: 'protocol'});
});

test('an abort with many runs in flight leaves no connection and no listener', async t => {
	const asked = Promise.withResolvers<void>();
	let requests = 0;
	const server = await serveHttp2(t, stream => {
		stream.respond({':status': 200});
		stream.write('a');
		requests++;
		if (requests === 30) asked.resolve();
	});
	const controller = new AbortController();
	const running = Array.from({length: 30}, () =>
		measure(http, `https://localhost:${server.port}/`, tls, {signal: controller.signal}),
	);
	await asked.promise;

	controller.abort(new Error('tailprobe is ending'));

	const results = await Promise.allSettled(running);
	t.true(results.every(({status}) => status === 'rejected'));
	await t.throwsAsync(running[0] as Promise<Reading>, {message: 'tailprobe is ending'});
	await allClosed({...server, heads: [], names: []});
	t.is(getEventListeners(controller.signal, 'abort').length, 0);
});
