/** JSON with line breaks for people. */

import type {NextFunction, Request, Response} from 'express';

/** A browser, which accepts HTML, gets JSON that can be read; programs get it in one line. */
export function indentForBrowsers(request: Request, response: Response, next: NextFunction): void {
	if (/\btext\/html\b/i.test(request.headers.accept ?? ''))
		response.json = body => response.type('json').send(`${JSON.stringify(body, undefined, 2)}\n`);
	next();
}
