/** How a refusal reads: a sentence as plain text, or problem+json (RFC 9457) for those who talk JSON. */

import type {Request, Response} from 'express';

/** Answers with the sentence, in the form that fits the path and what the caller accepts. */
export function refuse(
	request: Request,
	response: Response,
	status: number,
	title: string,
	detail: string,
	/** What is wrong with which field, for those who talk JSON. */
	errors?: readonly {field: string; detail: string}[],
): void {
	response.status(status).set('Cache-Control', 'no-store');
	if (wantsJson(request))
		response
			.type('application/problem+json')
			.send(JSON.stringify({type: 'about:blank', title, status, detail, errors}));
	else response.type('text/plain').send(`${detail}\n`);
}

/** Whether the caller talks JSON: the API always does, `/probe` when asked to. */
export function wantsJson(request: Request): boolean {
	return request.path.startsWith('/api/') || request.accepts(['text/plain', 'application/json']) === 'application/json';
}
