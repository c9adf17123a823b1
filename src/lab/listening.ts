/** Servers on loopback: which port they get, and how they are closed and opened again. */

import type {Server as HttpServer} from 'node:http';
import type {Server, Socket} from 'node:net';
import {UserError} from '../util/errors.ts';

/** Servers on addresses of their own listen on one port: the wanted one, or any that is free where it is taken or 0. Returns it. */
export async function listenTogether(
	members: readonly {server: Server; address: string}[],
	wantedPort: number,
): Promise<number> {
	for (let attempt = 0, port = wantedPort; ; attempt++) {
		const open: Server[] = [];
		try {
			for (const {server, address} of members) {
				port = await listen(server, address, port);
				open.push(server);
			}
			return port;
		} catch (error) {
			await Promise.all(open.map(server => new Promise(resolve => server.close(resolve))));
			if (!isTaken(error) || attempt === 20) throw error;
			port = 0;
		}
	}
}

/** Listens; throws a UserError with advice where the address does not exist on this machine. */
export function listen(server: Server, address: string, port: number): Promise<number> {
	return new Promise((resolve, reject) => {
		const fail = (error: NodeJS.ErrnoException) => {
			reject(error.code === 'EADDRNOTAVAIL' ? new UserError(adviceFor(address), 69) : error);
		};
		server.once('error', fail);
		server.listen({host: address, port}, () => {
			server.off('error', fail);
			const bound = server.address();
			resolve(typeof bound === 'object' && bound ? bound.port : port);
		});
	});
}

/** Stops listening and ends every connection. */
export async function closeHttp(server: HttpServer): Promise<void> {
	if (!server.listening) return;
	const closed = new Promise(resolve => server.close(resolve));
	server.closeAllConnections();
	// It knows nothing of connections that asked for an upgrade and were left waiting, and would wait for them.
	for (const socket of socketsOf.get(server) ?? []) socket.destroy();
	await closed;
}

const socketsOf = new WeakMap<Server, Set<Socket>>();

/** To be called before it listens: then `closeHttp` ends all of its connections. */
export function keepSockets(server: HttpServer): void {
	const sockets = new Set<Socket>();
	socketsOf.set(server, sockets);
	server.on('connection', (socket: Socket) => {
		sockets.add(socket);
		socket.once('close', () => sockets.delete(socket));
	});
}

function isTaken(error: unknown): boolean {
	const {code} = error as NodeJS.ErrnoException;
	return code === 'EADDRINUSE' || code === 'EACCES';
}

function adviceFor(address: string): string {
	return (
		`The lab needs the loopback addresses 127.77.0.1 to 127.77.0.4, and this machine does not have ${address}. ` +
		'Linux has them all; on macOS run `for n in 1 2 3 4; do sudo ifconfig lo0 alias 127.77.0.$n; done` once after a restart of the machine.'
	);
}
