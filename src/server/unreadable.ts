/** What is no HTTP that can be read (headers beyond the bound, a broken first line, half a request) gets a sentence too. */

import type {Server as HttpServer, ServerResponse} from 'node:http';
import type {Server as HttpsServer} from 'node:https';
import type {Duplex} from 'node:stream';
import {http} from '../util/node-http.ts';

/** Answers it and closes the connection; one over which an answer is under way is only closed. */
export function answerUnreadable(server: HttpServer | HttpsServer): void {
	const latest = new WeakMap<Duplex, ServerResponse>();
	server.prependListener('request', ({socket}, response) => latest.set(socket, response));
	server.on('clientError', (error: ClientError, socket) => {
		const answer = latest.get(socket);
		const isFree = answer === undefined || answer.writableFinished || !answer.headersSent;
		// So short that it waits for nobody.
		if (socket.writable && isFree && error.code !== 'ECONNRESET') socket.write(describe(error));
		socket.destroySoon();
	});
}

interface ClientError extends NodeJS.ErrnoException {
	/** The bytes at which reading failed. */
	rawPacket?: Buffer;
}

const refusals: Record<string, readonly [status: number, detail: string]> = {
	HPE_HEADER_OVERFLOW: [431, 'The first line and the headers of the request are larger than 16 KiB together.'],
	HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, 'The chunk extensions of the request body are too large.'],
	ERR_HTTP_REQUEST_TIMEOUT: [408, 'The request did not come in time.'],
};

function describe({code, rawPacket}: ClientError): string {
	const [status, detail] = refusals[code ?? ''] ?? [400, 'The request is not HTTP/1.1 that can be read.'];
	const title = http.STATUS_CODES[status];
	const forApi = /^[A-Z]+ \/api\//.test(rawPacket?.subarray(0, 20).toString('latin1') ?? '');
	const body = forApi ? JSON.stringify({type: 'about:blank', title, status, detail}) : `${detail}\n`;
	const type = forApi ? 'application/problem+json; charset=utf-8' : 'text/plain; charset=utf-8';
	const head = [
		`HTTP/1.1 ${status} ${title}`,
		`Content-Type: ${type}`,
		`Content-Length: ${body.length}`,
		'Connection: close',
	];
	return `${head.join('\r\n')}\r\n\r\n${body}`;
}
