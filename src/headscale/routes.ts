/** Routes of headscale up to 0.25, which lists them apart, as newer versions tell them with each node. */

import {z} from 'zod';
import type {NodeList, TailnetNode} from '../inventory/types.ts';
import {bounded, entriesOf, firstEntries, flag, id, lenient, text} from './lenient.ts';

export type NodeRoutes = NonNullable<TailnetNode['routes']>;

export interface RouteList {
	/** By id of the node. */
	byNode: ReadonlyMap<string, NodeRoutes>;
	/** Entries that could not be used, as sentences, bounded. */
	problems: readonly string[];
}

/** Reads the body of GET /api/v1/routes. An entry that cannot be used becomes a problem; undefined when this is no route list at all. */
export function parseRoutes(json: unknown): RouteList | undefined {
	const listed = entriesOf(json, 'routes');
	if (!listed) return undefined;
	const problems: string[] = [];
	const byNode = new Map<string, {available: string[]; approved: string[]; served: string[]}>();
	for (const [index, raw] of firstEntries(listed, 'routes', problems).entries()) {
		const {data: entry} = entrySchema.safeParse(raw);
		const nodeId = entry?.node?.id;
		// A route whose node was deleted stays in the list of some versions.
		if (entry?.node === null) continue;
		if (!entry?.prefix || !isPrefix(entry.prefix) || !nodeId) {
			problems.push(`Entry ${index + 1} of the route list has no usable node or prefix and is left out.`);
			continue;
		}
		const {prefix, advertised, enabled, isPrimary} = entry;
		const routes = byNode.get(nodeId) ?? {available: [], approved: [], served: []};
		byNode.set(nodeId, routes);
		if (advertised) routes.available.push(prefix);
		if (enabled) routes.approved.push(prefix);
		// Every exit node serves, so none of them is the primary one.
		if (advertised && enabled && (isPrimary || isExit(prefix))) routes.served.push(prefix);
	}
	return {byNode, problems: bounded(problems, 'route list')};
}

/** The nodes with these routes. Without routes of their own kind they stay as they are: newer versions told them with the nodes. */
export function withRoutes(list: NodeList, routes: RouteList | undefined): NodeList {
	if (!routes) return list;
	const none: NodeRoutes = {available: [], approved: [], served: []};
	return {...list, nodes: list.nodes.map(node => ({...node, routes: routes.byNode.get(node.id) ?? none}))};
}

/** Whether it has the form of a prefix and is safe to print. */
export function isPrefix(text: string): boolean {
	return /^[0-9a-f:.]{2,45}\/\d{1,3}$/.test(text);
}

const entrySchema = z.object({
	// Here null and missing differ; of the node only the id is right, it is always called offline.
	node: lenient(z.object({id})),
	prefix: text,
	advertised: flag,
	enabled: flag,
	isPrimary: flag,
});

function isExit(prefix: string): boolean {
	return prefix === '0.0.0.0/0' || prefix === '::/0';
}
