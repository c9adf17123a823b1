/** The user list of headscale's REST API, of every version from 0.23 to 0.30. */

import {z} from 'zod';
import {bounded, cleanUserName, entriesOf, firstEntries, id, known, text, timeOf} from './lenient.ts';

export interface HeadscaleUser {
	/** Decimal. */
	id: string;
	/** Without any mail domain, safe to print; '' when not told. Two users may have the same. */
	name: string;
	/** Milliseconds since 1970. */
	createdMs?: number;
}

export interface UserList {
	users: readonly HeadscaleUser[];
	/** Entries that could not be used, as sentences, bounded. */
	problems: readonly string[];
}

/** Reads the body of GET /api/v1/user. An entry that cannot be used becomes a problem; undefined when this is no user list at all. */
export function parseUsers(json: unknown): UserList | undefined {
	const listed = entriesOf(json, 'users');
	if (!listed) return undefined;
	const problems: string[] = [];
	const users = new Map<string, HeadscaleUser>();
	for (const [index, raw] of firstEntries(listed, 'users', problems).entries()) {
		const {data: entry} = entrySchema.safeParse(raw);
		if (!entry?.id) problems.push(`Entry ${index + 1} of the user list has no usable id and is left out.`);
		else if (users.has(entry.id))
			problems.push(`Entry ${index + 1} of the user list repeats id ${entry.id} and is left out.`);
		else users.set(entry.id, buildUser(entry.id, entry));
	}
	return {users: [...users.values()], problems: bounded(problems, 'user list')};
}

/**
 * What the entries are asked for by: their id, and their name exactly as headscale has it, which is safe for nothing but a query.
 * undefined when this is no user list at all.
 */
export function parseUserKeys(json: unknown): {id: string; rawName: string}[] | undefined {
	const list = entriesOf(json, 'users');
	return list?.slice(0, maxUserKeys).flatMap(raw => {
		const {data: entry} = entrySchema.safeParse(raw);
		return entry?.id ? [{id: entry.id, rawName: (entry.name ?? '').slice(0, 256)}] : [];
	});
}

/** One more than is ever asked for, so that the caller sees that there are more. */
const maxUserKeys = 1000;

const entrySchema = z.object({id, name: text, email: text, createdAt: text});

function buildUser(userId: string, {name, email, createdAt}: z.infer<typeof entrySchema>): HeadscaleUser {
	return {id: userId, name: cleanUserName(name || email || ''), ...known({createdMs: timeOf(createdAt)})};
}
