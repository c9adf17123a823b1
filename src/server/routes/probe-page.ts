/** POST `/probe-now`: the form of the page: one run now, told as a page. */

import {askedBy} from '../door/caller.ts';
import {renderProbePage} from '../page/probe-page.ts';
import {sendPage} from '../send-page.ts';
import type {AdhocAnswer} from '../types.ts';
import type {MakeRoute} from './types.ts';

const longestField = 2048;
const statuses: Record<AdhocAnswer['kind'], number> = {ran: 200, bad_request: 422, busy: 429, elsewhere: 503};

export const probePageRoute: MakeRoute = view => ({
	method: 'post',
	path: '/probe-now',
	body: {maxBytes: 16_384, type: 'form'},
	async handle(request, response) {
		const form = new URLSearchParams(String(request.body));
		const field = (name: string) => (form.get(name) ?? '').trim();
		const wish = {target: field('target'), module: field('module'), check: field('check'), from: field('from')};
		const {target, check, from} = wish;
		const answer = await ask();
		sendPage(request, response, renderProbePage(view, answer, wish, Date.now()), statuses[answer.kind]);

		async function ask(): Promise<AdhocAnswer> {
			if (Object.values(wish).some(value => value.length > longestField))
				return refuse(`A field has more than ${longestField} characters.`);
			if (target === '' && check === '')
				return refuse('Name a target, such as http://livekit:7880/, or choose a check that has only one.');
			return await view.probe({
				target,
				module: wish.module || 'http_2xx',
				...(check === '' ? {} : {check}),
				...(from === '' ? {} : {from}),
				...askedBy(request, response),
			});
		}
	},
});

function refuse(detail: string): AdhocAnswer {
	return {kind: 'bad_request', field: 'target', detail};
}
