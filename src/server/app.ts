/** The HTTP side: headers, limits and the front door around the routes. */

import type {IncomingMessage, RequestListener} from 'node:http';
import express, {type Express, type NextFunction, type Request, type Response} from 'express';
import {systemClock} from '../util/clock.ts';
import {messageOf} from '../util/errors.ts';
import {createDoor, type Door} from './door/door.ts';
import {guardFrontDoor} from './front-door.ts';
import {indentForBrowsers} from './indented-json.ts';
import {refuse} from './problem.ts';
import {boundBodies, takeBody} from './request-body.ts';
import {routes} from './routes/registry.ts';
import type {Log} from './routes/types.ts';
import type {DaemonView} from './types.ts';

export {type Server, startServer} from './listen.ts';
export type {Log};

/** One line as a `Log` gets it. */
export interface LogLine {
	event: string;
	fields: Record<string, unknown>;
	level?: 'info' | 'warn';
}

export interface AppOptions {
	/** The host part of the address that the application will be bound to. */
	listenHost: string;
	log: Log;
	/** Without one nobody is asked who they are. */
	door?: Door;
}

/** What answers all requests. */
export function createApp(view: DaemonView, options: AppOptions): RequestListener {
	const app = buildApp(view, options);
	return (request, response) => {
		const mistake = !hasHost(request)
			? 'The request has no Host header.'
			: !readRequestTarget(request)
				? 'The first line of the request asks for neither a path nor a URL.'
				: undefined;
		if (mistake === undefined) return app(request, response);
		response.writeHead(400, {'Content-Type': 'text/plain; charset=utf-8', Connection: 'close'});
		response.end(`${mistake}\n`);
	};
}

function buildApp(view: DaemonView, {listenHost, log, door}: AppOptions): Express {
	const app = express();
	app.disable('x-powered-by');
	app.disable('etag');
	app.enable('case sensitive routing');
	app.enable('strict routing');

	app.use(setSecurityHeaders);
	app.use(indentForBrowsers);
	const made = routes.map(make => make(view, log));
	app.use(boundBodies(made));
	app.use(guardFrontDoor(listenHost, door ?? createDoor({clock: systemClock, log})));
	app.use(passOverTheGone);
	for (const {method, path, body, handle} of made) {
		if (body) app[method](path, takeBody(body));
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
		log('a request failed inside tailprobe, please report it', {path: request.path, error: messageOf(error)});
		refuse(request, response, 500, 'Internal Server Error', 'tailprobe failed while answering; its log says more.');
	});
	return app;
}

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

/** HTTP/1.1 asks for one. */
function hasHost({httpVersion, headers}: IncomingMessage): boolean {
	return headers.host !== undefined || httpVersion !== '1.1';
}

/** Whoever is gone by the time that they are let in gets nothing worked out. */
function passOverTheGone({socket}: Request, _response: Response, next: NextFunction): void {
	if (!socket.destroyed) next();
}

/**
 * A client that takes us for a proxy asks for a whole URL: what counts is its path, and its host instead of the Host header. False for
 * what is neither a path nor a URL; express would trip over some of those.
 */
function readRequestTarget(request: IncomingMessage): boolean {
	const target = request.url ?? '';
	if (target.startsWith('/')) return true;
	const url = /^https?:\/\//i.test(target) ? URL.parse(target) : null;
	if (!url) return false;
	request.headers.host = url.host;
	request.url = url.pathname + url.search;
	return true;
}

function isClientMistake(error: unknown): boolean {
	return error instanceof Error && 'status' in error && error.status === 400;
}
