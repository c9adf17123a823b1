/** `/api/v1/checks/{key}/history`: the last runs of a check, its failures, and the last hour. The key is percent-encoded: it has slashes. */

import {describeCheckView, describeOutcome, describeStrip} from '../json.ts';
import {refuse} from '../problem.ts';
import type {MakeRoute} from './types.ts';

export const checkHistoryRoute: MakeRoute = view => ({
	method: 'get',
	path: '/api/v1/checks/:key/history',
	handle(request, response) {
		const key = String(request.params.key);
		const check = view.check(key);
		const history = view.history(key);
		if (!check || !history) {
			const detail = 'No check has this key now. /api/v1/checks lists them; write the slashes of a key as %2F.';
			return refuse(request, response, 404, 'Not Found', detail);
		}
		response.json({
			check: describeCheckView(check),
			recent: history.recent.map(describeOutcome),
			failures: history.failures.map(describeOutcome),
			lastHour: describeStrip(check.strip),
		});
	},
});
