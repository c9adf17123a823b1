/** The API keys of headscale's REST API, of every version from 0.23 to 0.30: when they expire, and which one is ours. */

import {z} from 'zod';
import {bounded, entriesOf, firstEntries, id, known, parseKeyExpiry, text, timeOf} from './lenient.ts';

export interface ApiKey {
	/** Decimal. */
	id: string;
	/** The public beginning of the key, bare: without `hskey-api-` and without the stars behind it. '' when not told. */
	prefix: string;
	/** Milliseconds since 1970, 0 when it never was valid; undefined: never. */
	expiryMs?: number;
	createdMs?: number;
}

export interface ApiKeyList {
	keys: readonly ApiKey[];
	/** Id of the key that we use ourselves; undefined where none is known to be it. */
	ownId?: string;
	/** Entries that could not be used, as sentences, bounded. */
	problems: readonly string[];
}

/** Reads the body of GET /api/v1/apikey. An entry that cannot be used becomes a problem; undefined when this is no such list at all. */
export function parseApiKeys(json: unknown): ApiKeyList | undefined {
	const listed = entriesOf(json, 'apiKeys');
	if (!listed) return undefined;
	const problems: string[] = [];
	const keys = new Map<string, ApiKey>();
	for (const [index, raw] of firstEntries(listed, 'API keys', problems).entries()) {
		const {data: entry} = entrySchema.safeParse(raw);
		if (!entry?.id) problems.push(`Entry ${index + 1} of the API key list has no usable id and is left out.`);
		else if (keys.has(entry.id))
			problems.push(`Entry ${index + 1} of the API key list repeats id ${entry.id} and is left out.`);
		else keys.set(entry.id, buildKey(entry.id, entry, problems));
	}
	return {keys: [...keys.values()], problems: bounded(problems, 'API key list')};
}

/** The listed key whose beginning is that of the configured one: `hskey-api-PREFIX-…` since 0.28, `PREFIX.…` before. */
export function findOwnApiKey({keys}: ApiKeyList, configured: string): ApiKey | undefined {
	return keys.find(
		({prefix}) =>
			prefix !== '' && (configured.startsWith(`hskey-api-${prefix}-`) || configured.startsWith(`${prefix}.`)),
	);
}

const entrySchema = z.object({id, prefix: text, expiration: text, createdAt: text});

function buildKey(keyId: string, entry: z.infer<typeof entrySchema>, problems: string[]): ApiKey {
	const expiry = parseKeyExpiry(entry.expiration);
	if (expiry === 'unreadable')
		problems.push(`API key ${keyId} has an expiration that is no time; it is taken for never.`);
	return {
		id: keyId,
		prefix: barePrefix(entry.prefix ?? ''),
		...known({expiryMs: typeof expiry === 'number' ? expiry : undefined, createdMs: timeOf(entry.createdAt)}),
	};
}

// Since 0.28 `hskey-api-PREFIX-***`, and `PREFIX***` for keys from before; until then the bare prefix. It may end with a dash itself.
// Nothing longer is kept, in case that somebody tells whole keys.
function barePrefix(raw: string): string {
	const [, since028] = /^hskey-api-(.*)-\*{3}$/.exec(raw.slice(0, 64)) ?? [];
	const bare = since028 ?? raw.slice(0, 64).replace(/\*{3}$/, '');
	return /^[A-Za-z0-9_-]{1,16}$/.test(bare) ? bare : '';
}
