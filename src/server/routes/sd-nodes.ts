/** `/sd/nodes`: the nodes of the tailnet as Prometheus' HTTP service discovery wants them. */

import type {Request, Response} from 'express';
import type {SdQuery} from '../api-schemas.ts';
import {listIssues, sayIssues} from '../issues.ts';
import {refuse} from '../problem.ts';
import {discoverNodes} from '../service-discovery.ts';
import type {MakeRoute} from './types.ts';

export const sdNodesRoute: MakeRoute = view => ({
	method: 'get',
	path: '/sd/nodes',
	async handle(request, response) {
		const query = await readQuery(request, response);
		if (!query) return;
		const listed = view.listedNodes();
		// Prometheus keeps its last list over an error; an empty one would end every target.
		if (!listed) {
			const detail = view.sources().some(({name}) => name === 'headscale-nodes')
				? "headscale's list of nodes was not read lately; /-/ready and the page say what stood in the way."
				: 'No headscale is configured, so there are no nodes to list: add a headscale block to the configuration.';
			return refuse(request, response, 503, 'Service Unavailable', detail);
		}
		if (query.target.includes('{fqdn}') && listed.domain === undefined) {
			const detail = 'The MagicDNS domain is not known: set tailnet.domain, or let the target be {node} or {address}.';
			return refuse(request, response, 503, 'Service Unavailable', detail);
		}
		response.json(discoverNodes(listed.nodes, query, listed.domain));
	},
});

async function readQuery(request: Request, response: Response): Promise<SdQuery | undefined> {
	const given = new URL(request.originalUrl, 'http://localhost').searchParams;
	const names = [...new Set(given.keys())];
	// Loaded when asked for, as in probe-now.ts.
	const {sdQuerySchema} = await import('../api-schemas.ts');
	const query = sdQuerySchema.safeParse(
		Object.fromEntries(names.map(name => [name, listed(name, given.getAll(name))])),
	);
	if (query.success) return query.data;
	const errors = listIssues(query.error);
	const detail = `The query is not what this path takes: ${sayIssues(errors, 'the query')}`;
	refuse(request, response, 400, 'Bad Request', detail, errors);
	return undefined;
}

/** `tag`, `owner` and `name` may be repeated. */
function listed(name: string, values: string[]): string | string[] | undefined {
	return ['tag', 'owner', 'name'].includes(name) ? values : values.length === 1 ? values[0] : values;
}
