/** POST `/api/v1/probe`: one run now, told in full beside the record of the checks that have the same target. */

import type {Request, Response} from 'express';
import {parseDurationMs} from '../../util/units.ts';
import {askedBy} from '../door/caller.ts';
import {describeProbeNow} from '../json.ts';
import {refuse} from '../problem.ts';
import {readJson} from '../read-json.ts';
import type {AdhocAnswer} from '../types.ts';
import type {MakeRoute} from './types.ts';

export const probeNowRoute: MakeRoute = view => ({
	method: 'post',
	path: '/api/v1/probe',
	body: {maxBytes: 16_384},
	async handle(request, response) {
		// The schemas of the API are megabytes that a daemon of which nobody asks this need not hold.
		const wanted = await readJson(request, response, {
			schema: async () => (await import('../api-schemas.ts')).probeRequestSchema,
			example: '{"target": "http://livekit:7880/"}',
		});
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

function refuseRun(answer: Exclude<AdhocAnswer, {kind: 'ran'}>, request: Request, response: Response): void {
	const {detail} = answer;
	if (answer.kind === 'busy') {
		refuse(request, response, 429, 'Too Many Requests', detail);
		return;
	}
	if (answer.kind === 'elsewhere') {
		refuse(request, response, 503, 'Service Unavailable', detail);
		return;
	}
	const errors = [{field: answer.field, detail}];
	if (['check', 'module', 'from'].includes(answer.field)) refuse(request, response, 404, 'Not Found', detail, errors);
	else refuse(request, response, 422, 'Unprocessable Content', detail, errors);
}
