/**
 * Bounds on connections, so that whoever opens many and says nothing, or a byte now and then, takes no place from others: it is
 * always the oldest connection without a request in the works that goes, of the place that has most.
 */

import type {IncomingMessage, Server, ServerResponse} from 'node:http';
import type {Socket} from 'node:net';
import {placeOf} from './caller.ts';

export interface ConnectionBounds {
	all: number;
	/** From one IPv4 address, or one /64 of IPv6. */
	perPlace: number;
	/** Of those, connections that have not brought a whole request head within a second. */
	silentPerPlace: number;
}

/** A Prometheus with hundreds of targets keeps a connection for each. */
export const connectionBounds: ConnectionBounds = {all: 1024, perPlace: 768, silentPerPlace: 128};

/** Hundreds may come at the same moment, as from a Prometheus that starts. */
const patienceMs = 1000;

interface Connection {
	socket: Socket;
	place: string;
	/** On the monotonic clock. */
	openedAt: number;
	/** Requests being answered. */
	busy: number;
	/** Brought a whole request head since it was opened. */
	spoke: boolean;
	/** Ends with the answer that is in the works. */
	ending: boolean;
}

export interface Connections {
	/** Cuts every connection, also those still in their TLS handshake. */
	destroyAll(): void;
	/** Has everybody connect again: cuts connections, those with requests in the works after their answers. */
	renewAll(): void;
}

/** Keeps the server within the bounds; `onCut` is told the place of each connection that was cut for that. */
export function boundConnections(
	server: Server,
	bounds: ConnectionBounds,
	onCut: (place: string) => void,
): Connections {
	// By the other end: a request over TLS has another socket object than the connection that was accepted.
	const connections = new Map<string, Connection>();

	server.on('connection', (socket: Socket) => {
		const key = keyOf(socket);
		const place = placeOf(socket.remoteAddress ?? '');
		const now = performance.now();
		const connection: Connection = {socket, place, openedAt: now, busy: 0, spoke: false, ending: false};
		connections.set(key, connection);
		socket.once('close', () => {
			if (connections.get(key) === connection) connections.delete(key);
		});
		const here = [...connections.values()].filter(other => other.place === place);
		const silent = here.filter(other => !other.spoke && now - other.openedAt > patienceMs);
		if (silent.length >= bounds.silentPerPlace) cutFirst(silent, connection);
		else if (here.length > bounds.perPlace) cutFirst(here, connection);
		else if (connections.size > bounds.all) cutFirst(ofLargestPlace(), connection);
	});
	// Before the request is looked at: what is found then may have everybody connect again.
	server.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
		const connection = connections.get(keyOf(request.socket));
		if (!connection) return;
		connection.spoke = true;
		connection.busy++;
		response.once('close', () => {
			connection.busy--;
			if (connection.ending && connection.busy === 0) request.socket.destroySoon();
		});
	});
	return {
		destroyAll() {
			for (const {socket} of connections.values()) socket.destroy();
		},
		renewAll() {
			for (const connection of connections.values())
				if (connection.busy === 0) connection.socket.destroy();
				else connection.ending = true;
		},
	};

	/** The oldest one that is not being answered; where all are, the one that just came. */
	function cutFirst(candidates: readonly Connection[], newest: Connection): void {
		const cut = candidates.find(({busy}) => busy === 0) ?? newest;
		onCut(cut.place);
		cut.socket.destroy();
	}

	function ofLargestPlace(): Connection[] {
		const places = Map.groupBy(connections.values(), ({place}) => place);
		return [...places.values()].reduce((most, some) => (some.length > most.length ? some : most), []);
	}
}

function keyOf({remoteAddress, remotePort}: Socket): string {
	return `${remoteAddress} ${remotePort}`;
}
