/**
 * What `headscale … -o json` prints, in the shape of the REST API's answers, so that one parser reads both. Two forms: 0.23 to 0.29 print
 * the protobuf (snake_case, ids as numbers, times as seconds and nanoseconds, nothing that is zero); 0.30 prints camelCase with
 * everything there, and objects of empty fields for what is absent. Pre-auth keys themselves are not taken over.
 */

import {maxEntries} from '../lenient.ts';

/** `nodes list` as the body of GET /api/v1/node; undefined when it is no list. An empty list may be `null`. */
export function nodesToRest(printed: unknown): {nodes: unknown[]} | undefined {
	const entries = listOf(printed);
	if (!entries) return undefined;
	const fields = tellsRoutes(entries) ? {...nodeFields, ...routeFields} : nodeFields;
	return {nodes: convertAll(entries, raw => withTags(convert(fields, raw), raw))};
}

/** `users list` as the body of GET /api/v1/user; undefined when it is no list. */
export function usersToRest(printed: unknown): {users: unknown[]} | undefined {
	const entries = listOf(printed);
	return entries && {users: convertAll(entries, raw => convert(userFields, raw))};
}

/** `preauthkeys list` as the body of GET /api/v1/preauthkey, without the keys; undefined when it is no list. */
export function preAuthKeysToRest(printed: unknown): {preAuthKeys: unknown[]} | undefined {
	const entries = listOf(printed);
	return entries && {preAuthKeys: convertAll(entries, raw => convert(preAuthKeyFields, raw))};
}

/** `apikeys list` as the body of GET /api/v1/apikey; undefined when it is no list. */
export function apiKeysToRest(printed: unknown): {apiKeys: unknown[]} | undefined {
	const entries = listOf(printed);
	return entries && {apiKeys: convertAll(entries, raw => convert(apiKeyFields, raw))};
}

/** Makes the REST value of a printed one; undefined stands for a field that is not there. */
type Field = (printed: unknown) => unknown;
type Fields = Readonly<Record<string, Field>>;

// What has another type than expected is passed on: the parsers judge it.
const id: Field = printed => (typeof printed === 'number' ? String(printed) : printed);
const text: Field = printed => printed ?? '';
const flag: Field = printed => printed ?? false;
const texts: Field = printed => printed ?? [];
const method: Field = printed =>
	printed === undefined || typeof printed === 'number'
		? (registerMethods[printed ?? 0] ?? registerMethods[0])
		: printed;

const time: Field = printed => {
	if (!isObject(printed)) return printed ?? null;
	const {seconds = 0, nanos = 0} = printed;
	if (typeof seconds !== 'number' || typeof nanos !== 'number') return printed;
	const date = new Date(seconds * 1000);
	if (Number.isNaN(date.getTime()) || nanos < 0 || nanos > 999_999_999) return printed;
	return date.toISOString().replace(/\.\d+Z$/, nanos === 0 ? 'Z' : `.${String(Math.trunc(nanos)).padStart(9, '0')}Z`);
};

/** An object that may be absent: then its key is missing, or 0.30 prints one whose id is empty. */
const message =
	(fields: Fields): Field =>
	printed => {
		if (printed === undefined || (isObject(printed) && printed.id === '')) return null;
		return isObject(printed) ? convert(fields, printed) : printed;
	};

const userFields: Fields = {
	id,
	name: text,
	createdAt: time,
	displayName: text,
	email: text,
	providerId: text,
	provider: text,
	profilePicUrl: text,
};

const preAuthKeyFields: Fields = {
	// Up to 0.25 the bare name of the user.
	user: message(userFields),
	id,
	reusable: flag,
	ephemeral: flag,
	used: flag,
	expiration: time,
	createdAt: time,
	aclTags: texts,
};

const apiKeyFields: Fields = {id, prefix: text, expiration: time, createdAt: time, lastSeen: time};

const nodeFields: Fields = {
	id,
	machineKey: text,
	nodeKey: text,
	discoKey: text,
	ipAddresses: texts,
	name: text,
	user: message(userFields),
	lastSeen: time,
	expiry: time,
	preAuthKey: message(preAuthKeyFields),
	createdAt: time,
	registerMethod: method,
	givenName: text,
	online: flag,
};

const routeFields: Fields = {approvedRoutes: texts, availableRoutes: texts, subnetRoutes: texts};

const registerMethods: Readonly<Record<number, string>> = {
	0: 'REGISTER_METHOD_UNSPECIFIED',
	1: 'REGISTER_METHOD_AUTH_KEY',
	2: 'REGISTER_METHOD_CLI',
	3: 'REGISTER_METHOD_OIDC',
};

/**
 * Whether this headscale tells routes with its nodes (0.26 and newer do), although empty ones are not printed: ids of pre-auth keys were
 * text before, and are numbers since. Where nothing shows it, routes count as not told.
 */
function tellsRoutes(entries: readonly unknown[]): boolean {
	return entries.slice(0, maxEntries).some(entry => {
		if (!isObject(entry)) return false;
		if (Object.keys(routeFields).some(name => fieldOf(entry, name) !== undefined)) return true;
		return isObject(entry.pre_auth_key) && typeof entry.pre_auth_key.id === 'number';
	});
}

/** 0.28 and newer have `tags`; before, three lists of which each is only printed when it holds something. */
function withTags(node: unknown, raw: unknown): unknown {
	if (!isObject(node) || !isObject(raw)) return node;
	const tags = fieldOf(raw, 'tags');
	if (tags !== undefined) return {...node, tags};
	return {...node, forcedTags: texts(fieldOf(raw, 'forcedTags')), validTags: texts(fieldOf(raw, 'validTags'))};
}

function listOf(printed: unknown): unknown[] | undefined {
	if (printed === null) return [];
	return Array.isArray(printed) ? printed : undefined;
}

// Entries beyond the bound are only counted.
function convertAll(entries: readonly unknown[], one: (raw: unknown) => unknown): unknown[] {
	return entries.map((raw, index) => (index < maxEntries ? one(raw) : null));
}

function convert(fields: Fields, raw: unknown): unknown {
	if (!isObject(raw)) return raw;
	return Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, field(fieldOf(raw, name))]));
}

/** A field under its name of either form. */
function fieldOf(raw: Readonly<Record<string, unknown>>, name: string): unknown {
	return raw[snakeCase(name)] ?? raw[name] ?? undefined;
}

const snakeNames = new Map<string, string>();
function snakeCase(name: string): string {
	const known = snakeNames.get(name) ?? name.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`);
	snakeNames.set(name, known);
	return known;
}

function isObject(value: unknown): value is Record<string, unknown> {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}
