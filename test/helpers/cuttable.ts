/** A way between two ends on loopback that a test can cut and mend. */

import {once} from 'node:events';
import {type AddressInfo, connect, createServer, type Socket} from 'node:net';
import type {ExecutionContext} from 'ava';

export interface Cuttable {
	port: number;
	/** Breaks what is open and refuses what comes, until it is mended. */
	cut(): void;
	mend(): void;
}

/** Passes connections on to that port until the test ends. */
export async function startCuttable(t: ExecutionContext, to: number): Promise<Cuttable> {
	const sockets = new Set<Socket>();
	let isCut = false;
	const server = createServer(client => {
		keep(client);
		if (isCut) {
			client.destroy();
			return;
		}
		const target = connect({host: '127.0.0.1', port: to});
		keep(target);
		client.on('close', () => target.destroy());
		target.on('close', () => client.destroy());
		client.pipe(target).pipe(client);
	});
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	t.teardown(() => {
		for (const socket of sockets) socket.destroy();
		server.close();
	});
	return {
		port: (server.address() as AddressInfo).port,
		cut() {
			isCut = true;
			for (const socket of sockets) socket.destroy();
		},
		mend() {
			isCut = false;
		},
	};

	function keep(socket: Socket): void {
		sockets.add(socket);
		socket.on('error', () => {}).on('close', () => sockets.delete(socket));
	}
}
