/** Listeners of the kinds, on every address. */

import {once} from 'node:events';
import {createServer, type Server, type Socket} from 'node:net';
import {type Kind, kinds} from '../kinds.ts';

export function kindOf(name: string): Kind {
	const kind = kinds.find(candidate => candidate.name === name);
	if (!kind) throw new TypeError(`there is no kind ${name}`);
	return kind;
}

export function portOf(name: string): number {
	return kindOf(name).port;
}

/** A TCP server; errors of its connections are what this is about, so nobody is told. */
export async function listenTcp(port: number, onConnection: (socket: Socket) => void): Promise<void> {
	const server = createServer({noDelay: true}, socket => {
		socket.on('error', () => {});
		onConnection(socket);
	});
	await listening(server, port);
}

export async function listening(server: Server, port: number): Promise<void> {
	server.listen({port, host: '0.0.0.0', backlog: 4096});
	await once(server, 'listening');
}

/** Writes again and again until the other side is gone; rests while it does not read. */
export function pour(
	socket: Pick<Socket, 'write' | 'on' | 'destroyed'>,
	everyMs: number,
	piece: () => string | Buffer,
): void {
	const timer = setInterval(() => {
		if (socket.destroyed) clearInterval(timer);
		else socket.write(piece());
	}, everyMs);
	socket.on('close', () => clearInterval(timer));
}
