/** Targets over bare TCP: HTTP, WebSockets and lines. */

import {createHash} from 'node:crypto';
import type {Socket} from 'node:net';
import {constants, createGzip, gzipSync} from 'node:zlib';
import {nodePort} from '../kinds.ts';
import {listenTcp, portOf, pour} from './listen.ts';
import {countServed} from './served.ts';

const hello = 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n';
const packed = gzipSync('ok\n'.repeat(1000));
const certificateLike = Buffer.from('160303004a0200004603036b1f', 'hex');

export async function startPlain(): Promise<void> {
	await listenTcp(
		nodePort,
		afterRequest(socket => void socket.end(hello)),
	);
	await Promise.all(Object.entries(behaviours).map(([name, onConnection]) => listenTcp(portOf(name), onConnection)));
	const bomb = await makeBomb();
	await listenTcp(
		portOf('http-bomb'),
		afterRequest(socket => {
			socket.write(`HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: ${bomb.length}\r\n\r\n`);
			socket.end(bomb);
		}),
	);
}

type OnConnection = (socket: Socket) => void;

const behaviours: Record<string, OnConnection> = {
	'http-ok': afterRequest((socket, _path) => {
		countServed('http-ok', socket.localAddress);
		socket.end(hello);
	}),
	'http-chunked': afterRequest(socket => {
		socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nok\n\r\n');
		socket.end('5;x=y\r\nhello\r\n0\r\nTrailer: x\r\n\r\n');
	}),
	'http-gzip': afterRequest(socket => {
		socket.write(`HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: ${packed.length}\r\n\r\n`);
		socket.end(packed);
	}),
	'http-redirect': afterRequest((socket, path) => {
		if (path === '/')
			socket.end('HTTP/1.1 302 Found\r\nLocation: /there\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n');
		else socket.end(hello);
	}),
	'http-late': afterRequest(socket => void setTimeout(() => socket.end(hello), 100)),
	'warm-ok': socket => {
		// As servers do; the daemon itself would keep what belonged to a removed check for some minutes.
		socket.setTimeout(5000, () => socket.destroy());
		socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n'));
	},
	'tcp-ok': socket => {
		socket.resume().on('end', () => socket.end());
	},
	'tcp-banner': socket => void socket.resume().end('220-wait\r\n220 ready\r\n'),
	'ws-ok': afterUpgrade((socket, accept) => {
		socket.write(upgraded(accept));
		socket.on('data', (bytes: Buffer) => {
			const opcode = (bytes[0] ?? 0) & 15;
			if (opcode !== 9 && opcode !== 8) return;
			const length = (bytes[1] ?? 0) & 127;
			const body = Buffer.from(bytes.subarray(6, 6 + length).map((byte, at) => byte ^ (bytes[2 + (at % 4)] ?? 0)));
			socket.write(Buffer.concat([Buffer.from([0x80 | (opcode === 9 ? 10 : 8), length]), body]));
			if (opcode === 8) socket.end();
		});
	}),

	'http-silent': socket => void socket.resume(),
	'http-stalled-body': afterRequest(socket => {
		socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf of it');
	}),
	'tls-silent': socket => void socket.resume(),
	'ws-silent': socket => void socket.resume(),
	'tcp-silent': socket => void socket.resume(),

	'http-reset': socket => void socket.resetAndDestroy(),
	'http-reset-in-headers': afterRequest(socket => {
		socket.write('HTTP/1.1 200 OK\r\nContent-', () => setTimeout(() => socket.resetAndDestroy(), 5));
	}),
	'http-reset-in-body': afterRequest(socket => {
		socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf', () =>
			setTimeout(() => socket.resetAndDestroy(), 5),
		);
	}),
	'tls-reset': afterRequest(socket => void socket.resetAndDestroy()),
	'ws-reset': afterRequest(socket => void socket.resetAndDestroy()),
	'tcp-reset': socket => void setTimeout(() => socket.resetAndDestroy(), 5),

	'http-500': afterRequest(socket => void socket.end('HTTP/1.1 500 Broken\r\nContent-Length: 0\r\n\r\n')),
	'http-too-short': afterRequest(socket => void socket.end('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nshort')),
	'http-garbage': afterRequest(socket => void socket.end(Buffer.alloc(500, 0xfe))),
	'http-two-lengths': afterRequest(
		socket => void socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok\n'),
	),
	'http-bad-chunks': afterRequest(
		socket => void socket.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\nok'),
	),
	'http-speaks-tls': afterRequest(socket => void socket.end(certificateLike)),
	'https-speaks-plain': afterRequest(socket => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
	'ws-wrong-key': afterUpgrade(socket => void socket.write(upgraded('c29tZXRoaW5nIGVsc2Ugbm93IQ=='))),
	'ws-plain-answer': afterRequest(socket => void socket.end(hello)),
	'ws-bad-frames': afterUpgrade((socket, accept) => {
		socket.write(upgraded(accept));
		socket.write(Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff]));
	}),
	'tcp-wrong-banner': socket => void socket.resume().end('SSH-2.0-other\r\n'),

	'http-drip': afterRequest(socket => {
		socket.write('HTTP/1.1 200 OK\r\n');
		pour(socket, 20, () => 'x');
	}),
	'http-endless-headers': afterRequest(socket => {
		socket.write('HTTP/1.1 200 OK\r\n');
		pour(socket, 2, () => 'X-More: yes\r\n'.repeat(200));
	}),
	'http-endless-interim': afterRequest(socket => pour(socket, 5, () => 'HTTP/1.1 102 Processing\r\n\r\n'.repeat(20))),
	'http-endless-body': afterRequest(socket => {
		socket.write('HTTP/1.1 200 OK\r\n\r\n');
		pour(socket, 2, () => 'more '.repeat(2000));
	}),
	'http-redirect-loop': afterRequest(
		(socket, path) => void socket.end(`HTTP/1.1 302 Found\r\nLocation: ${path}x\r\nContent-Length: 0\r\n\r\n`),
	),
	'ws-endless': afterUpgrade((socket, accept) => {
		socket.write(upgraded(accept));
		pour(socket, 2, () => Buffer.concat(Array<Buffer>(10).fill(Buffer.from('\x81\x04more', 'latin1'))));
	}),
	'tcp-endless': socket => {
		socket.resume();
		pour(socket, 2, () => 'and more\r\n'.repeat(500));
	},
};

/** The answer to whoever said something; an HTTP request's path. */
function afterRequest(answer: (socket: Socket, path: string) => void): OnConnection {
	return socket => {
		socket.once('data', (bytes: Buffer) => {
			socket.resume();
			answer(socket, / (\S+) /.exec(bytes.toString('latin1'))?.[1] ?? '/');
		});
	};
}

function afterUpgrade(answer: (socket: Socket, accept: string) => void): OnConnection {
	return socket => {
		socket.once('data', (bytes: Buffer) => {
			const key = /^sec-websocket-key: (\S+)/im.exec(bytes.toString('latin1'))?.[1] ?? '';
			answer(socket, createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64'));
		});
	};
}

function upgraded(accept: string): string {
	return `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`;
}

/** 128 MiB of nothing, packed. */
async function makeBomb(): Promise<Buffer> {
	const gzip = createGzip({level: constants.Z_BEST_SPEED});
	const parts: Buffer[] = [];
	gzip.on('data', (part: Buffer) => parts.push(part));
	const nothing = Buffer.alloc(8 * 1024 * 1024);
	for (let at = 0; at < 16; at++) await new Promise(resolve => gzip.write(nothing, resolve));
	await new Promise(resolve => gzip.end(resolve));
	return Buffer.concat(parts);
}
