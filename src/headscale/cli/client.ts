/** headscale's lists by its own command line, for where no API key may be had. Only lists are asked for. */

import type {NodeList} from '../../inventory/types.ts';
import {excessOf} from '../../util/json-bounds.ts';
import {type ApiKeyList, parseApiKeys} from '../api-keys.ts';
import {HeadscaleError} from '../get.ts';
import {parseNodesInSlices} from '../nodes.ts';
import {type PreAuthKeyList, parsePreAuthKeys} from '../pre-auth-keys.ts';
import {tryJson} from '../refusal.ts';
import {parseUserKeys, parseUsers, type UserList} from '../users.ts';
import {CommandFailedError, describeCommand, type RunOptions, runHeadscale} from './run.ts';
import {apiKeysToRest, nodesToRest, preAuthKeysToRest, usersToRest} from './to-rest.ts';

export interface CliClientOptions {
	/** How headscale is called here; `nodes list -o json` and its like are put behind. */
	command: readonly [string, ...string[]];
	/** The deadline of each command. */
	timeoutMs: number;
	/** Bound of each command's output. */
	maxAnswerBytes: number;
	/** How a command is run; default: here, as a child process. */
	run?: (options: RunOptions) => Promise<string>;
}

/** The lists of HeadscaleClient. All reject with HeadscaleError, whose message is a sentence without secrets, or with the signal's reason. */
export interface CliClient {
	nodes(signal?: AbortSignal): Promise<NodeList>;
	users(signal?: AbortSignal): Promise<UserList>;
	/** Up to headscale 0.27 one command for each user, because it lists no other way; then within about five times the deadline. */
	preAuthKeys(signal?: AbortSignal): Promise<PreAuthKeyList>;
	apiKeys(signal?: AbortSignal): Promise<ApiKeyList>;
}

/** Makes a client; nothing runs yet. At most two of its commands run at a time. */
export function createCliClient({
	command,
	timeoutMs,
	maxAnswerBytes,
	run: runCommand = runHeadscale,
}: CliClientOptions): CliClient {
	const inTurn = createTurns(commandsAtATime);
	const list = async <T>(
		args: readonly string[],
		read: (printed: unknown) => T | undefined | Promise<T | undefined>,
		signal: AbortSignal | undefined,
	): Promise<T> => {
		const all = [...args, '-o', 'json'];
		const run = () => runCommand({command, args: all, timeoutMs, maxOutputBytes: maxAnswerBytes, signal});
		const printed = await inTurn(run);
		const excess = excessOf(Buffer.from(printed));
		if (excess !== undefined)
			throw new HeadscaleError(`${describeCommand(command, all)} printed JSON that holds ${excess}, as no list does.`);
		const value = await read(tryJson(printed));
		if (value !== undefined) return value;
		throw new HeadscaleError(`${describeCommand(command, all)} ${explainOutput(printed)}`);
	};

	return {
		nodes: signal => list(['nodes', 'list'], printed => parseNodesInSlices(nodesToRest(printed)), signal),
		users: signal => list(['users', 'list'], printed => parseUsers(usersToRest(printed)), signal),
		apiKeys: signal => list(['apikeys', 'list'], printed => parseApiKeys(apiKeysToRest(printed)), signal),
		async preAuthKeys(signal) {
			const listed = await listPreAuthKeys([], signal);
			if (Array.isArray(listed)) return insist(parsePreAuthKeys({preAuthKeys: listed}));
			return listByUser(listed.flag, signal);
		},
	};

	/** The entries; or, where headscale wants a user, by what it wants to have the user named. */
	async function listPreAuthKeys(
		user: readonly string[],
		signal: AbortSignal | undefined,
	): Promise<unknown[] | {flag: 'id' | 'name'}> {
		try {
			return await list(['preauthkeys', 'list', ...user], printed => preAuthKeysToRest(printed)?.preAuthKeys, signal);
		} catch (error) {
			if (!(error instanceof CommandFailedError)) throw error;
			// The usage text tells the type: a number since 0.26, a name before.
			if (/required flag\(s\) "user" not set/.test(error.said))
				return {flag: /--user uint/.test(error.said) ? 'id' : 'name'};
			// Between two commands a user may have been removed, and the keys with it.
			if (user.length > 0 && /user not found/i.test(error.said)) return [];
			throw error;
		}
	}

	async function listByUser(flag: 'id' | 'name', signal: AbortSignal | undefined): Promise<PreAuthKeyList> {
		const users = await list(['users', 'list'], printed => parseUserKeys(usersToRest(printed)), signal);
		const asked = users.slice(0, maxUsers);
		const endsAt = performance.now() + 4 * timeoutMs;
		const keys: unknown[] = [];
		for (const user of asked) {
			if (performance.now() > endsAt)
				throw new HeadscaleError(
					`Listing the pre-auth keys of ${users.length} users took longer than ${(4 * timeoutMs) / 1000} s: this version of headscale needs a command for each.`,
				);
			const listed = await listPreAuthKeys([`--user=${flag === 'id' ? user.id : user.rawName}`], signal);
			if (Array.isArray(listed)) keys.push(...listed);
		}
		const parsed = insist(parsePreAuthKeys({preAuthKeys: keys}));
		if (users.length === asked.length) return parsed;
		const problem = `Pre-auth keys were only listed for the first ${maxUsers} users: this version of headscale needs a command for each.`;
		return {...parsed, problems: [...parsed.problems, problem]};
	}
}

const commandsAtATime = 2;
/** Each costs a process. */
const maxUsers = 100;

/** What came instead of a list. It is never quoted: headscale up to 0.27 prints pre-auth keys in plain text. */
function explainOutput(printed: string): string {
	if (printed.trim() === '') return 'ended well and printed nothing, wanted was a list in JSON: run it by hand.';
	return /^\s*[[{]/.test(printed)
		? `printed JSON that is cut short or no list (${printed.length} characters).`
		: `printed something that is not JSON (${printed.length} characters): does headscale.cli.command end in headscale itself?`;
}

function insist<T>(value: T | undefined): T {
	if (value === undefined) throw new TypeError('a list that we built ourselves was not read');
	return value;
}

/** Runs at most so many at a time, in the order in which they came. */
function createTurns(atATime: number): <T>(work: () => Promise<T>) => Promise<T> {
	const waiting: (() => void)[] = [];
	let running = 0;
	return async work => {
		if (running >= atATime) await new Promise<void>(resolve => waiting.push(resolve));
		else running++;
		try {
			return await work();
		} finally {
			const next = waiting.shift();
			if (next) next();
			else running--;
		}
	};
}
