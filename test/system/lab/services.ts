/** What runs on a host of the lab: `node services.ts ROLE CERTIFICATE-DIRECTORY`, one process a host. Prints `ready`. */

import {readFileSync} from 'node:fs';
import http from 'node:http';
import http2 from 'node:http2';
import net, {type Server} from 'node:net';
import {join} from 'node:path';
import {WebSocketServer} from 'ws';

const [role = '', directory = ''] = process.argv.slice(2);

/** `/big` is larger than any one packet. */
function answer(request: http.IncomingMessage | http2.Http2ServerRequest): {type: string; body: string} {
	if (request.url === '/big') return {type: 'text/plain', body: 'x'.repeat(300_000)};
	if (request.url === '/') return {type: 'text/plain', body: 'OK'};
	return {type: 'application/json', body: '{"status":"ok"}'};
}

const plain = () =>
	http.createServer((request, response) => {
		const {type, body} = answer(request);
		response.writeHead(200, {'content-type': type, 'content-length': body.length}).end(body);
	});

function secure(): Server {
	const pem = (file: string) => readFileSync(join(directory, file));
	const options = {key: pem('services.key'), cert: pem('services.pem'), allowHTTP1: true};
	return http2.createSecureServer(options, (request, response) => {
		const {type, body} = answer(request);
		response.writeHead(200, {'content-type': type, 'content-length': body.length});
		response.end(body);
	}) as unknown as Server;
}

const redis = () =>
	net.createServer(socket => {
		socket.on('error', () => {});
		socket.on('data', data => void socket.write(String(data).startsWith('PING') ? '+PONG\r\n' : '-ERR\r\n'));
	});

/** 401 at the signal socket without a token, as LiveKit has it; an echo at `/ws`. */
function livekit(): Server {
	const server = plain();
	const sockets = new WebSocketServer({noServer: true});
	server.on('upgrade', (request, socket, head) => {
		if (request.url !== '/ws') {
			socket.end('HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
			return;
		}
		sockets.handleUpgrade(request, socket, head, opened => {
			opened.on('message', message => opened.send(`echo ${message}`));
		});
	});
	return server;
}

const roles: Record<string, ReadonlyArray<[port: number, make: () => Server]>> = {
	orchestrator: [
		[8080, plain],
		[8443, secure],
		[6379, redis],
	],
	livekit: [[7880, livekit]],
	gpu: [
		[8000, plain],
		[8001, plain],
	],
};

const listening = roles[role];
if (listening === undefined) throw new Error(`There is no role "${role}"; there are ${Object.keys(roles).join(', ')}.`);
for (const [port, make] of listening) {
	const server = make();
	await new Promise<void>(resolve => server.listen(port, () => resolve()));
}
process.stdout.write('ready\n');
