/**
 * Bounds on the connections to an agent. Strangers (who have proved nothing yet) have few places and little time, and it is always the
 * oldest of them that goes: whoever opens many takes no place from the daemon, whose connections are known.
 */

import type {Server} from 'node:http';
import type {Socket} from 'node:net';

export interface AgentConnections {
	watch(server: Server): void;
	/** Something was proved on it. */
	know(socket: Socket): void;
	destroyAll(): void;
}

const maxStrangers = 64;
const maxKnown = 160;
/** From the beginning of a connection to its first proof; a daemon says hello and then asks, over the same one. */
const strangerMs = 10_000;

export function boundAgentConnections(): AgentConnections {
	/** In the order in which they came. */
	const strangers = new Map<Socket, NodeJS.Timeout>();
	const known = new Set<Socket>();

	return {
		watch(server) {
			server.on('connection', (socket: Socket) => {
				const timer = setTimeout(() => socket.destroy(), strangerMs);
				strangers.set(socket, timer);
				socket.once('close', () => forget(socket));
				if (strangers.size > maxStrangers) destroyOldest(strangers.keys());
			});
		},
		know(socket) {
			if (!strangers.has(socket) || socket.destroyed) return;
			forget(socket);
			known.add(socket);
			if (known.size > maxKnown) destroyOldest(known.keys());
		},
		destroyAll() {
			for (const socket of [...strangers.keys(), ...known]) socket.destroy();
		},
	};

	function forget(socket: Socket): void {
		clearTimeout(strangers.get(socket));
		strangers.delete(socket);
		known.delete(socket);
	}

	function destroyOldest(sockets: Iterator<Socket>): void {
		const socket: Socket | undefined = sockets.next().value;
		if (!socket) return;
		forget(socket);
		socket.destroy();
	}
}
