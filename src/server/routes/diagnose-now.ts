/** POST `/api/v1/diagnose`: whose fault it is that a link, a node or a vantage is as it is, asked afresh. */

import {describeDiagnosis} from '../diagnosis-json.ts';
import {askedBy} from '../door/caller.ts';
import {refuse} from '../problem.ts';
import {readJson} from '../read-json.ts';
import type {MakeRoute} from './types.ts';

export const diagnoseNowRoute: MakeRoute = view => ({
	method: 'post',
	path: '/api/v1/diagnose',
	body: {maxBytes: 16_384},
	async handle(request, response) {
		const wanted = await readJson(request, response, {
			schema: async () => (await import('../diagnosis-schema.ts')).diagnoseRequestSchema,
			example: '{"subject": "june-gpu-00000001"}',
		});
		if (!wanted) return;
		const {subject, from} = wanted;
		const answer = await view.diagnose({
			subject,
			...(from === undefined ? {} : {from}),
			...askedBy(request, response),
		});
		if (answer.kind === 'diagnosed') {
			const {diagnosis, unasked} = answer;
			const strip = diagnosis.subject.kind === 'check' ? view.check(diagnosis.subject.check.key)?.strip : undefined;
			response.json(describeDiagnosis(diagnosis, unasked, strip));
		} else if (answer.kind === 'busy') refuse(request, response, 429, 'Too Many Requests', answer.detail);
		else if (answer.kind === 'elsewhere') refuse(request, response, 503, 'Service Unavailable', answer.detail);
		else {
			const {field, detail} = answer;
			refuse(request, response, 404, 'Not Found', detail, [{field, detail}]);
		}
	},
});
