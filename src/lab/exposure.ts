/** The public address of a GPU machine, played by a port of 127.0.0.1: nothing answers there unless a service was exposed by mistake. */

import {closeHttp, listen} from './listening.ts';
import {createReplyServer, json} from './reply.ts';
import type {World} from './world.ts';

/** Finds a free port and returns it; nothing listens there at first. */
export async function startExposure(world: World): Promise<number> {
	const server = createReplyServer(() => json({status: 'healthy', service: 'tts', model: 'xtts-v2', device: 'cuda:0'}));
	const port = await listen(server, '127.0.0.1', 0);
	await closeHttp(server);
	world.onChange(async ({isExposed}) => {
		if (!isExposed) await closeHttp(server);
		else if (!server.listening) await listen(server, '127.0.0.1', port);
	});
	return port;
}
