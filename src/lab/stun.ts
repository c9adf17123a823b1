/** A stand-in for the STUN server beside a relay: like the real one it answers only requests that name tailscale's software. */

import {createSocket, type RemoteInfo} from 'node:dgram';
import type {World} from './world.ts';

/** Starts it on a free UDP port of 127.0.0.1 and returns that. */
export function startStun(world: World): Promise<number> {
	return new Promise((resolve, reject) => {
		const socket = createSocket('udp4');
		socket.on('message', (request, from) => {
			if (world.conditions.relayAnswers && isOurs(request))
				socket.send(answerTo(request, from), from.port, from.address);
		});
		socket.once('error', reject);
		socket.bind(0, '127.0.0.1', () => {
			socket.off('error', reject).on('error', () => {});
			resolve(socket.address().port);
		});
	});
}

const cookie = 0x2112a442;
/** Type and length of the attribute SOFTWARE. */
const softwareHead = Buffer.from('80220008', 'hex');

function isOurs(request: Buffer): boolean {
	return (
		request.length >= 32 &&
		request.readUInt16BE(0) === 1 &&
		request.readUInt32BE(4) === cookie &&
		request.subarray(20, 24).equals(softwareHead) &&
		request.toString('latin1', 24, 32) === 'tailnode'
	);
}

/** A success with XOR-MAPPED-ADDRESS. */
function answerTo(request: Buffer, {address, port}: RemoteInfo): Buffer {
	const answer = Buffer.alloc(32);
	answer.writeUInt16BE(0x0101, 0);
	answer.writeUInt16BE(12, 2);
	request.copy(answer, 4, 4, 20);
	answer.writeUInt32BE(0x0020_0008, 20);
	answer.writeUInt16BE(1, 24);
	answer.writeUInt16BE(port ^ (cookie >>> 16), 26);
	for (const [index, part] of address.split('.').entries())
		answer[28 + index] = Number(part) ^ (answer[4 + index] ?? 0);
	return answer;
}
