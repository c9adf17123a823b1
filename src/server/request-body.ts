/** Request bodies: almost no path takes one, and those that do get a small text and nothing parsed. */

import type {NextFunction, Request, RequestHandler, Response} from 'express';
import {refuse} from './problem.ts';
import type {Route} from './routes/types.ts';

/** A body nobody asked for that is no larger is ignored unread. */
const ignoredBytes = 4096;

/**
 * Before anything else is looked at: a body that is larger than its path takes, or that has no length, is sent away with its
 * connection, so that nobody can make us read on, signed in or not.
 */
export function boundBodies(routes: readonly Route[]): RequestHandler {
	const bounds = new Map(routes.flatMap(({path, body}) => (body ? [[path, body.maxBytes] as const] : [])));
	return (request: Request, response: Response, next: NextFunction) => {
		const {'transfer-encoding': encoding, 'content-length': length} = request.headers;
		const bound = bounds.get(request.path);
		if (encoding === undefined && Number(length ?? 0) <= (bound ?? ignoredBytes)) return next();
		response.set('Connection', 'close');
		if (bound === undefined)
			return refuse(request, response, 413, 'Content Too Large', `${request.path} takes no request body.`);
		if (encoding !== undefined)
			return refuse(request, response, 411, 'Length Required', 'Send the body with a Content-Length.');
		refuse(request, response, 413, 'Content Too Large', `${request.path} takes at most ${bound} bytes.`);
	};
}

/** Reads the text of a request, whose length is known to be fine, into `request.body`, a string; parses nothing. */
export function takeBody({type}: NonNullable<Route['body']>): RequestHandler {
	const wanted = type === 'form' ? 'application/x-www-form-urlencoded' : 'application/json';
	return async (request, response, next) => {
		const [sent = ''] = (request.headers['content-type'] ?? '').split(';', 1);
		if (sent.trim().toLowerCase() === wanted) return await readBody(request, response, next);
		response.set('Connection', 'close');
		refuse(request, response, 415, 'Unsupported Media Type', `Send the body as Content-Type: ${wanted}.`);
	};
}

async function readBody(request: Request, response: Response, next: NextFunction): Promise<void> {
	const chunks: Buffer[] = [];
	try {
		for await (const chunk of request) chunks.push(chunk);
	} catch {
		// The caller left in the middle: there is nobody to answer.
		response.destroy();
		return;
	}
	try {
		request.body = new TextDecoder('utf-8', {fatal: true}).decode(Buffer.concat(chunks));
	} catch {
		refuse(request, response, 400, 'Bad Request', 'The body is not UTF-8.');
		return;
	}
	next();
}
