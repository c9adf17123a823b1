import type {Socket} from 'node:net';
import test, {type ExecutionContext} from 'ava';
import {ws} from '../../../src/probes/ws.ts';
import {isDown, measure} from '../../helpers/probing.ts';
import {allClosed, httpAnswer, sendInPieces, serve} from '../../helpers/servers.ts';
import {serveFrames, upgradeAnswer} from '../../helpers/websocket-servers.ts';

const upgradesBadly = test.macro(
	async (t: ExecutionContext, headers: Record<string, string | undefined>, detail: RegExp, options: object = {}) => {
		const server = await serve(t, {onHead: (socket, head) => void socket.write(upgradeAnswer(head, headers))});

		const reading = await measure(ws, `ws://127.0.0.1:${server.port}/`, {...options});

		isDown(t, reading, {reason: 'protocol', phase: 'processing', detail});
		t.like(reading.values, {status_code: 101, upgraded: 0});
		await allClosed(server);
	},
);

test('101 without Upgrade', upgradesBadly, {Upgrade: undefined}, /switched protocols, but Upgrade is missing$/);
test('101 to another protocol', upgradesBadly, {Upgrade: 'h2c'}, /but Upgrade is "h2c"$/);
test('101 without Connection', upgradesBadly, {Connection: 'close'}, /but Connection does not say Upgrade$/);
test('101 without a proof', upgradesBadly, {'Sec-WebSocket-Accept': undefined}, /Sec-WebSocket-Accept is missing$/);
test(
	'101 with the proof for another key',
	upgradesBadly,
	{'Sec-WebSocket-Accept': 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='},
	/is not the one that belongs to our key/,
);
test(
	'101 with an extension that was not offered',
	upgradesBadly,
	{'Sec-WebSocket-Extensions': 'permessage-deflate'},
	/uses an extension that was not offered: "permessage-deflate"$/,
);
test(
	'101 with a subprotocol that was not offered',
	upgradesBadly,
	{'Sec-WebSocket-Protocol': 'chat\u001b'.slice(0, 4)},
	/it takes the subprotocol "chat", which was not offered$/,
);
test(
	'101 without any of the subprotocols that were offered',
	upgradesBadly,
	{},
	/but the subprotocol that was offered was not taken$/,
	{subprotocols: ['chat']},
);
test(
	'101 without any of several subprotocols',
	upgradesBadly,
	{},
	/but none of the 2 subprotocols that were offered was taken$/,
	{subprotocols: ['chat', 'bearer.hunter2']},
);
test(
	'101 with all the subprotocols that were offered, in one header',
	upgradesBadly,
	{'Sec-WebSocket-Protocol': 'chat, bearer.hunter2'},
	/but it takes the subprotocol, which was not offered$/,
	{subprotocols: ['chat', 'bearer.hunter2']},
);

test('an answer of HTTP/1.0 that upgrades is still judged by its headers', async t => {
	const server = await serve(t, {onHead: socket => void socket.write('HTTP/1.0 101 OK\r\n\r\n')});

	const reading = await measure(ws, `ws://127.0.0.1:${server.port}/`);

	isDown(t, reading, {reason: 'protocol', phase: 'processing', detail: /Upgrade is missing/});
});

test('an ordinary page is a status', async t => {
	const server = await serve(t, {onHead: socket => void sendInPieces(socket, httpAnswer('200 OK', 'hello'), 7)});

	isDown(t, await measure(ws, `ws://127.0.0.1:${server.port}/`), {
		reason: 'status',
		phase: 'processing',
		detail: /answered 200 OK/,
	});
});

const answersBadly = test.macro(
	async (t: ExecutionContext, answer: (socket: Socket) => void, reason: 'protocol' | 'reset', detail: RegExp) => {
		const server = await serve(t, {onHead: answer});

		const reading = await measure(ws, `ws://127.0.0.1:${server.port}/`);

		isDown(t, reading, {reason, phase: 'processing', detail});
		await allClosed(server);
	},
);

test(
	'garbage instead of an answer',
	answersBadly,
	socket => socket.write('\u0000\u0001rubbish\r\n\r\n'),
	'protocol',
	/is not HTTP\/1/,
);
test(
	'headers without end',
	answersBadly,
	socket => socket.write(`HTTP/1.1 101 OK\r\nA: ${'x'.repeat(70_000)}`),
	'protocol',
	/more than 65536 bytes of headers/,
);
test('a close instead of an answer', answersBadly, socket => socket.end(), 'reset', /closed before any answer/);
test(
	'a reset instead of an answer',
	answersBadly,
	socket => socket.resetAndDestroy(),
	'reset',
	/the connection was reset/,
);
test(
	'a close within the headers',
	answersBadly,
	socket => socket.end('HTTP/1.1 101 Sw'),
	'reset',
	/closed within the headers/,
);

const misbehaves = test.macro(
	async (
		t: ExecutionContext,
		then: (socket: Socket) => void,
		reason: 'protocol' | 'reset' | 'content',
		detail: RegExp,
		options: object = {expect: '^never$'},
	) => {
		const server = await serveFrames(t, then);

		const reading = await measure(ws, `ws://127.0.0.1:${server.port}/`, {...options});

		isDown(t, reading, {reason, phase: 'transfer', detail});
		await allClosed(server);
	},
);

const frame = (...bytes: number[]) => Buffer.from(bytes);
const ended = 'the server broke the rules of WebSocket frames: ';

test('garbage after 101', misbehaves, socket => socket.write('HTTP/1.1 200 OK\r\n'), 'protocol', new RegExp(ended));
test('reserved bits', misbehaves, socket => socket.write(frame(0xf1, 0)), 'protocol', /RSV2 and RSV3 must be clear/);
test(
	'compression that was not agreed on',
	misbehaves,
	socket => socket.write(frame(0xc1, 0)),
	'protocol',
	/RSV1 must be clear/,
);
test(
	'an opcode that nobody defined',
	misbehaves,
	socket => socket.write(frame(0x83, 0)),
	'protocol',
	/invalid opcode 3/,
);
test(
	'frames that are masked',
	misbehaves,
	socket => socket.write(frame(0x81, 0x81, 1, 2, 3, 4, 5)),
	'protocol',
	/MASK must be clear/,
);
test('a continuation of nothing', misbehaves, socket => socket.write(frame(0x80, 0)), 'protocol', /invalid opcode 0/);
test('a ping in pieces', misbehaves, socket => socket.write(frame(0x09, 0)), 'protocol', /FIN must be set/);
test(
	'a ping that is too long',
	misbehaves,
	socket => socket.write(frame(0x89, 126, 0, 126)),
	'protocol',
	/invalid payload length 126/,
);
test('text that is none', misbehaves, socket => socket.write(frame(0x81, 2, 0xc3, 0x28)), 'protocol', /invalid UTF-8/);
test(
	'a frame that says it is huge',
	misbehaves,
	socket => socket.write(frame(0x82, 127, 0, 0, 0, 1, 0, 0, 0, 0)),
	'content',
	/more than 65536 bytes in one message/,
);
test(
	'a length beyond all numbers',
	misbehaves,
	socket => socket.write(frame(0x82, 127, 255, 255, 255, 255, 255, 255, 255, 255)),
	'protocol',
	/payload length > 2\^53/,
);
test(
	'a message in pieces without end',
	misbehaves,
	socket => socket.write(Buffer.concat([frame(0x01, 1, 97), ...Array<Buffer>(2000).fill(frame(0x00, 1, 97))])),
	'content',
	/more than 1000 pieces of one message/,
);
test(
	'empty pieces without end',
	misbehaves,
	socket => socket.write(Buffer.concat([frame(0x01, 0), ...Array<Buffer>(5000).fill(frame(0x00, 0))])),
	'content',
	/more than 1000 pieces of one message/,
);
test(
	'a flood of pings',
	misbehaves,
	socket => socket.write(Buffer.concat(Array<Buffer>(10_000).fill(frame(0x89, 0)))),
	'content',
	/more than 100 pings/,
);
test(
	'a flood of messages',
	misbehaves,
	socket => socket.write(Buffer.concat(Array<Buffer>(10_000).fill(frame(0x81, 1, 97)))),
	'content',
	/more than 100 messages; 100 messages came without a match of "\^never\$", the last one "a"$/,
);
test(
	'megabytes of large messages',
	misbehaves,
	socket => {
		const large = Buffer.concat([frame(0x82, 126, 0xff, 0xff), Buffer.alloc(65_535)]);
		for (let at = 0; at < 160; at++) socket.write(large);
	},
	'content',
	/more than 262144 bytes/,
);
test('a close without a closing frame', misbehaves, socket => socket.end(), 'reset', /closed without a closing frame$/);
test(
	'a reset',
	misbehaves,
	socket => setTimeout(() => socket.resetAndDestroy(), 50),
	'reset',
	/the connection was reset$/,
);
test(
	'a closing frame with a code and a reason',
	misbehaves,
	socket => socket.write(Buffer.concat([frame(0x88, 7, 0x03, 0xf0), Buffer.from('a\u001bb!!')])),
	'protocol',
	/the server closed the WebSocket with code 1008 \("a b!!"\)$/,
);
test(
	'a closing frame without a code',
	misbehaves,
	socket => socket.write(frame(0x88, 0)),
	'protocol',
	/without a code$/,
);
test(
	'a code that is none',
	misbehaves,
	socket => socket.write(frame(0x88, 2, 0, 5)),
	'protocol',
	/invalid status code 5/,
);
test(
	'a wrong message and then a goodbye',
	misbehaves,
	socket => socket.write(Buffer.concat([frame(0x81, 4), Buffer.from('busy'), frame(0x88, 0)])),
	'content',
	/one message came without a match of "\^never\$", the last one "busy"$/,
);
test(
	'a pong that answers another ping is passed over',
	misbehaves,
	socket => socket.end(frame(0x8a, 3, 1, 2, 3)),
	'reset',
	/closed without a closing frame$/,
	{ping: true},
);

test('what was sent is not told when the server says it again', async t => {
	const server = await serveFrames(t, socket => {
		socket.write(Buffer.concat([frame(0x81, 7), Buffer.from('hunter2'), frame(0x88, 0)]));
	});

	const reading = await measure(ws, `ws://127.0.0.1:${server.port}/`, {send: 'hunter2', expect: '^ok$'});

	t.is(reading.reason, 'content');
	t.notRegex(JSON.stringify(reading), /hunter2/);
});

test('a server that does not say goodbye holds nothing up', async t => {
	const server = await serveFrames(t, () => {});

	const reading = await measure(ws, `ws://127.0.0.1:${server.port}/`);

	t.true(reading.ok, reading.detail);
	await allClosed(server);
});
