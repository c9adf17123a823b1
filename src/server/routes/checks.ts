/** `/api/v1/checks`: every check with its verdict and its last run. */

import {describeCheckView} from '../json.ts';
import type {MakeRoute} from './types.ts';

export const checksRoute: MakeRoute = view => ({
	method: 'get',
	path: '/api/v1/checks',
	handle(_request, response) {
		response.json({checks: view.checks().map(describeCheckView)});
	},
});
