/** `/api/v1/incidents`: what is wrong now, each fault once, with its cause. */

import {findIncidents} from '../../diagnosis/incidents.ts';
import {worldNow} from '../../diagnosis/world-now.ts';
import {describeIncident} from '../diagnosis-json.ts';
import type {MakeRoute} from './types.ts';

export const incidentsRoute: MakeRoute = view => ({
	method: 'get',
	path: '/api/v1/incidents',
	handle(_request, response) {
		const world = worldNow(view, Date.now());
		response.json({incidents: findIncidents(world).map(describeIncident)});
	},
});
