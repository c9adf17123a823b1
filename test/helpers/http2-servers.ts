/** HTTP/2 servers on loopback: an honest one, and one that says exactly the frames a test wants. */

import {once} from 'node:events';
import {readFileSync} from 'node:fs';
import {createSecureServer, type IncomingHttpHeaders, type ServerHttp2Stream} from 'node:http2';
import type {AddressInfo, Socket} from 'node:net';
import type {ExecutionContext} from 'ava';
import {type BareServer, serveTls} from './servers.ts';

const folder = new URL('../fixtures/tls/', import.meta.url);

export interface Http2Server {
	port: number;
	/** What was asked, with pseudo headers. */
	requests: IncomingHttpHeaders[];
	/** Connections that were ever accepted. */
	accepted: number;
	open: Set<Socket>;
	/** Closes every connection as a server that restarts does. */
	hangUp(): void;
}

/** A server of node:http2; `handle` answers each stream. */
export async function serveHttp2(
	t: ExecutionContext,
	handle: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void,
): Promise<Http2Server> {
	const server = createSecureServer({
		key: readFileSync(new URL('server.key', folder)),
		cert: readFileSync(new URL('good.pem', folder)),
	});
	const hangUp = () => {
		for (const socket of state.open) socket.destroy();
	};
	const state: Http2Server = {port: 0, requests: [], accepted: 0, open: new Set(), hangUp};
	server.on('connection', (socket: Socket) => {
		state.accepted++;
		state.open.add(socket);
		socket.on('close', () => state.open.delete(socket)).on('error', () => {});
	});
	server.on('sessionError', () => {});
	server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
		stream.on('error', () => {});
		state.requests.push(headers);
		handle(stream, headers);
	});
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	state.port = (server.address() as AddressInfo).port;
	t.teardown(() => {
		hangUp();
		server.close();
	});
	return state;
}

/** A server that speaks frames by hand; `onRequest` is called when the first request's headers are there. */
export function serveFrames(t: ExecutionContext, onRequest: (socket: Socket) => void): Promise<BareServer> {
	return serveTls(
		t,
		'good',
		{
			onConnection(socket) {
				let bytes: Buffer = Buffer.alloc(0);
				let asked = false;
				socket.on('data', (chunk: Buffer) => {
					bytes = Buffer.concat([bytes, chunk]);
					if (asked || !hasHeaders(bytes)) return;
					asked = true;
					socket.write(frame(types.settings, 0, 0));
					onRequest(socket);
				});
			},
		},
		['h2'],
	);
}

export const types = {
	data: 0,
	headers: 1,
	priority: 2,
	rst: 3,
	settings: 4,
	push: 5,
	ping: 6,
	goaway: 7,
	windowUpdate: 8,
	continuation: 9,
} as const;
export const endStream = 1;
export const endHeaders = 4;

/** One frame. */
export function frame(type: number, flags: number, stream: number, payload: Buffer = Buffer.alloc(0)): Buffer {
	const head = Buffer.alloc(9);
	head.writeUIntBE(payload.length, 0, 3);
	head[3] = type;
	head[4] = flags;
	head.writeUInt32BE(stream, 5);
	return Buffer.concat([head, payload]);
}

/** A header block: `:status` by number, then headers as they stand, each of at most 126 bytes. */
export function headerBlock(status: number, headers: readonly (readonly [string, string])[] = []): Buffer {
	return Buffer.concat([
		Buffer.from([0x08, 3]),
		Buffer.from(String(status)),
		...headers.map(([name, value]) =>
			Buffer.concat([
				Buffer.from([0, name.length]),
				Buffer.from(name),
				Buffer.from([value.length]),
				Buffer.from(value),
			]),
		),
	]);
}

/** A 32-bit number as payload. */
export function uint32(...values: number[]): Buffer {
	const bytes = Buffer.alloc(4 * values.length);
	values.forEach((value, at) => void bytes.writeUInt32BE(value, 4 * at));
	return bytes;
}

const prefaceBytes = 24;

function hasHeaders(bytes: Buffer): boolean {
	for (let at = prefaceBytes; at + 9 <= bytes.length; at += 9 + bytes.readUIntBE(at, 3)) {
		if (bytes[at + 3] === types.headers) return true;
	}
	return false;
}
