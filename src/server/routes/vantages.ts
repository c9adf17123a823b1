/** `/api/v1/vantages`: where we look from, and whether we can. */

import {describeVantage} from '../json.ts';
import type {MakeRoute} from './types.ts';

export const vantagesRoute: MakeRoute = view => ({
	method: 'get',
	path: '/api/v1/vantages',
	handle(_request, response) {
		response.json({vantages: view.vantages().map(describeVantage)});
	},
});
