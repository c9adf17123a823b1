/** HTTP servers of the lab: a function that maps a request to a reply, or to silence. */

import {createServer, type IncomingMessage, type RequestListener, type Server, type ServerOptions} from 'node:http';
import {createServer as createTlsServer, type ServerOptions as TlsOptions} from 'node:https';
import {keepSockets} from './listening.ts';

export interface Reply {
	status: number;
	headers: Record<string, string>;
	body: string;
	/** Time until it is sent; it is not sent when the client has left by then. */
	afterMs?: number;
	/** Called when it is sent. */
	sent?(): void;
	/** The body is only the beginning: more is written with this until the client leaves, when the function that comes back is called. */
	goOn?(write: (text: string) => void): () => void;
}

/** A server that answers what `reply` says; undefined: it accepts and never answers. With a key it speaks TLS. */
export function createReplyServer(
	reply: (request: IncomingMessage, url: URL) => Reply | undefined | Promise<Reply | undefined>,
	options: ServerOptions | (TlsOptions & {key: string}) = {},
): Server {
	const listener: RequestListener = async (request, response) => {
		const url = URL.parse(request.url ?? '/', 'http://lab');
		const found = url ? await reply(request, url) : goText(400, 'Bad Request');
		if (!found) return;
		const send = () => {
			found.sent?.();
			if (found.goOn) {
				response.writeHead(found.status, found.headers).flushHeaders();
				if (found.body !== '') response.write(found.body);
				const leave = found.goOn(text => void response.write(text));
				response.once('close', leave);
				return;
			}
			response.writeHead(found.status, {...found.headers, 'Content-Length': Buffer.byteLength(found.body)});
			response.end(found.body);
		};
		if (found.afterMs === undefined) return send();
		const timer = setTimeout(send, found.afterMs);
		response.once('close', () => clearTimeout(timer));
	};
	const server = 'key' in options ? createTlsServer(options, listener) : createServer(options, listener);
	keepSockets(server);
	return server;
}

export function json(value: unknown, contentType = 'application/json'): Reply {
	return text(200, JSON.stringify(value), contentType);
}

export function text(status: number, body: string, contentType: string): Reply {
	return {status, headers: {'Content-Type': contentType}, body};
}

/** An error as Go's net/http words it. */
export function goText(status: number, body: string): Reply {
	return text(status, `${body}\n`, 'text/plain; charset=utf-8');
}
