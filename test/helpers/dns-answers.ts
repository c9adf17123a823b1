/** DNS servers on loopback that say exactly the bytes a test wants, over UDP and TCP on one port, and are gone when it ends. */

import {createSocket, type RemoteInfo} from 'node:dgram';
import {once} from 'node:events';
import {type AddressInfo, createServer, type Socket} from 'node:net';
import type {ExecutionContext} from 'ava';
import dnsPacket, {type Answer} from 'dns-packet';

export interface DnsAnswers {
	port: number;
	/** Questions that came as datagrams, and over connections. */
	datagrams: Buffer[];
	overTcp: Buffer[];
	/** Connections that are open now. */
	open: Set<Socket>;
	send(datagram: Buffer, to: RemoteInfo): void;
}

export interface DnsManners {
	/** Datagrams to send back, in order. */
	onDatagram?: (question: Buffer, from: RemoteInfo) => readonly Buffer[];
	/** Called when a question is complete. */
	onStream?: (socket: Socket, question: Buffer) => void;
}

export async function serveDns(t: ExecutionContext, manners: DnsManners): Promise<DnsAnswers> {
	const served: DnsAnswers = {port: 0, datagrams: [], overTcp: [], open: new Set(), send};
	const tcp = createServer(socket => {
		served.open.add(socket);
		socket.on('close', () => served.open.delete(socket)).on('error', () => {});
		let pending = Buffer.alloc(0);
		socket.on('data', (chunk: Buffer) => {
			pending = Buffer.concat([pending, chunk]);
			if (pending.length < 2 || pending.length < 2 + pending.readUInt16BE()) return;
			const question = pending.subarray(2);
			served.overTcp.push(question);
			manners.onStream?.(socket, question);
		});
	});
	tcp.listen(0, '127.0.0.1');
	await once(tcp, 'listening');
	served.port = (tcp.address() as AddressInfo).port;
	const udp = createSocket('udp4');
	udp.on('message', (question, from) => {
		served.datagrams.push(question);
		for (const datagram of manners.onDatagram?.(question, from) ?? []) udp.send(datagram, from.port, from.address);
	});
	udp.bind(served.port, '127.0.0.1');
	await once(udp, 'listening');
	t.teardown(() => {
		for (const socket of served.open) socket.destroy();
		tcp.close();
		udp.close();
	});
	return served;

	function send(datagram: Buffer, to: RemoteInfo): void {
		udp.send(datagram, to.port, to.address);
	}
}

/** Answers every question, over UDP and TCP, with these records. */
export function serving(
	t: ExecutionContext,
	answers: readonly Answer[],
	over: Partial<dnsPacket.Packet> = {},
): Promise<DnsAnswers> {
	return serveDns(t, {
		onDatagram: question => [answerTo(question, answers, over)],
		onStream: (socket, question) => void socket.write(framed(answerTo(question, answers, over))),
	});
}

/** A proper answer to the question; made by another implementation than ours. */
export function answerTo(question: Buffer, answers: readonly Answer[], over: Partial<dnsPacket.Packet> = {}): Buffer {
	const {id, questions} = dnsPacket.decode(question);
	return dnsPacket.encode({
		type: 'response',
		id: id ?? 0,
		flags: dnsPacket.RECURSION_DESIRED | dnsPacket.RECURSION_AVAILABLE,
		questions: questions ?? [],
		answers: [...answers],
		...over,
	});
}

/** An answer with records as raw bytes behind the question. */
export function rawAnswer(question: Buffer, count: number, records: Buffer): Buffer {
	const head = Buffer.from(question);
	head.writeUInt16BE(0x8180, 2);
	head.writeUInt16BE(count, 6);
	return Buffer.concat([head, records]);
}

/** With its length before it, as it goes over a connection. */
export function framed(message: Buffer): Buffer {
	const length = Buffer.alloc(2);
	length.writeUInt16BE(message.length);
	return Buffer.concat([length, message]);
}

/** Resolves when we let go of every connection. */
export async function allLetGo({open}: DnsAnswers): Promise<void> {
	await Promise.all([...open].map(socket => new Promise(resolve => socket.on('close', resolve))));
}
