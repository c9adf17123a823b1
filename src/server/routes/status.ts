/** `/api/v1/status`: the whole in numbers, and what stands in the way. */

import {describeStatus} from '../json.ts';
import type {MakeRoute} from './types.ts';

export const statusRoute: MakeRoute = view => ({
	method: 'get',
	path: '/api/v1/status',
	handle(_request, response) {
		response.json(describeStatus(view));
	},
});
