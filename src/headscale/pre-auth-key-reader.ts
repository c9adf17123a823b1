/** Reads all pre-auth keys, whichever way this version of headscale wants to be asked. */

import {HeadscaleError} from './get.ts';
import {entriesOf} from './lenient.ts';
import {type PreAuthKeyList, parsePreAuthKeys} from './pre-auth-keys.ts';
import {errorWords, type Page, refusal, tryJson} from './refusal.ts';
import {parseUserKeys} from './users.ts';

/** GETs a page with the API key, which comes along so that it is never told. */
export type GetWithKey = (
	path: string,
	signal: AbortSignal | undefined,
	query?: string,
) => Promise<Page & {key: string}>;

/**
 * Makes the function that reads them. 0.28 and newer list all at once; 0.26 and 0.27 want the id of a user, older ones a name. Which
 * it is shows in what is refused, and is remembered. A read that takes longer than `deadlineMs` altogether fails.
 */
export function createPreAuthKeyReader(
	get: GetWithKey,
	deadlineMs: number,
): (signal?: AbortSignal) => Promise<PreAuthKeyList> {
	let way: Way = 'all';

	return async signal => {
		const deadline = new AbortController();
		const late = `The pre-auth keys were not read within ${deadlineMs / 1000} s: headscale wants a request for each user.`;
		const timer = setTimeout(() => deadline.abort(new HeadscaleError(late)), deadlineMs);
		try {
			return await readAll(signal ? AbortSignal.any([signal, deadline.signal]) : deadline.signal);
		} finally {
			clearTimeout(timer);
		}
	};

	async function readAll(signal: AbortSignal): Promise<PreAuthKeyList> {
		const remembered = way === 'all' ? undefined : await readByUser(way, signal);
		if (remembered && !('refused' in remembered)) return remembered;
		way = 'all';
		const all = await readEntries('', signal);
		if (!('refused' in all)) return parse(all.entries);
		for (const next of ['id', 'name'] as const) {
			const list = await readByUser(next, signal);
			if ('refused' in list) continue;
			way = next;
			return list;
		}
		// What was said to the plain question is nearest to the cause where no way works.
		throw all.refused;
	}

	async function readByUser(by: 'id' | 'name', signal: AbortSignal): Promise<PreAuthKeyList | Refused> {
		const page = await get('/api/v1/user', signal);
		const users = page.status === 200 ? parseUserKeys(tryJson(page.text)) : undefined;
		if (!users) throw refusal(page, 'the list of users, which pre-auth keys are listed by', page.key);
		const asked = users.slice(0, maxUsers);
		const entries: unknown[] = [];
		for (let at = 0; at < asked.length; at += atATime) {
			const some = asked.slice(at, at + atATime);
			const lists = await Promise.all(
				some.map(user => readEntries(`user=${encodeURIComponent(by === 'id' ? user.id : user.rawName)}`, signal)),
			);
			for (const list of lists) {
				if ('refused' in list) return list;
				entries.push(...list.entries);
			}
		}
		const list = parse(entries);
		if (users.length <= asked.length) return list;
		const problem = `Pre-auth keys were only listed for the first ${maxUsers} users: this version of headscale wants a request for each.`;
		return {...list, problems: [...list.problems, problem]};
	}

	/** The raw entries; a refusal in headscale's own words, which may mean that it wants to be asked another way, is no failure yet. */
	async function readEntries(query: string, signal: AbortSignal): Promise<{entries: unknown[]} | Refused> {
		const page = await get('/api/v1/preauthkey', signal, query);
		const entries = page.status === 200 ? entriesOf(tryJson(page.text), 'preAuthKeys') : undefined;
		if (entries) return {entries};
		const refused = refusal(page, 'the list of pre-auth keys', page.key);
		if (/^(400|404|422|500)$/.test(String(page.status)) && errorWords(page) !== undefined) return {refused};
		throw refused;
	}
}

type Way = 'all' | 'id' | 'name';
interface Refused {
	refused: HeadscaleError;
}

const atATime = 4;
/** Each costs a request, every time. */
const maxUsers = 200;

function parse(entries: unknown[]): PreAuthKeyList {
	const list = parsePreAuthKeys({preAuthKeys: entries});
	if (!list) throw new TypeError('a list that we built ourselves was not read');
	return list;
}
