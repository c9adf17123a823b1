/** Bare servers on loopback that say exactly the bytes a test wants, over TCP and TLS, and are gone when it ends. */

import {once} from 'node:events';
import {readFileSync} from 'node:fs';
import {type AddressInfo, createServer, type Server, type Socket} from 'node:net';
import {createServer as createTlsServer, type TLSSocket, type TlsOptions} from 'node:tls';
import type {ExecutionContext} from 'ava';

export interface BareServer {
	port: number;
	/** The heads of the requests that came, as text. */
	heads: string[];
	/** Connections that are open now. */
	open: Set<Socket>;
	/** Connections that were ever accepted. */
	accepted: number;
	/** SNI names that were asked for; `false` where none was. Only with TLS. */
	names: (string | false | null)[];
	/** Takes no further connection; those that are open stay. */
	close?(): void;
}

/** Called when the head of a request is complete (`onHead`), or as soon as a connection is there (`onConnection`). */
export interface Manners {
	onConnection?: (socket: Socket) => void;
	onHead?: (socket: Socket, head: string) => void;
}

const folder = new URL('../fixtures/tls/', import.meta.url);

/** The authority that issued every certificate here but the self-signed one. */
export const caFile = new URL('ca.pem', folder).pathname;

export type CertificateName =
	| 'good'
	| 'chain'
	| 'other-host'
	| 'expired'
	| 'self-signed'
	| 'secp256k1-chain'
	| 'not-yet-valid'
	| 'outlives'
	| 'renewed'
	| 'behind'
	| 'hostile';

/** A TCP server on 127.0.0.1, or on another address of loopback. */
export function serve(t: ExecutionContext, manners: Manners, host = '127.0.0.1'): Promise<BareServer> {
	return listen(t, createServer(), manners, 'connection', host);
}

/** The same over TLS, with one of the certificates of fixtures/tls. */
export function serveTls(
	t: ExecutionContext,
	certificate: CertificateName,
	manners: Manners,
	alpn: readonly string[] = ['http/1.1'],
	more: TlsOptions = {},
): Promise<BareServer> {
	const key = readFileSync(new URL('server.key', folder));
	const cert = readFileSync(new URL(`${certificate}.pem`, folder));
	const server = createTlsServer({key, cert, ALPNProtocols: [...alpn], ...more});
	return listen(t, server, manners, 'secureConnection', '127.0.0.1');
}

/** Manners that answer every request with these bytes and close. */
export function saying(answer: string | Buffer): Manners {
	return {onHead: socket => void socket.end(answer)};
}

/** An answer with a Content-Length. */
export function httpAnswer(status: string, body = '', headers: readonly string[] = []): string {
	const lines = [`HTTP/1.1 ${status}`, ...headers, `Content-Length: ${Buffer.byteLength(body)}`, 'Connection: close'];
	return `${lines.join('\r\n')}\r\n\r\n${body}`;
}

/** A port of loopback where nothing listens. */
export async function closedPort(): Promise<number> {
	const server = createServer().listen(0, '127.0.0.1');
	await once(server, 'listening');
	const {port} = server.address() as AddressInfo;
	server.close();
	await once(server, 'close');
	return port;
}

/** Resolves when we let go of every connection; the test's own time limit is the alternative. */
export async function allClosed({open}: BareServer): Promise<void> {
	await Promise.all([...open].map(socket => new Promise(resolve => socket.on('close', resolve).resume())));
}

/** Sends the pieces one after the other, each after the one before it was handed to the system. */
export async function sendInPieces(socket: Socket, bytes: string, pieceBytes: number): Promise<void> {
	for (let at = 0; at < bytes.length && !socket.destroyed; at += pieceBytes) {
		await new Promise(resolve => socket.write(bytes.slice(at, at + pieceBytes), resolve));
		await new Promise(resolve => setImmediate(resolve));
	}
	socket.end();
}

async function listen(
	t: ExecutionContext,
	server: Server,
	manners: Manners,
	event: 'connection' | 'secureConnection',
	host: string,
): Promise<BareServer> {
	const state: BareServer = {
		port: 0,
		heads: [],
		open: new Set(),
		accepted: 0,
		names: [],
		close: () => void server.close(),
	};
	server.on('connection', (socket: Socket) => {
		state.accepted++;
		state.open.add(socket);
		socket.on('close', () => state.open.delete(socket)).on('error', () => {});
	});
	server.on('tlsClientError', () => {});
	server.on(event, (socket: Socket) => {
		socket.on('error', () => {});
		if (event === 'secureConnection') state.names.push((socket as TLSSocket).servername);
		manners.onConnection?.(socket);
		if (manners.onHead) readHead(socket, state, manners.onHead);
	});
	server.listen(0, host);
	await once(server, 'listening');
	state.port = (server.address() as AddressInfo).port;
	t.teardown(() => {
		for (const socket of state.open) socket.destroy();
		server.close();
	});
	return state;
}

function readHead(socket: Socket, state: BareServer, onHead: (socket: Socket, head: string) => void): void {
	let text = '';
	socket.on('data', chunk => {
		const before = text.includes('\r\n\r\n');
		text += chunk.toString('latin1');
		if (before || !text.includes('\r\n\r\n')) return;
		state.heads.push(text);
		onHead(socket, text);
	});
}
