/** The pre-auth keys of headscale's REST API, of every version from 0.23 to 0.30: what they allow, never the keys themselves. */

import {z} from 'zod';
import {
	bounded,
	cleanTags,
	cleanUserName,
	entriesOf,
	firstEntries,
	flag,
	id,
	known,
	lenient,
	parseKeyExpiry,
	text,
	texts,
	timeOf,
} from './lenient.ts';

/** A key with which machines join. */
export interface PreAuthKey {
	/** headscale's number of the key, decimal: the only thing by which it is told from others here. */
	id: string;
	/** Name of its user without any mail domain; '' for keys that only give tags, or when not told. */
	user: string;
	reusable: boolean;
	ephemeral: boolean;
	/** Some machine has joined with it; versions differ on whether reusable keys ever say so. */
	used: boolean;
	/** Milliseconds since 1970, 0 when it never was valid; undefined: never. */
	expiryMs?: number;
	createdMs?: number;
	/** Tags of machines that join with it. */
	tags: readonly string[];
}

export interface PreAuthKeyList {
	keys: readonly PreAuthKey[];
	/** Entries that could not be used, as sentences, bounded. */
	problems: readonly string[];
}

export const preAuthKeyStates = ['usable', 'expired', 'used_up'] as const;
export type PreAuthKeyState = (typeof preAuthKeyStates)[number];

/** Whether a machine could join with it now. One that was used up is called so even after it expired. */
export function preAuthKeyState({reusable, used, expiryMs}: PreAuthKey, nowMs: number): PreAuthKeyState {
	if (used && !reusable) return 'used_up';
	return expiryMs !== undefined && expiryMs <= nowMs ? 'expired' : 'usable';
}

/**
 * Reads the body of GET /api/v1/preauthkey. An entry that cannot be used becomes a problem; undefined when this is no such list at
 * all. The key itself, which versions up to 0.27 tell in plain text, is not copied.
 */
export function parsePreAuthKeys(json: unknown): PreAuthKeyList | undefined {
	const listed = entriesOf(json, 'preAuthKeys');
	if (!listed) return undefined;
	const problems: string[] = [];
	const keys = new Map<string, PreAuthKey>();
	for (const [index, raw] of firstEntries(listed, 'pre-auth keys', problems).entries()) {
		const {data: entry} = entrySchema.safeParse(raw);
		if (!entry?.id) problems.push(`Entry ${index + 1} of the pre-auth key list has no usable id and is left out.`);
		else if (keys.has(entry.id))
			problems.push(`Entry ${index + 1} of the pre-auth key list repeats id ${entry.id} and is left out.`);
		else keys.set(entry.id, buildKey(entry.id, entry, problems));
	}
	return {keys: [...keys.values()], problems: bounded(problems, 'pre-auth key list')};
}

const entrySchema = z.object({
	id,
	// Up to 0.25 the name alone.
	user: lenient(z.union([z.string(), z.object({name: text, email: text})])),
	reusable: flag,
	ephemeral: flag,
	used: flag,
	expiration: text,
	createdAt: text,
	aclTags: texts,
});

type Entry = z.infer<typeof entrySchema>;

function buildKey(keyId: string, entry: Entry, problems: string[]): PreAuthKey {
	const expiry = parseKeyExpiry(entry.expiration);
	if (expiry === 'unreadable')
		problems.push(`Pre-auth key ${keyId} has an expiration that is no time; it is taken for never.`);
	const user = entry.user ?? '';
	return {
		id: keyId,
		user: cleanUserName(typeof user === 'string' ? user : user.name || user.email || ''),
		reusable: entry.reusable ?? false,
		ephemeral: entry.ephemeral ?? false,
		used: entry.used ?? false,
		tags: cleanTags(entry.aclTags ?? []),
		...known({expiryMs: typeof expiry === 'number' ? expiry : undefined, createdMs: timeOf(entry.createdAt)}),
	};
}
