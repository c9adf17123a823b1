/** A stand-in for a DERP relay: it answers the probe path of the real one, and greets whoever upgrades; nobody can log in. */

import {randomBytes} from 'node:crypto';
import {closeHttp, listen} from './listening.ts';
import {createReplyServer, goText} from './reply.ts';
import type {World} from './world.ts';

/** Starts it on a free port of 127.0.0.1 and returns that. */
export async function startDerp(world: World): Promise<number> {
	const greeting = makeGreeting();
	const server = createReplyServer((_request, {pathname}) => {
		if (pathname === '/derp/probe' || pathname === '/derp/latency-check')
			return {status: 200, headers: {'Access-Control-Allow-Origin': '*'}, body: ''};
		return pathname === '/derp' ? goText(426, 'DERP requires connection upgrade') : goText(404, '404 page not found');
	});
	server.on('upgrade', (request, socket) => {
		socket.on('error', () => socket.destroy());
		const isRelay = request.url === '/derp' && request.headers.upgrade?.toLowerCase() === 'derp';
		if (isRelay) socket.write(greeting);
		else socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
		// Whatever a client says next, there is no login.
		socket.once('data', () => socket.destroy());
	});
	const port = await listen(server, '127.0.0.1', 0);
	world.onChange(async ({relayAnswers}) => {
		if (!relayAnswers) await closeHttp(server);
		else if (!server.listening) await listen(server, '127.0.0.1', port);
	});
	return port;
}

/** The head of the upgrade, and the frame with the relay's key behind it: type, length, mark, key. */
function makeGreeting(): Buffer {
	const key = randomBytes(32);
	const head = [
		'HTTP/1.1 101 Switching Protocols',
		'Upgrade: DERP',
		'Connection: Upgrade',
		'Derp-Version: 2',
		`Derp-Public-Key: nodekey:${key.toString('hex')}`,
	];
	const mark = Buffer.from('DERP🔑');
	const frame = Buffer.from([1, 0, 0, 0, mark.length + key.length]);
	return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), frame, mark, key]);
}
