/** All instances of an account in one go: page after page of the newer list, or the older list where there is no newer one. */

import {setTimeout as wait} from 'node:timers/promises';
import {matchesGlob} from '../inventory/select.ts';
import {UserError} from '../util/errors.ts';
import {refusal, tryJson, VastError} from './faults.ts';
import {type Answer, type Connection, openConnection} from './get.ts';
import {type InstancePage, parsePage, wantedColumns} from './parse.ts';
import type {Instance, InstanceList} from './types.ts';

export interface VastClientOptions {
	url: string;
	/** Asked before each request, because keys rotate. Throws a UserError where there is none. */
	apiKey: () => string;
	/** Deadline of each request; all pages together have six times that. */
	timeoutMs: number;
	/** Globs of labels; undefined: all. */
	labels?: readonly string[] | undefined;
	maxInstances: number;
	/** Before a later page is asked for again after 429; doubled each time. Default 1000. */
	pauseMs?: number;
}

/** Rejects with VastError, whose message is a sentence without secrets, or with the signal's reason. */
export type VastClient = (signal: AbortSignal) => Promise<InstanceList>;

/** vast.ai gives no more at a time. */
const pageSize = 25;
/** Of the columns that are asked for an entry has some 600 bytes; an API that ignores the wish sends start scripts too. */
const maxAnswerBytes = 8 * 1024 * 1024;
const allPagesTimes = 6;
const attemptsPerPage = 5;

/** Makes a client; nothing is sent yet. Throws UserError when the address is none. */
export function createVastClient(options: VastClientOptions): VastClient {
	const {url, apiKey, timeoutMs, labels, maxInstances, pauseMs = 1000} = options;
	const base = parseUrl(url);
	/** Whether the newer list refused the choice of columns. */
	let refusesColumns = false;

	return async signal => {
		const late = new AbortController();
		const limitMs = allPagesTimes * timeoutMs;
		const timer = setTimeout(() => late.abort(tooLong(limitMs)), limitMs);
		const ended = AbortSignal.any([signal, late.signal]);
		let connection: Connection | undefined;
		try {
			connection = await openConnection({base, timeoutMs, maxAnswerBytes, signal: ended});
			ended.throwIfAborted();
			return await readAll(connection, ended);
		} catch (error) {
			if (ended.aborted) throw ended.reason;
			throw error;
		} finally {
			clearTimeout(timer);
			connection?.close();
		}
	};

	async function readAll(connection: Connection, ended: AbortSignal): Promise<InstanceList> {
		const pages: InstancePage[] = [];
		const tokens = new Set<string>();
		let token: string | undefined;
		let count = 0;
		do {
			const page = await readPatiently(connection, token, ended);
			// Only before the first page it means that there is no such list.
			if (page === undefined) {
				if (pages.length > 0) throw new VastError('vast.ai took its list away while it was read.');
				return asList([await readOldList(connection)], 'v0', undefined);
			}
			pages.push(page);
			count += page.instances.length;
			token = page.nextToken;
			if (token !== undefined && tokens.has(token))
				throw new VastError('vast.ai names a page as the next one that was read already, so its list has no end.');
			if (token !== undefined) tokens.add(token);
		} while (token !== undefined && count < maxInstances && tokens.size < maxPages(maxInstances));
		return asList(pages, 'v1', token);
	}

	/**
	 * vast.ai wants some time between two requests to the same place, which pages are. To the first there is none before it: whoever is
	 * refused there has to wait for longer.
	 */
	async function readPatiently(
		connection: Connection,
		token: string | undefined,
		ended: AbortSignal,
	): Promise<InstancePage | undefined> {
		for (let attempt = 0; ; attempt++) {
			try {
				return await readPage(connection, token);
			} catch (error) {
				const isBusy = error instanceof VastError && error.failure === 'status 429';
				if (!isBusy || token === undefined || attempt === attemptsPerPage - 1) throw error;
				await wait(pauseMs * 2 ** attempt, undefined, {signal: ended});
			}
		}
	}

	/** undefined: there is no newer list. */
	async function readPage(connection: Connection, token: string | undefined): Promise<InstancePage | undefined> {
		const key = readKey(apiKey);
		const ask = () => connection.get('/api/v1/instances/', queryOf(token, refusesColumns), key);
		let answer = await ask();
		if (answer.status === 400 && !refusesColumns) {
			refusesColumns = true;
			answer = await ask();
			if (answer.status !== 200) refusesColumns = false;
		}
		if (isMissing(answer)) return undefined;
		return pageOf(answer, key);
	}

	async function readOldList(connection: Connection): Promise<InstancePage> {
		const key = readKey(apiKey);
		return pageOf(await connection.get('/api/v0/instances/', new URLSearchParams({owner: 'me'}), key), key);
	}

	function asList(pages: readonly InstancePage[], api: 'v0' | 'v1', unread: string | undefined): InstanceList {
		const byId = new Map<string, Instance>();
		for (const {instances} of pages)
			for (const instance of instances) if (!byId.has(instance.id)) byId.set(instance.id, instance);
		const read = [...byId.values()];
		const bad = pages.reduce((sum, page) => sum + page.bad, 0);
		const isCut = unread !== undefined || read.length > maxInstances;
		return {
			instances: read
				.slice(0, maxInstances)
				.filter(({label}) => labels === undefined || labels.some(glob => matchesGlob(label, glob))),
			complete: !isCut && bad === 0,
			problems: [
				...(isCut ? [`Only the first ${maxInstances} instances of vast.ai are read; raise vast.max_instances.`] : []),
				...(bad === 0 ? [] : [`${bad} entries of vast.ai's list have no id and are left out.`]),
			],
			api,
		};
	}
}

/** Pages that are nearly empty must not go on for ever either. */
function maxPages(maxInstances: number): number {
	return 2 * Math.ceil(maxInstances / pageSize) + 1;
}

function queryOf(token: string | undefined, withoutColumns: boolean): URLSearchParams {
	return new URLSearchParams({
		limit: String(pageSize),
		// Otherwise an instance that comes or goes between two pages would shift the others.
		order_by: JSON.stringify([{col: 'id', dir: 'asc'}]),
		...(withoutColumns ? {} : {select_cols: JSON.stringify(wantedColumns)}),
		...(token === undefined ? {} : {after_token: token}),
	});
}

function isMissing({status}: Answer): boolean {
	return status === 404 || status === 410;
}

function pageOf({tried, status, location, text}: Answer, key: string): InstancePage {
	if (status !== 200) throw refusal({tried, status, location, text, key});
	const page = parsePage(tryJson(text));
	if (page) return page;
	// Broken JSON is never quoted: it may hold tokens.
	const came = /^\s*[[{]/.test(text)
		? `JSON that is cut short or of another shape (${text.length} characters)`
		: text.trim() === ''
			? 'nothing'
			: 'something that is not JSON';
	throw new VastError(
		`${tried} answered with ${came}, wanted was the list of instances. Does vast.url lead to vast.ai itself?`,
	);
}

function readKey(apiKey: () => string): string {
	let key: string;
	try {
		key = apiKey().trim();
	} catch (error) {
		if (error instanceof UserError) throw new VastError(error.message, {backOff: false});
		throw error;
	}
	if (/^[\u0021-\u007e]{1,4096}$/.test(key)) return key;
	throw new VastError(
		'The API key of vast.ai is empty or holds characters that no key has: vast.api_key must point at the bare key.',
		{
			backOff: false,
		},
	);
}

function tooLong(limitMs: number): VastError {
	return new VastError(`The pages of vast.ai's list did not all come within ${limitMs / 1000} s.`, {
		failure: 'unanswered',
	});
}

function parseUrl(text: string): URL {
	const url = URL.canParse(text) ? new URL(text) : undefined;
	if (url && /^https?:$/.test(url.protocol) && !url.username && !url.password) return url;
	throw new UserError('vast.url must be an http:// or https:// address without user and password.', 78);
}
