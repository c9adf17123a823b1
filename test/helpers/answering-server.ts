/** Servers on loopback that answer as a test says, and are gone when it ends. */

import {once} from 'node:events';
import {readFileSync} from 'node:fs';
import {createServer as createHttpServer, type IncomingMessage, type RequestListener} from 'node:http';
import {createServer as createHttpsServer} from 'node:https';
import {type AddressInfo, createServer as createNetServer, type Server, type Socket} from 'node:net';
import type {ExecutionContext} from 'ava';

export interface AnsweringServer {
	port: number;
	/** What came, in order. */
	requests: Pick<IncomingMessage, 'method' | 'url' | 'headers'>[];
	/** Connections that are open now. */
	open: Set<Socket>;
}

const tlsFolder = new URL('../fixtures/headscale/tls/', import.meta.url);
const tls = {
	key: readFileSync(new URL('server.key', tlsFolder)),
	cert: readFileSync(new URL('server.pem', tlsFolder)),
};

/** The CA of `answerTls`, as a path. */
export const caFile = new URL('ca.pem', tlsFolder).pathname;

/** An HTTP server on 127.0.0.1. */
export async function answer(t: ExecutionContext, handle: RequestListener): Promise<AnsweringServer> {
	const requests: AnsweringServer['requests'] = [];
	return listen(t, createHttpServer(noting(requests, handle)), requests);
}

/** The same with a certificate for localhost and 127.0.0.1. */
export async function answerTls(t: ExecutionContext, handle: RequestListener): Promise<AnsweringServer> {
	const requests: AnsweringServer['requests'] = [];
	return listen(t, createHttpsServer(tls, noting(requests, handle)), requests);
}

/** A bare TCP server. */
export async function answerBytes(t: ExecutionContext, handle: (socket: Socket) => void): Promise<AnsweringServer> {
	return listen(t, createNetServer(handle), []);
}

function noting(requests: AnsweringServer['requests'], handle: RequestListener): RequestListener {
	return (request, response) => {
		requests.push({method: request.method ?? '', url: request.url ?? '', headers: request.headers});
		handle(request, response);
	};
}

async function listen(
	t: ExecutionContext,
	server: Server,
	requests: AnsweringServer['requests'],
): Promise<AnsweringServer> {
	const open = new Set<Socket>();
	server.on('connection', (socket: Socket) => {
		open.add(socket);
		socket.on('close', () => open.delete(socket)).on('error', () => {});
	});
	server.on('tlsClientError', () => {});
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	t.teardown(() => {
		for (const socket of open) socket.destroy();
		server.close();
	});
	return {port: (server.address() as AddressInfo).port, requests, open};
}
