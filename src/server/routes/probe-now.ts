/** POST `/api/v1/probe`: one run now, told in full beside the record of the checks that have the same target. */

import type {Request, Response} from 'express';
import type {z} from 'zod';
import {parseDurationMs} from '../../util/units.ts';
import {type ProbeRequest, probeRequestSchema} from '../api-schemas.ts';
import {askedBy} from '../door/caller.ts';
import {describeProbeNow} from '../json.ts';
import {refuse} from '../problem.ts';
import type {AdhocAnswer} from '../types.ts';
import type {MakeRoute} from './types.ts';

export const probeNowRoute: MakeRoute = view => ({
	method: 'post',
	path: '/api/v1/probe',
	body: {maxBytes: 16_384},
	async handle(request, response) {
		const wanted = readBody(request, response);
		if (!wanted) return;
		const {target, module = 'http_2xx', from, timeout, hostname} = wanted;
		const timeoutMs = timeout === undefined ? undefined : parseDurationMs(timeout);
		const answer = await view.probe({
			target,
			module,
			...(from === undefined ? {} : {from}),
			...(hostname === undefined ? {} : {hostname}),
			...(timeoutMs === undefined ? {} : {timeoutMs}),
			...askedBy(request, response),
		});
		if (answer.kind === 'ran') response.json(describeProbeNow(answer, view));
		else refuseRun(answer, request, response);
	},
});

function readBody(request: Request, response: Response): ProbeRequest | undefined {
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
	const wanted = probeRequestSchema.safeParse(body);
	if (wanted.success) return wanted.data;
	const errors = wanted.error.issues.slice(0, 10).flatMap(describeIssue);
	const detail = `The body is not what this path takes: ${errors.map(error => `${error.field || 'the body'}: ${error.detail}`).join('; ')}.`;
	refuse(request, response, 422, 'Unprocessable Content', detail, errors);
	return undefined;
}

function describeIssue(issue: z.core.$ZodIssue): {field: string; detail: string}[] {
	if (issue.code === 'unrecognized_keys')
		return issue.keys.slice(0, 10).map(key => ({field: key.slice(0, 60), detail: 'there is no field of this name'}));
	return [{field: issue.path.map(String).join('.'), detail: issue.message}];
}

function refuseRun(answer: Exclude<AdhocAnswer, {kind: 'ran'}>, request: Request, response: Response): void {
	const {detail} = answer;
	if (answer.kind === 'busy') {
		refuse(request, response, 429, 'Too Many Requests', detail);
		return;
	}
	const errors = [{field: answer.field, detail}];
	if (answer.field === 'module' || answer.field === 'from') refuse(request, response, 404, 'Not Found', detail, errors);
	else refuse(request, response, 422, 'Unprocessable Content', detail, errors);
}
