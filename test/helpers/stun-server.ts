/** A STUN server on loopback: it answers only what the servers of headscale and derper answer, until a test says otherwise. */

import {createSocket, type RemoteInfo} from 'node:dgram';
import {once} from 'node:events';
import type {AddressInfo} from 'node:net';
import {crc32} from 'node:zlib';
import type {ExecutionContext} from 'ava';

export interface StunServer {
	port: number;
	/** Datagrams that came. */
	requests: Buffer[];
	/** Of those, the ones with which nothing was wrong. */
	proper: number;
}

export type StunAnswers = (request: Buffer, from: RemoteInfo, nth: number) => readonly Buffer[];

export async function serveStun(t: ExecutionContext, answers: StunAnswers = properly): Promise<StunServer> {
	const server: StunServer = {port: 0, requests: [], proper: 0};
	const socket = createSocket('udp4');
	socket.on('message', (request, from) => {
		server.requests.push(request);
		if (isProper(request)) server.proper++;
		for (const answer of answers(request, from, server.requests.length)) socket.send(answer, from.port, from.address);
	});
	socket.bind(0, '127.0.0.1');
	await once(socket, 'listening');
	server.port = (socket.address() as AddressInfo).port;
	t.teardown(() => void socket.close());
	return server;
}

/** The answer of the real ones. */
export function properly(request: Buffer, from: RemoteInfo): Buffer[] {
	return isProper(request) ? [success(request, xorMapped(request, from))] : [];
}

/** A success with these attributes, its length and id right. */
export function success(request: Buffer, attributes: Buffer, type = 0x0101): Buffer {
	const head = Buffer.from(request.subarray(0, 20));
	head.writeUInt16BE(type, 0);
	head.writeUInt16BE(attributes.length, 2);
	return Buffer.concat([head, attributes]);
}

export function attribute(type: number, value: Buffer): Buffer {
	const head = Buffer.alloc(4);
	head.writeUInt16BE(type, 0);
	head.writeUInt16BE(value.length, 2);
	return Buffer.concat([head, value, Buffer.alloc((4 - (value.length % 4)) % 4)]);
}

export function xorMapped(request: Buffer, {address, port}: Pick<RemoteInfo, 'address' | 'port'>): Buffer {
	const value = Buffer.from([0, 1, port >> 8, port & 0xff, ...address.split('.').map(Number)]);
	for (const [at, mask] of [4, 5].entries()) value[2 + at] = (value[2 + at] ?? 0) ^ (request[mask] ?? 0);
	for (let at = 0; at < 4; at++) value[4 + at] = (value[4 + at] ?? 0) ^ (request[4 + at] ?? 0);
	return attribute(0x0020, value);
}

/** The fingerprint of the message once it has that attribute behind it. */
export function withFingerprint(message: Buffer): Buffer {
	const longer = Buffer.from(message);
	longer.writeUInt16BE(message.length - 20 + 8, 2);
	const value = Buffer.alloc(4);
	value.writeUInt32BE((crc32(longer) ^ 0x5354554e) >>> 0);
	return Buffer.concat([longer, attribute(0x8028, value)]);
}

function isProper(request: Buffer): boolean {
	return (
		request.length === 40 &&
		request.readUInt16BE(0) === 1 &&
		request.readUInt32BE(4) === 0x2112a442 &&
		request.subarray(20, 32).equals(attribute(0x8022, Buffer.from('tailnode'))) &&
		request.equals(withFingerprint(request.subarray(0, 32)))
	);
}
