/** The node list of headscale's REST API, of every version from 0.23 to 0.30, as nodes that are safe to print. */

import {z} from 'zod';
import {cleanNodeNames} from '../inventory/names.ts';
import type {NodeList, TailnetNode} from '../inventory/types.ts';
import {canonicalAddress} from '../net/guard.ts';

/**
 * Reads the body of GET /api/v1/node. An entry that cannot be used becomes a problem and the others are kept; a field that is
 * missing or of another type counts as not told. undefined when this is no node list at all.
 */
export function parseNodes(body: unknown): NodeList | undefined {
	const list = listSchema.safeParse(body);
	if (!list.success) return undefined;
	const problems: string[] = [];
	const entries = new Map<string, {entry: Entry; addresses: string[]}>();
	const listed = list.data.nodes ?? [];
	if (listed.length > maxNodes) problems.push(`Only the first ${maxNodes} of ${listed.length} listed nodes are used.`);
	for (const [index, raw] of listed.slice(0, maxNodes).entries()) {
		const {data: entry} = entrySchema.safeParse(raw);
		const addresses = canonicalAddresses(entry?.ipAddresses ?? []);
		const id = entry?.id;
		if (!entry || !id) problems.push(`Entry ${index + 1} of the node list has no usable id and is left out.`);
		else if (entries.has(id)) problems.push(`Entry ${index + 1} of the node list repeats id ${id} and is left out.`);
		else if (addresses.length === 0) problems.push(`Node ${id} has no usable address and is left out.`);
		else entries.set(id, {entry, addresses});
	}
	const names = cleanNodeNames(
		[...entries].map(([id, {entry}]) => ({id, rawName: entry.givenName || entry.name || ''})),
	);
	const nodes: TailnetNode[] = [];
	for (const [id, {entry, addresses}] of entries) {
		const name = names.get(id);
		if (name) nodes.push(buildNode(id, name, entry, addresses, problems));
	}
	return {nodes, problems: bounded(problems)};
}

/** Pseudo user that owns all tagged nodes in lists of headscale 0.28 and newer. */
const taggedDevicesId = '2147455555';

const maxProblems = 20;
/** More machines than any headscale holds: a longer list is an accident or an attack, and would hold the main thread for seconds. */
const maxNodes = 10_000;

const id = z.union([z.string().regex(/^\d{1,20}$/), z.int().nonnegative().transform(String)]);
// `nullish` first: a fallback taken by `catch` costs far more, and nulls are everywhere.
const lenient = <T extends z.ZodType>(schema: T) => schema.nullish().catch(undefined);
const text = lenient(z.string());
const texts = lenient(z.array(z.string()).max(1000));

const listSchema = z.object({nodes: z.array(z.unknown()).nullable()});

/** Only what is used: pre-auth keys, which versions up to 0.27 tell in plain text, are not copied. */
const entrySchema = z.object({
	id: lenient(id),
	name: text,
	givenName: text,
	ipAddresses: texts,
	user: lenient(z.object({id: lenient(id), name: text, email: text})),
	lastSeen: text,
	expiry: text,
	createdAt: text,
	// Here null and missing differ: see ephemeralOf.
	preAuthKey: lenient(z.object({ephemeral: lenient(z.boolean())})),
	registerMethod: text,
	online: lenient(z.boolean()),
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
	const all = tags ?? [...(forcedTags ?? []), ...(validTags ?? [])];
	return [...new Set(all.slice(0, 50).map(tag => clean(tag, /[^A-Za-z0-9:._-]/g)))];
}

function ownerOf(user: Entry['user']): string {
	if (!user || user.id === taggedDevicesId) return '';
	return clean((user.name || user.email || '').split('@', 1)[0] ?? '', /[^A-Za-z0-9._-]/g);
}

function clean(raw: string, unsafe: RegExp): string {
	return raw.slice(0, 64).replace(unsafe, '_');
}

function canonicalAddresses(raw: readonly string[]): string[] {
	const addresses = raw.slice(0, 16).map(canonicalAddress);
	const isV6 = (address: string) => Number(address.includes(':'));
	return [...new Set(addresses.filter(address => address !== undefined))].sort((a, b) => isV6(a) - isV6(b));
}

/** Before 0.26 routes are listed elsewhere: then undefined. */
function routesOf({approvedRoutes, availableRoutes, subnetRoutes}: Entry): TailnetNode['routes'] {
	if (!approvedRoutes || !availableRoutes || !subnetRoutes) return undefined;
	const prefixes = (raw: readonly string[]) => raw.filter(route => /^[0-9a-f:.]{2,45}\/\d{1,3}$/.test(route));
	return {approved: prefixes(approvedRoutes), available: prefixes(availableRoutes), served: prefixes(subnetRoutes)};
}

/** A time that means something; Go's zero time and 1970 mean that there is none. */
function timeOf(raw: string | null | undefined): number | undefined {
	const time = parseTime(raw);
	return typeof time === 'number' && time > 0 ? time : undefined;
}

/** Milliseconds since 1970; undefined when not set, which some versions write as the year 1. */
function parseTime(raw: string | null | undefined): number | undefined | 'unreadable' {
	if (!raw) return undefined;
	const time = /^\d{4}-\d\d-\d\dT[0-9:.]{8,20}(Z|[+-]\d\d:\d\d)$/.test(raw) ? Date.parse(raw) : Number.NaN;
	if (Number.isNaN(time)) return 'unreadable';
	return time < 0 ? undefined : time;
}

const registerMethods: Readonly<Record<string, string>> = {
	REGISTER_METHOD_AUTH_KEY: 'auth_key',
	REGISTER_METHOD_CLI: 'cli',
	REGISTER_METHOD_OIDC: 'oidc',
};

function bounded(problems: readonly string[]): string[] {
	if (problems.length <= maxProblems) return [...problems];
	return [
		...problems.slice(0, maxProblems),
		`${problems.length - maxProblems} more entries of the node list have faults.`,
	];
}

type Known<T> = {[K in keyof T]?: Exclude<T[K], undefined>};

/** The object without what is undefined. */
function known<T extends object>(object: T): Known<T> {
	return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as Known<T>;
}
