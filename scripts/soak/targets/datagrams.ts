/** Targets over UDP: DNS and STUN. */

import {createSocket, type RemoteInfo} from 'node:dgram';
import {once} from 'node:events';
import {type Answer, decode, encode} from 'dns-packet';
import {targetCount} from '../config.ts';
import {hostOf} from '../kinds.ts';
import {kindOf} from './listen.ts';

let scale = 1;

type Answers = (request: Buffer, from: RemoteInfo) => Buffer | undefined;

export async function startDatagrams(targetScale: number): Promise<void> {
	scale = targetScale;
	const garbage = Buffer.alloc(40, 0xfe);
	await Promise.all([
		listenUdp('dns-ok', request => answerDns(request, [{type: 'A', name: 'ok.soak.test', data: '192.0.2.1'}])),
		listenUdp('dns-silent', () => undefined),
		listenUdp('dns-garbage', () => garbage),
		listenUdp('dns-other-id', request => withOtherId(answerDns(request, []))),
		listenUdp('dns-no-such-name', request => answerDns(request, [], 3)),
		listenUdp('stun-ok', bindingSuccess),
		listenUdp('stun-silent', () => undefined),
		listenUdp('stun-garbage', () => garbage),
	]);
}

/** One socket per target: what is bound to all addresses answers from its first, and nobody takes that for the answer. */
async function listenUdp(name: string, answers: Answers): Promise<void> {
	const kind = kindOf(name);
	const hosts = Array.from({length: targetCount(kind, scale)}, (_, at) => hostOf(kind, at));
	await Promise.all(hosts.map(host => listenOn(kind.port, host, answers)));
}

export async function listenOn(port: number, address: string, answers: Answers): Promise<void> {
	const socket = createSocket('udp4');
	socket.on('message', (request, from) => {
		const answer = answers(request, from);
		if (answer) socket.send(answer, from.port, from.address, () => {});
	});
	socket.on('error', () => {});
	socket.bind(port, address);
	await once(socket, 'listening');
}

export function answerDns(request: Buffer, answers: readonly Answer[], rcode = 0): Buffer | undefined {
	try {
		const {id, questions = []} = decode(request);
		return encode({type: 'response', id: id ?? 0, flags: 0x0180 | rcode, questions, answers: [...answers]});
	} catch {
		return undefined;
	}
}

function withOtherId(answer: Buffer | undefined): Buffer | undefined {
	answer?.writeUInt16BE((answer.readUInt16BE(0) + 1) & 0xffff, 0);
	return answer;
}

function bindingSuccess(request: Buffer, {address, port}: RemoteInfo): Buffer | undefined {
	if (request.length < 20 || request.readUInt16BE(0) !== 1) return undefined;
	const answer = Buffer.alloc(32);
	request.copy(answer, 0, 0, 20);
	answer.writeUInt16BE(0x0101, 0);
	answer.writeUInt16BE(12, 2);
	answer.writeUInt16BE(0x0020, 20);
	answer.writeUInt16BE(8, 22);
	answer.writeUInt16BE(1, 24);
	answer.writeUInt16BE(port ^ request.readUInt16BE(4), 26);
	for (const [at, part] of address.split('.').entries()) answer[28 + at] = Number(part) ^ (request[4 + at] ?? 0);
	return answer;
}
