/** The HTTP side: front door, headers and limits around the routes, and a listener that ends cleanly. */

import http from 'node:http';
import type {AddressInfo} from 'node:net';
import express, {type Express, type NextFunction, type Request, type Response} from 'express';
import {messageOf, UserError} from '../util/errors.ts';
import {guardFrontDoor, isLoopbackHost} from './front-door.ts';
import {refuse} from './problem.ts';
import {routes} from './routes/registry.ts';
import type {Log} from './routes/types.ts';
import type {DaemonView} from './types.ts';

export type {Log};

/** One line as a `Log` gets it. */
export interface LogLine {
	event: string;
	fields: Record<string, unknown>;
}

export interface Server {
	/** Such as `http://127.0.0.1:9753`, with the port that was really taken. */
	readonly url: string;
	/** Takes no more requests, lets those in flight end for a moment, then cuts them. */
	close(): Promise<void>;
}

/** The express application; `listenHost` is the host part of the address that it will be bound to. */
export function createApp(view: DaemonView, {listenHost, log}: {listenHost: string; log: Log}): Express {
	const app = express();
	app.disable('x-powered-by');
	app.disable('etag');
	app.enable('case sensitive routing');
	app.enable('strict routing');

	app.use(setSecurityHeaders);
	app.use(guardFrontDoor(listenHost));
	app.use(refuseBodies);
	for (const make of routes) {
		const {method, path, handle} = make(view, log);
		app[method](path, (request, response) => handle(request, response));
		app.all(path, (request, response) => {
			response.set('Allow', method === 'get' ? 'GET, HEAD' : 'POST');
			refuse(request, response, 405, 'Method Not Allowed', `${request.path} is for ${method.toUpperCase()} only.`);
		});
	}
	app.use((request, response) => {
		refuse(
			request,
			response,
			404,
			'Not Found',
			'There is nothing at this path. The status page is at /, the metrics are at /metrics.',
		);
	});
	app.use((error: unknown, request: Request, response: Response, next: NextFunction) => {
		if (response.headersSent) return next(error);
		if (isClientMistake(error))
			return refuse(request, response, 400, 'Bad Request', 'The path or the query is not well-formed.');
		log('request_failed', {path: request.path, error: messageOf(error)});
		refuse(request, response, 500, 'Internal Server Error', 'tailprobe failed while answering; its log says more.');
	});
	return app;
}

/** Listens. Throws a UserError, with what to do, when the address cannot be had. */
export async function startServer(app: Express, {host, port}: {host: string; port: number}): Promise<Server> {
	const server = http.createServer(
		{
			maxHeaderSize: 16_384,
			headersTimeout: 10_000,
			requestTimeout: 20_000,
			keepAliveTimeout: 10_000,
			connectionsCheckingInterval: 5000,
		},
		app,
	);
	server.maxHeadersCount = 100;
	server.maxConnections = 256;
	server.timeout = socketSilenceMs;
	// Whoever holds all places with idle connections makes room for the next.
	server.on('drop', () => server.closeIdleConnections());
	await listen(server, host, port);

	const {address, family, port: taken} = server.address() as AddressInfo;
	if (isLoopbackHost(host) && !isLoopbackHost(address)) {
		await close(server);
		throw new UserError(
			`${host} means ${address} on this machine, which is not loopback; write 127.0.0.1 or [::1] as the host of web.listen.`,
			exitUnavailable,
		);
	}
	return {url: `http://${family === 'IPv6' ? `[${address}]` : address}:${taken}`, close: () => close(server)};
}

/** Longer than any ad hoc probe may take (two minutes), during which nothing goes over its connection. */
const socketSilenceMs = 150_000;
/** Time that requests in flight get when we end. */
const closeGraceMs = 1000;
/** EX_UNAVAILABLE of sysexits. */
const exitUnavailable = 69;

function setSecurityHeaders(_request: Request, response: Response, next: NextFunction): void {
	response.set({
		'Content-Security-Policy':
			"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
		'X-Content-Type-Options': 'nosniff',
		'Referrer-Policy': 'no-referrer',
		'Cross-Origin-Resource-Policy': 'same-origin',
		'Cross-Origin-Opener-Policy': 'same-origin',
		'Cache-Control': 'no-store',
	});
	next();
}

/** No path takes a body, so a small one is ignored unread and anything else is sent away with its connection. */
function refuseBodies(request: Request, response: Response, next: NextFunction): void {
	const chunked = request.headers['transfer-encoding'] !== undefined;
	if (!chunked && Number(request.headers['content-length'] ?? 0) <= 4096) {
		next();
		return;
	}
	response.set('Connection', 'close');
	refuse(request, response, 413, 'Content Too Large', 'No path of tailprobe takes a request body.');
}

function isClientMistake(error: unknown): boolean {
	return error instanceof Error && 'status' in error && error.status === 400;
}

async function listen(server: http.Server, host: string, port: number): Promise<void> {
	const {promise, resolve, reject} = Promise.withResolvers<void>();
	server.once('listening', resolve);
	server.once('error', (error: NodeJS.ErrnoException) => {
		const advice = listenAdvice[error.code ?? ''];
		const said = `tailprobe cannot listen on ${host.includes(':') ? `[${host}]` : host}:${port}`;
		reject(
			new UserError(
				`${said}: ${advice ?? `${messageOf(error)}. Set web.listen to an address of this machine.`}`,
				exitUnavailable,
			),
		);
	});
	server.listen({host, port});
	await promise;
}

const listenAdvice: Record<string, string> = {
	EADDRINUSE:
		'another process has that port, perhaps a tailprobe that is still running. End it, or set web.listen to a free port.',
	EACCES: 'this user may not take that port. Set web.listen to a port above 1023.',
	EADDRNOTAVAIL: 'this machine has no such address. Set web.listen to one that it has, such as 127.0.0.1:9753.',
};

async function close(server: http.Server): Promise<void> {
	const {promise, resolve} = Promise.withResolvers<void>();
	server.close(() => resolve());
	server.closeIdleConnections();
	const cut = setTimeout(() => server.closeAllConnections(), closeGraceMs);
	await promise;
	clearTimeout(cut);
}
