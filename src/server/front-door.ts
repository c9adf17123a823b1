/** Who may come in at all: judged by the address that the listener is bound to, before any route is looked at. */

import {BlockList, isIP} from 'node:net';
import type {NextFunction, Request, RequestHandler, Response} from 'express';
import {refuse} from './problem.ts';

/** What answers even beyond loopback: it tells numbers and liveness, starts nothing, and reaches nowhere. */
const openPaths: ReadonlySet<string> = new Set(['/metrics', '/-/healthy', '/-/ready']);

/**
 * Beyond loopback only the open paths answer. On loopback the Host header must be a loopback name, so that a page whose name was
 * rebound to 127.0.0.1 reads nothing, and nothing that starts a run or changes something may be asked for by a foreign page.
 * The caller's address decides nothing: with a userspace tailscaled every tailnet caller comes from 127.0.0.1.
 */
export function guardFrontDoor(listenHost: string): RequestHandler {
	const onLoopback = isLoopbackHost(listenHost);
	return (request: Request, response: Response, next: NextFunction) => {
		const objection = onLoopback ? objectOnLoopback(request) : objectBeyondLoopback(request, listenHost);
		if (objection) refuse(request, response, 403, 'Forbidden', objection);
		else next();
	};
}

/** Whether the host part of a listen address or of a Host header means this machine only. No name is looked up. */
export function isLoopbackHost(host: string): boolean {
	const bare = host.replace(/^\[(.*)\]$/, '$1').toLowerCase();
	if (bare === 'localhost') return true;
	const family = isIP(bare);
	return family !== 0 && loopback.check(bare, family === 4 ? 'ipv4' : 'ipv6');
}

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

function objectBeyondLoopback(request: Request, listenHost: string): string | undefined {
	if (openPaths.has(request.path)) return undefined;
	return (
		`tailprobe listens on ${listenHost}, beyond loopback, and nobody is asked for a password: only ${[...openPaths].join(', ')} answer here. ` +
		'For everything else let web.listen be a loopback address and come through ssh -L or kubectl port-forward.'
	);
}

function objectOnLoopback(request: Request): string | undefined {
	const {host, origin} = request.headers;
	const hostName = host === undefined ? undefined : /^(\[[^\]]*\]|[^:]*)(?::\d*)?$/.exec(host)?.[1];
	if (hostName === undefined || !isLoopbackHost(hostName))
		return 'tailprobe listens on loopback and answers only when it is called localhost, 127.0.0.1 or [::1] in the Host header.';
	if (!startsSomething(request)) return undefined;
	const site = request.headers['sec-fetch-site'];
	const foreign = site !== undefined && site !== 'same-origin' && site !== 'none';
	if (foreign || (origin !== undefined && origin !== `http://${host}`))
		return 'This request comes from a page of another site, and it would start a run or change something. Open the address directly.';
	return undefined;
}

function startsSomething({path, method}: Request): boolean {
	return path.toLowerCase().startsWith('/probe') || (method !== 'GET' && method !== 'HEAD');
}
