/** `/api/v1/nodes`: the nodes as headscale lists them, beside what our tunnels see. */

import {describeNode} from '../json.ts';
import type {MakeRoute} from './types.ts';

export const nodesRoute: MakeRoute = view => ({
	method: 'get',
	path: '/api/v1/nodes',
	handle(_request, response) {
		response.json({nodes: view.nodes().map(describeNode)});
	},
});
