/** WebSocket servers on loopback: the real one of the package ws, and a bare one that breaks rules after a right upgrade. */

import {createHash} from 'node:crypto';
import {once} from 'node:events';
import {readFileSync} from 'node:fs';
import {createServer, type IncomingMessage, type Server} from 'node:http';
import {createServer as createTlsServer} from 'node:https';
import type {AddressInfo, Socket} from 'node:net';
import type {ExecutionContext} from 'ava';
import {type WebSocket, WebSocketServer} from 'ws';
import {type BareServer, serve} from './servers.ts';

export interface RealServer {
	port: number;
	/** Closing codes of connections that ended. */
	closed: number[];
	requests: IncomingMessage[];
}

/** A server of the package ws; `refuse` answers with this status instead of upgrading. */
export async function serveWebSocket(
	t: ExecutionContext,
	onConnection: (socket: WebSocket) => void = () => {},
	{refuse, subprotocols = [], tls = false}: {refuse?: string; subprotocols?: readonly string[]; tls?: boolean} = {},
): Promise<RealServer> {
	const state: RealServer = {port: 0, closed: [], requests: []};
	const folder = new URL('../fixtures/tls/', import.meta.url);
	const server: Server = tls
		? createTlsServer({
				key: readFileSync(new URL('server.key', folder)),
				cert: readFileSync(new URL('good.pem', folder)),
			})
		: createServer();
	const sockets = new WebSocketServer({
		noServer: true,
		handleProtocols: offered => [...offered].find(one => subprotocols.includes(one)) ?? false,
	});
	server.on('upgrade', (request, socket, head) => {
		state.requests.push(request);
		if (refuse !== undefined) socket.end(`HTTP/1.1 ${refuse}\r\nContent-Length: 0\r\n\r\n`);
		else sockets.handleUpgrade(request, socket, head, one => sockets.emit('connection', one));
	});
	sockets.on('connection', socket => {
		socket.on('close', code => void state.closed.push(code)).on('error', () => {});
		onConnection(socket);
	});
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	state.port = (server.address() as AddressInfo).port;
	t.teardown(() => {
		for (const one of sockets.clients) one.terminate();
		server.closeAllConnections();
		server.close();
	});
	return state;
}

/** The head that upgrades rightly, with more headers or other ones. */
export function upgradeAnswer(request: string, headers: Record<string, string | undefined> = {}): string {
	const key = /sec-websocket-key: (\S+)/i.exec(request)?.[1] ?? '';
	const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
	const all = {Upgrade: 'websocket', Connection: 'Upgrade', 'Sec-WebSocket-Accept': accept, ...headers};
	const lines = Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}\r\n`]));
	return `HTTP/1.1 101 Switching Protocols\r\n${lines.join('')}\r\n`;
}

/** Upgrades rightly and then does what a test wants. */
export function serveFrames(t: ExecutionContext, then: (socket: Socket) => void): Promise<BareServer> {
	return serve(t, {
		onHead: (socket, head) => {
			socket.write(upgradeAnswer(head));
			then(socket);
		},
	});
}
