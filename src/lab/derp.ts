/** A stand-in for a DERP relay: it accepts connections and answers the probe path of the real one. */

import {listen} from './listening.ts';
import {createReplyServer, goText} from './reply.ts';

/** Starts it on a free port of 127.0.0.1 and returns that. */
export async function startDerp(): Promise<number> {
	const server = createReplyServer((_request, {pathname}) => {
		if (pathname === '/derp/probe' || pathname === '/derp/latency-check')
			return {status: 200, headers: {'Access-Control-Allow-Origin': '*'}, body: ''};
		return pathname === '/derp' ? goText(426, 'DERP requires connection upgrade') : goText(404, '404 page not found');
	});
	return await listen(server, '127.0.0.1', 0);
}
