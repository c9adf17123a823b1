/** The two paths of a DERP relay on loopback, in the words of headscale's, until a test says otherwise. */

import type {Socket} from 'node:net';
import type {ExecutionContext} from 'ava';
import {type BareServer, type CertificateName, httpAnswer, serve, serveTls} from './servers.ts';

export interface DerpManners {
	/** Answers the path for latency. */
	onProbe?: (socket: Socket) => void;
	/** Answers the upgrade. */
	onUpgrade?: (socket: Socket) => void;
}

/** With a certificate over TLS, without one in the clear. */
export function serveDerp(
	t: ExecutionContext,
	{onProbe = socket => void socket.end(probeAnswer), onUpgrade = greet}: DerpManners = {},
	certificate?: CertificateName,
): Promise<BareServer> {
	const manners = {
		onHead(socket: Socket, head: string) {
			const asksForMore = /^upgrade: derp\r$/im.test(head) && /^connection: upgrade\r$/im.test(head);
			if (head.startsWith('GET /derp/probe ')) onProbe(socket);
			else if (!head.startsWith('GET /derp ')) socket.end(httpAnswer('404 Not Found', '404 page not found\n'));
			else if (asksForMore) onUpgrade(socket);
			else socket.end(needsUpgrade);
		},
	};
	return certificate === undefined ? serve(t, manners) : serveTls(t, certificate, manners);
}

export const probeAnswer = httpAnswer('200 OK', '', ['Access-Control-Allow-Origin: *']);
export const needsUpgrade = httpAnswer('426 Upgrade Required', 'DERP requires connection upgrade');
export const switching =
	'HTTP/1.1 101 Switching Protocols\r\nUpgrade: DERP\r\nConnection: Upgrade\r\nDerp-Version: 2\r\nDerp-Public-Key: nodekey:00\r\n\r\n';

export function greet(socket: Socket): void {
	socket.write(switching);
	socket.write(serverKey());
}

export function serverKey(): Buffer {
	return frame(1, Buffer.concat([Buffer.from('DERP🔑'), Buffer.alloc(32, 0xab)]));
}

export function frame(type: number, body: Buffer, length = body.length): Buffer {
	const head = Buffer.alloc(5);
	head[0] = type;
	head.writeUInt32BE(length, 1);
	return Buffer.concat([head, body]);
}
