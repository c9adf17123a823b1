/** POST `/api/v1/probe`: one run now, told in full beside the record of the checks that have the same target. */

import type {Request, Response} from 'express';
import {parseDurationMs} from '../../util/units.ts';
import type {ProbeRequest} from '../api-schemas.ts';
import {askedBy} from '../door/caller.ts';
import {listIssues, sayIssues} from '../issues.ts';
import {describeProbeNow} from '../json.ts';
import {refuse} from '../problem.ts';
import type {AdhocAnswer} from '../types.ts';
import type {MakeRoute} from './types.ts';

export const probeNowRoute: MakeRoute = view => ({
	method: 'post',
	path: '/api/v1/probe',
	body: {maxBytes: 16_384},
	async handle(request, response) {
		const wanted = await readBody(request, response);
		if (!wanted) return;
		const {target = '', module = 'http_2xx', check, from, timeout, hostname} = wanted;
		const timeoutMs = timeout === undefined ? undefined : parseDurationMs(timeout);
		const answer = await view.probe({
			target,
			module,
			...(check === undefined ? {} : {check}),
			...(from === undefined ? {} : {from}),
			...(hostname === undefined ? {} : {hostname}),
			...(timeoutMs === undefined ? {} : {timeoutMs}),
			...askedBy(request, response),
		});
		if (answer.kind === 'ran') response.json(describeProbeNow(answer, view));
		else refuseRun(answer, request, response);
	},
});

async function readBody(request: Request, response: Response): Promise<ProbeRequest | undefined> {
	if (typeof request.body !== 'string') {
		const detail =
			'Send the request as a body of Content-Type application/json, such as {"target": "http://livekit:7880/"}.';
		refuse(request, response, 415, 'Unsupported Media Type', detail);
		return undefined;
	}
	let body: unknown;
	try {
		body = JSON.parse(request.body);
	} catch {
		refuse(request, response, 400, 'Bad Request', 'The body is not JSON, such as {"target": "http://livekit:7880/"}.');
		return undefined;
	}
	// The schemas of the API are megabytes that a daemon of which nobody asks this need not hold.
	const {probeRequestSchema} = await import('../api-schemas.ts');
	const wanted = probeRequestSchema.safeParse(body);
	if (wanted.success) return wanted.data;
	const errors = listIssues(wanted.error);
	const detail = `The body is not what this path takes: ${sayIssues(errors, 'the body')}`;
	refuse(request, response, 422, 'Unprocessable Content', detail, errors);
	return undefined;
}

function refuseRun(answer: Exclude<AdhocAnswer, {kind: 'ran'}>, request: Request, response: Response): void {
	const {detail} = answer;
	if (answer.kind === 'busy') {
		refuse(request, response, 429, 'Too Many Requests', detail);
		return;
	}
	const errors = [{field: answer.field, detail}];
	if (['check', 'module', 'from'].includes(answer.field)) refuse(request, response, 404, 'Not Found', detail, errors);
	else refuse(request, response, 422, 'Unprocessable Content', detail, errors);
}
