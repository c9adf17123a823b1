/** Targets over TLS. The certificates are those of the tests; their key guards nothing. */

import {readFileSync} from 'node:fs';
import {createSecureServer, type ServerHttp2Stream} from 'node:http2';
import type {Socket} from 'node:net';
import {createServer, type TLSSocket} from 'node:tls';
import {listening, portOf, pour} from './listen.ts';
import {countServed} from './served.ts';

const folder = new URL('../../../test/fixtures/tls/', import.meta.url);
const key = readFileSync(new URL('server.key', folder));
const hello = 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n';

export async function startSecure(): Promise<void> {
	await Promise.all([
		serveTls('https-ok', 'good', answerOnce),
		serveTls('tls-ok', 'good', socket => void socket.resume()),
		serveTls('tls-other-host', 'other-host', answerOnce),
		serveTls('tls-expired', 'expired', answerOnce),
		serveTls('https-self-signed', 'self-signed', answerOnce),
		serveTls('h2-silent', 'good', socket => void socket.resume(), ['h2']),
		serveTls('h2-garbage', 'good', socket => void socket.resume().end(Buffer.alloc(500, 0xfe)), ['h2']),
		serveTls('h2-reset', 'good', (socket, plain) => void socket.once('data', () => plain.resetAndDestroy()), ['h2']),
		serveHttp2('h2-ok', stream => {
			countServed('h2-ok', stream.session?.socket.localAddress);
			stream.respond({':status': 200});
			stream.end('ok\n');
		}),
		serveHttp2('h2-endless-body', stream => {
			stream.respond({':status': 200});
			pour(stream as unknown as Socket, 2, () => 'more '.repeat(2000));
		}),
	]);
}

async function serveTls(
	name: string,
	certificate: string,
	onConnection: (socket: TLSSocket, plain: Socket) => void,
	alpn: string[] = ['http/1.1'],
): Promise<void> {
	const cert = readFileSync(new URL(`${certificate}.pem`, folder));
	// By the other end: only the socket below TLS can be reset.
	const plains = new Map<string, Socket>();
	const keyOf = ({remoteAddress, remotePort}: Socket) => `${remoteAddress} ${remotePort}`;
	const server = createServer({key, cert, ALPNProtocols: alpn, noDelay: true}, socket => {
		socket.on('error', () => {});
		onConnection(socket, plains.get(keyOf(socket)) ?? socket);
	});
	server.on('connection', (plain: Socket) => {
		const id = keyOf(plain);
		plains.set(id, plain);
		plain.on('close', () => plains.delete(id));
	});
	server.on('tlsClientError', () => {});
	await listening(server, portOf(name));
}

async function serveHttp2(name: string, onStream: (stream: ServerHttp2Stream) => void): Promise<void> {
	const server = createSecureServer({key, cert: readFileSync(new URL('good.pem', folder))});
	server.on('sessionError', () => {});
	server.on('tlsClientError', () => {});
	server.on('stream', (stream: ServerHttp2Stream) => {
		stream.on('error', () => {});
		onStream(stream);
	});
	await listening(server as never, portOf(name));
}

function answerOnce(socket: TLSSocket): void {
	socket.once('data', () => socket.end(hello));
	socket.resume();
}
