/** Plain HTTP that comes to a port for HTTPS gets a sentence, as from Go's servers, instead of an empty reply. */

import type {Server} from 'node:https';
import type {Socket} from 'node:net';
import type {TLSSocket} from 'node:tls';

/** Answers it with 400 and closes; whatever else fails in a handshake is closed without a word. */
export function answerPlainHttp(server: Server): void {
	// By the other end: what failed is told of the TLS socket, and the answer has to go beneath it.
	const accepted = new Map<string, Socket>();
	server.prependListener('connection', (socket: Socket) => {
		const key = keyOf(socket);
		accepted.set(key, socket);
		socket.once('close', () => {
			if (accepted.get(key) === socket) accepted.delete(key);
		});
	});
	server.on('tlsClientError', (error: NodeJS.ErrnoException, failed: TLSSocket) => {
		const socket = accepted.get(keyOf(failed));
		if (error.code !== 'ERR_SSL_HTTP_REQUEST' || !socket) return;
		// So short that it waits for nobody: whoever does not read it is cut all the same.
		socket.write(answer);
		socket.destroySoon();
	});
}

const sentence = 'This port speaks HTTPS: ask it with https:// in front.\n';
const answer = `HTTP/1.1 400 Bad Request\r
Content-Type: text/plain; charset=utf-8\r
Content-Length: ${sentence.length}\r
Connection: close\r
\r
${sentence}`;

function keyOf({remoteAddress, remotePort}: Socket): string {
	return `${remoteAddress} ${remotePort}`;
}
