/** The node list of headscale's REST API, of every version from 0.23 to 0.30, as nodes that are safe to print. */

import {z} from 'zod';
import {cleanNodeNames} from '../inventory/names.ts';
import type {NodeList, TailnetNode} from '../inventory/types.ts';
import {canonicalAddress} from '../net/guard.ts';
import {atOnce, inSlices} from '../util/slices.ts';
import {
	bounded,
	clean,
	cleanTags,
	cleanUserName,
	entriesOf,
	firstEntries,
	flag,
	id,
	known,
	lenient,
	parseTime,
	text,
	texts,
	timeOf,
} from './lenient.ts';
import {isPrefix} from './routes.ts';

/**
 * Reads the body of GET /api/v1/node. An entry that cannot be used becomes a problem and the others are kept; a field that is
 * missing or of another type counts as not told. undefined when this is no node list at all.
 */
export function parseNodes(body: unknown): NodeList | undefined {
	return atOnce(readNodes(body));
}

/** As `parseNodes`, without holding up the thread: a list of thousands takes a tenth of a second. */
export function parseNodesInSlices(body: unknown): Promise<NodeList | undefined> {
	return inSlices(readNodes(body));
}

/** May be interrupted at each entry. */
function* readNodes(body: unknown): Generator<void, NodeList | undefined> {
	const listed = entriesOf(body, 'nodes');
	if (!listed) return undefined;
	const problems: string[] = [];
	const entries = new Map<string, {entry: Entry; addresses: string[]}>();
	for (const [index, raw] of firstEntries(listed, 'nodes', problems).entries()) {
		yield;
		const {data: entry} = entrySchema.safeParse(raw);
		const addresses = canonicalAddresses(entry?.ipAddresses ?? []);
		const nodeId = entry?.id;
		if (!entry || !nodeId) problems.push(`Entry ${index + 1} of the node list has no usable id and is left out.`);
		else if (entries.has(nodeId))
			problems.push(`Entry ${index + 1} of the node list repeats id ${nodeId} and is left out.`);
		else if (addresses.length === 0) problems.push(`Node ${nodeId} has no usable address and is left out.`);
		else entries.set(nodeId, {entry, addresses});
	}
	const names = cleanNodeNames(
		[...entries].map(([id, {entry}]) => ({id, rawName: entry.givenName || entry.name || ''})),
	);
	const nodes: TailnetNode[] = [];
	for (const [id, {entry, addresses}] of entries) {
		yield;
		const name = names.get(id);
		if (name) nodes.push(buildNode(id, name, entry, addresses, problems));
	}
	return {nodes, problems: bounded(problems, 'node list')};
}

/** Pseudo user that owns all tagged nodes in lists of headscale 0.28 and newer. */
const taggedDevicesId = '2147455555';

/** Only what is used: pre-auth keys, which versions up to 0.27 tell in plain text, are not copied. */
const entrySchema = z.object({
	id,
	name: text,
	givenName: text,
	ipAddresses: texts,
	user: lenient(z.object({id, name: text, email: text})),
	lastSeen: text,
	expiry: text,
	createdAt: text,
	// Here null and missing differ: see ephemeralOf.
	preAuthKey: lenient(z.object({ephemeral: flag})),
	registerMethod: text,
	online: flag,
	tags: texts,
	forcedTags: texts,
	validTags: texts,
	approvedRoutes: texts,
	availableRoutes: texts,
	subnetRoutes: texts,
});

type Entry = z.infer<typeof entrySchema>;

function buildNode(
	nodeId: string,
	name: {name: string; resolvable: boolean},
	entry: Entry,
	addresses: string[],
	problems: string[],
): TailnetNode {
	const tags = tagsOf(entry);
	const expiry = parseTime(entry.expiry);
	if (expiry === 'unreadable') problems.push(`Node ${nodeId} has an expiry that is no time; it is taken for never.`);
	return {
		id: nodeId,
		...name,
		addresses,
		owner: tags.length > 0 ? '' : ownerOf(entry.user),
		tags,
		...known({
			hostname: hostnameOf(entry),
			online: entry.online ?? undefined,
			ephemeral: ephemeralOf(entry),
			lastSeenMs: timeOf(entry.lastSeen),
			// 1970 stays: headscale writes it when a client logs out, and it means expired.
			keyExpiryMs: typeof expiry === 'number' ? expiry : undefined,
			createdMs: timeOf(entry.createdAt),
			registerMethod: registerMethods[entry.registerMethod ?? ''],
			routes: routesOf(entry),
		}),
	};
}

// headscale's own rule in every version: a node is ephemeral when its pre-auth key is there and says so. null is the answer
// for a node that joined without one, or whose key was deleted, and headscale does not remove such a node either.
function ephemeralOf({preAuthKey}: Entry): boolean | undefined {
	return preAuthKey === null ? false : (preAuthKey?.ephemeral ?? undefined);
}

// 0.28 has `tags`; before, what an administrator forced and what the policy allowed the node to claim.
function tagsOf({tags, forcedTags, validTags}: Entry): string[] {
	return cleanTags(tags ?? [...(forcedTags ?? []), ...(validTags ?? [])]);
}

function ownerOf(user: Entry['user']): string {
	if (!user || user.id === taggedDevicesId) return '';
	return cleanUserName(user.name || user.email || '');
}

function hostnameOf({name}: Entry): string | undefined {
	return name ? clean(name.toLowerCase(), /[^a-z0-9._-]/g) : undefined;
}

function canonicalAddresses(raw: readonly string[]): string[] {
	const addresses = raw.slice(0, 16).map(canonicalAddress);
	const isV6 = (address: string) => Number(address.includes(':'));
	return [...new Set(addresses.filter(address => address !== undefined))].sort((a, b) => isV6(a) - isV6(b));
}

/** Before 0.26 routes are listed elsewhere: then undefined. */
function routesOf({approvedRoutes, availableRoutes, subnetRoutes}: Entry): TailnetNode['routes'] {
	if (!approvedRoutes || !availableRoutes || !subnetRoutes) return undefined;
	return {
		approved: approvedRoutes.filter(isPrefix),
		available: availableRoutes.filter(isPrefix),
		served: subnetRoutes.filter(isPrefix),
	};
}

const registerMethods: Readonly<Record<string, string>> = {
	REGISTER_METHOD_AUTH_KEY: 'auth_key',
	REGISTER_METHOD_CLI: 'cli',
	REGISTER_METHOD_OIDC: 'oidc',
};
