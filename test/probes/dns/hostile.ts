/** What a DNS server, or somebody who answers in its place, may do to us. */

import {createSocket} from 'node:dgram';
import {once} from 'node:events';
import test from 'ava';
import type {Answer} from 'dns-packet';
import {dns} from '../../../src/probes/dns.ts';
import {allLetGo, answerTo, type DnsAnswers, framed, rawAnswer, serveDns} from '../../helpers/dns-answers.ts';
import {isDown, measure, type Wanted} from '../../helpers/probing.ts';

const right: Answer = {type: 'A', name: 'x.test', ttl: 1, data: '192.0.2.1'};
const wrong: Answer = {type: 'A', name: 'x.test', ttl: 1, data: '203.0.113.66'};

const isPassedOver = test.macro(async (t, forge: (question: Buffer) => Buffer) => {
	const server = await serveDns(t, {onDatagram: question => [forge(question), answerTo(question, [right])]});

	const reading = await measure(dns, `dns://127.0.0.1:${server.port}/x.test`);

	t.true(reading.ok, reading.detail);
	t.is(reading.facts.answer, '192.0.2.1');
});

test('a forged id', isPassedOver, question =>
	answerTo(question, [wrong], {id: (question.readUInt16BE(0) + 1) % 65_536}),
);
test('another question', isPassedOver, question =>
	answerTo(question, [wrong], {questions: [{type: 'A', name: 'y.test', class: 'IN'}]}),
);
test('another type', isPassedOver, question =>
	answerTo(question, [wrong], {questions: [{type: 'AAAA', name: 'x.test', class: 'IN'}]}),
);
test('our own question come back', isPassedOver, question => question);
test('noise', isPassedOver, () => Buffer.from('SSH-2.0-OpenSSH_9.2p1\r\n'));
test('an empty datagram', isPassedOver, () => Buffer.alloc(0));

test('an answer from another port is never seen', async t => {
	const forger = createSocket('udp4');
	forger.bind(0, '127.0.0.1');
	await once(forger, 'listening');
	t.teardown(() => void forger.close());
	const server: DnsAnswers = await serveDns(t, {
		onDatagram(question, from) {
			forger.send(answerTo(question, [wrong]), from.port, from.address, () =>
				server.send(answerTo(question, [right]), from),
			);
			return [];
		},
	});

	const reading = await measure(dns, `dns://127.0.0.1:${server.port}/x.test`);

	t.is(reading.facts.answer, '192.0.2.1', reading.detail);
});

test('nothing but forged answers is garbage, not an answer', async t => {
	const server = await serveDns(t, {
		onDatagram: question => Array.from({length: 20}, () => answerTo(question, [wrong], {id: 1})),
	});

	const reading = await measure(dns, `dns://127.0.0.1:${server.port}/x.test`, {}, {place: {timeoutMs: 200}});

	isDown(t, reading, {reason: 'protocol', phase: 'processing', detail: /20 datagrams came, and none of them answered/});
	t.false('answer' in reading.facts);
});

test('silence is a timeout that says so before the deadline', async t => {
	const server = await serveDns(t, {});

	const reading = await measure(dns, `dns://127.0.0.1:${server.port}/x.test`, {}, {place: {timeoutMs: 200}});

	isDown(t, reading, {
		reason: 'timeout',
		phase: 'processing',
		detail: /no answer came: the question or the answer was lost/,
	});
});

const breaks = test.macro(async (t, answer: (question: Buffer) => Buffer, wanted: Wanted) => {
	const server = await serveDns(t, {onDatagram: question => [answer(question)]});

	const reading = await measure(dns, `dns://127.0.0.1:${server.port}/x.test`);

	isDown(t, reading, wanted);
});

test('a loop of pointers', breaks, question => rawAnswer(question, 1, pointingTo(question.length)), {
	reason: 'protocol',
	phase: 'processing',
	detail: /waiting for the answer of 127\.0\.0\.1: the answer is malformed: a name points in circles/,
});
test('records that are promised and do not come', breaks, question => rawAnswer(question, 9, Buffer.alloc(0)), {
	reason: 'protocol',
	phase: 'processing',
	detail: /malformed: it ends within a name/,
});
test('65535 records', breaks, question => rawAnswer(question, 65_535, Buffer.alloc(60_000)), {
	reason: 'protocol',
	phase: 'processing',
	detail: /has 65535 records; at most 1000 are read/,
});

const judgesText = test.macro(async (t, records: number, letter: string, detail: RegExp | undefined) => {
	const text: Answer = {type: 'TXT', name: 'x.test', ttl: 1, data: Array(2).fill(Buffer.alloc(255, letter, 'latin1'))};
	const server = await serveDns(t, {
		onStream: (socket, question) => void socket.write(framed(answerTo(question, Array(records).fill(text)))),
	});
	const options = {transport_protocol: 'tcp', validate_answer_rrs: {fail_if_matches_regexp: ['(a+)+b']}};

	const reading = await measure(dns, `dns://127.0.0.1:${server.port}/x.test`, options);

	if (detail) isDown(t, reading, {reason: 'content', phase: 'processing', detail});
	else t.true(reading.ok, reading.detail);
});

test('long records against a pattern that explodes elsewhere', judgesText, 110, 'a', undefined);
test('more text than is judged', judgesText, 110, '\xff', /more than 65536 characters of answer records/);

const breaksTcp = test.macro(
	async (t, say: (question: Buffer) => {bytes: Buffer; close?: 'end' | 'reset'}, wanted: Wanted) => {
		const server = await serveDns(t, {
			onStream(socket, question) {
				const {bytes, close} = say(question);
				socket.write(bytes, () => {
					if (close === 'end') socket.end();
					if (close === 'reset') setTimeout(() => socket.resetAndDestroy(), 20);
				});
			},
		});

		const reading = await measure(dns, `dns://127.0.0.1:${server.port}/x.test`, {transport_protocol: 'tcp'});

		isDown(t, reading, wanted);
		await allLetGo(server);
	},
);

test(
	'a length that is longer than what comes',
	breaksTcp,
	question => ({bytes: Buffer.concat([Buffer.from([0xff, 0xff]), answerTo(question, [right])]), close: 'end'}),
	{reason: 'reset', phase: 'processing', detail: /closed within the answer: \d+ of 65535 bytes came/},
);
test(
	'a length that is shorter than what comes',
	breaksTcp,
	question => ({bytes: Buffer.concat([Buffer.from([0, 30]), answerTo(question, [right])])}),
	{reason: 'protocol', phase: 'processing', detail: /the answer is malformed/},
);
test('a length of nothing', breaksTcp, () => ({bytes: Buffer.from([0, 0])}), {
	reason: 'protocol',
	phase: 'processing',
	detail: /says that it is 0 bytes long/,
});
test('a web server', breaksTcp, () => ({bytes: Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')}), {
	reason: 'protocol',
	phase: 'processing',
	detail: /the port answers in HTTP, not in DNS/,
});
test('a close before any answer', breaksTcp, () => ({bytes: Buffer.alloc(0), close: 'end'}), {
	reason: 'reset',
	phase: 'processing',
	detail: /closed before any answer/,
});
test('a reset within the answer', breaksTcp, () => ({bytes: Buffer.from([1, 0, 9]), close: 'reset'}), {
	reason: 'reset',
	phase: 'processing',
	detail: /reset|closed within/,
});
test(
	'an answer to another question',
	breaksTcp,
	question => ({bytes: framed(answerTo(question, [right], {id: (question.readUInt16BE(0) + 1) % 65_536}))}),
	{reason: 'protocol', phase: 'processing', detail: /the answer is to another question/},
);
test(
	'an answer that is cut short although it may be long',
	breaksTcp,
	question => ({bytes: framed(answerTo(question, [], {flags: 0x0200}))}),
	{reason: 'protocol', phase: 'processing', detail: /cut short, although it came over TCP/},
);

test('an answer that comes byte by byte is read', async t => {
	const server = await serveDns(t, {
		onStream(socket, question) {
			const bytes = framed(answerTo(question, [right]));
			let sent = 0;
			const timer = setInterval(() => {
				if (sent < bytes.length) socket.write(bytes.subarray(sent, ++sent));
				else clearInterval(timer);
			}, 1);
			socket.on('close', () => clearInterval(timer));
		},
	});

	const reading = await measure(dns, `dns://127.0.0.1:${server.port}/x.test`, {transport_protocol: 'tcp'});

	t.is(reading.facts.answer, '192.0.2.1', reading.detail);
});

test('a deadline within a slow answer is a timeout and leaves no connection', async t => {
	const deadline = new AbortController();
	const server = await serveDns(t, {
		onStream: socket =>
			void socket.write(Buffer.from([1]), () =>
				deadline.abort(new DOMException('the deadline passed', 'TimeoutError')),
			),
	});

	const reading = await measure(
		dns,
		`dns://127.0.0.1:${server.port}/x.test`,
		{transport_protocol: 'tcp'},
		{signal: deadline.signal},
	);

	isDown(t, reading, {reason: 'timeout', phase: 'processing', detail: /was not done at the deadline/});
	await allLetGo(server);
});

function pointingTo(offset: number): Buffer {
	const record = Buffer.alloc(16);
	record.writeUInt16BE(0xc000 | offset, 0);
	record.writeUInt16BE(1, 2);
	record.writeUInt16BE(1, 4);
	record.writeUInt16BE(4, 10);
	return record;
}
