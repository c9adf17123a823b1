/** `/-/healthy`: the process is alive and its main loop turns. */

import type {MakeRoute} from './types.ts';

export const healthyRoute: MakeRoute = () => ({
	method: 'get',
	path: '/-/healthy',
	handle(_request, response) {
		response.type('text/plain').send('tailprobe is alive.\n');
	},
});
