/**
 * Bounds on connections, so that whoever opens many and says nothing, or a byte now and then, takes no place from others: it is
 * always the oldest connection without a request in the works that goes, of the place that has most. And bounds on what one may ask
 * for ahead, and leave unread: Node.js reads on for as long as a chunk lasts, which may be thousands of requests.
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
	/** Requests of one connection that are under way at the same time. */
	ahead: number;
	/** Bytes of answers that the other end has not taken yet: of one connection that asks for more, and of all together. */
	unreadBytes: number;
	unreadBytesOfAll: number;
}

/**
 * A Prometheus with hundreds of targets keeps a connection for each. Hardly any client asks again before it has its answer; the few
 * that may be ahead are for answers that the client has and we have not put away yet.
 */
export const connectionBounds: ConnectionBounds = {
	all: 1024,
	perPlace: 768,
	silentPerPlace: 128,
	ahead: 4,
	unreadBytes: 1024 * 1024,
	unreadBytesOfAll: 64 * 1024 * 1024,
};

/** Hundreds may come at the same moment, as from a Prometheus that starts. */
const patienceMs = 1000;

interface Connection {
	socket: Socket;
	place: string;
	/** On the monotonic clock. */
	openedAt: number;
	/** Answers in the works. */
	answers: Set<ServerResponse>;
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
		const connection: Connection = {socket, place, openedAt: now, answers: new Set(), spoke: false, ending: false};
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
		const {socket} = request;
		const connection = connections.get(keyOf(socket));
		// The rest of the chunk that had a connection cut.
		if (!connection || socket.destroyed) return;
		connection.spoke = true;
		if (connection.answers.size >= bounds.ahead || unreadOf(connection) > bounds.unreadBytes) return cut(connection);
		connection.answers.add(response);
		response.once('close', () => {
			connection.answers.delete(response);
			if (connection.ending && connection.answers.size === 0) socket.destroySoon();
		});
		boundUnread();
	});
	return {
		destroyAll() {
			for (const {socket} of connections.values()) socket.destroy();
		},
		renewAll() {
			for (const connection of connections.values())
				if (connection.answers.size === 0) connection.socket.destroy();
				else connection.ending = true;
		},
	};

	/** The oldest one that is not being answered; where all are, the one that just came. */
	function cutFirst(candidates: readonly Connection[], newest: Connection): void {
		cut(candidates.find(({answers}) => answers.size === 0) ?? newest);
	}

	function cut(connection: Connection): void {
		onCut(connection.place);
		// What asks is the TLS socket, if there is one; it has to know at once that nobody is to be answered.
		for (const {req} of connection.answers) {
			readNoFurther(req.socket);
			req.socket.destroy();
		}
		connection.socket.destroy();
	}

	function ofLargestPlace(): Connection[] {
		const places = Map.groupBy(connections.values(), ({place}) => place);
		return [...places.values()].reduce((most, some) => (some.length > most.length ? some : most), []);
	}

	/** Where too much lies unread in all, the connection with most of the place with most is cut. */
	function boundUnread(): void {
		const unread = [...connections.values()]
			.map(connection => ({connection, bytes: unreadOf(connection)}))
			.filter(({bytes}) => bytes > 0);
		if (sum(unread) <= bounds.unreadBytesOfAll) return;
		const places = [...Map.groupBy(unread, ({connection}) => connection.place).values()];
		const [most] = places.reduce((a, b) => (sum(b) > sum(a) ? b : a)).toSorted((a, b) => b.bytes - a.bytes);
		if (most) cut(most.connection);
	}
}

/**
 * A parser goes on to the end of its chunk whatever becomes of the socket, and makes two objects of each request: with many
 * connections that is seconds. There is no documented way to stop it; this is what Node.js itself does where a request is to be an
 * upgrade. A Node.js that has no such parser would only be slower.
 */
function readNoFurther(socket: Socket & {parser?: {onIncoming?: unknown} | null}): void {
	if (socket.parser?.onIncoming) socket.parser.onIncoming = () => skipTheRest;
}

const skipTheRest = 2;

function unreadOf({answers}: Connection): number {
	let bytes = 0;
	for (const answer of answers) bytes += answer.writableLength;
	return bytes;
}

function sum(unread: readonly {bytes: number}[]): number {
	return unread.reduce((total, {bytes}) => total + bytes, 0);
}

function keyOf({remoteAddress, remotePort}: Socket): string {
	return `${remoteAddress} ${remotePort}`;
}
