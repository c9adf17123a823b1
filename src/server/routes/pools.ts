/** `/api/v1/pools`: how many GPU machines are usable, and what is rented and cannot be used. */

import {describePools} from '../pools-json.ts';
import type {MakeRoute} from './types.ts';

export const poolsRoute: MakeRoute = view => ({
	method: 'get',
	path: '/api/v1/pools',
	handle(_request, response) {
		response.json(describePools(view.pools(), view.vast()));
	},
});
