/** What a request asks for: its JSON body, held against a schema that is loaded when the first one comes. */

import type {Request, Response} from 'express';
import type {ZodType} from 'zod';
import {listIssues, sayIssues} from './issues.ts';
import {refuse} from './problem.ts';

/** What the body says; undefined where it was refused, with a sentence that shows the example or names the fields that are wrong. */
export async function readJson<T>(
	request: Request,
	response: Response,
	{schema, example}: {schema(): Promise<ZodType<T>>; example: string},
): Promise<T | undefined> {
	if (typeof request.body !== 'string') {
		const detail = `Send the request as a body of Content-Type application/json, such as ${example}.`;
		refuse(request, response, 415, 'Unsupported Media Type', detail);
		return undefined;
	}
	let body: unknown;
	try {
		body = JSON.parse(request.body);
	} catch {
		refuse(request, response, 400, 'Bad Request', `The body is not JSON, such as ${example}.`);
		return undefined;
	}
	const wanted = (await schema()).safeParse(body);
	if (wanted.success) return wanted.data;
	const errors = listIssues(wanted.error);
	const detail = `The body is not what this path takes: ${sayIssues(errors, 'the body')}`;
	refuse(request, response, 422, 'Unprocessable Content', detail, errors);
	return undefined;
}
