/**
 * Keeps a list of objects as the API server has it: listed, then watched, in short watches that the server is told to end. That each ends
 * in time proves that nobody stands still. (client-node's informer has no such proof, stops at most errors and keeps whole objects.)
 */

import {afterTry, type Brought} from '../sources/read.ts';
import {type Clock, systemClock} from '../util/clock.ts';
import {startPause} from '../util/pause.ts';
import type {KubernetesAccess} from './client.ts';
import {broughtOf, explainFault, KubernetesError} from './errors.ts';
import {linesOf, parseEvent, parsePage} from './events.ts';
import {createListing, type Listing, maxObjects} from './listing.ts';
import type {Parsed} from './meta.ts';
import {joinSignals} from './signals.ts';
import type {WatchState} from './types.ts';

export interface WatchOptions<T> {
	/** Asked before each call; rejects with a KubernetesError while there is none. */
	access(): Promise<KubernetesAccess>;
	/** Such as `/api/v1/namespaces/june-services/pods`. */
	path: string;
	/** `labelSelector`, `fieldSelector`. */
	query?: Readonly<Record<string, string>>;
	parse(raw: unknown): Parsed<T>;
	/** What is to be kept of what an object was before. */
	join?(now: T, before: T): T;
	intervalMs: number;
	timeoutMs: number;
	resyncMs: number;
	/** Wait after the first failure, doubled with each further one up to the interval; default 1 s. */
	retryMs?: number;
	/** The state is already the new one. `wasTried`: something was proved or failed; otherwise objects changed. */
	onChange(wasTried: boolean): void;
	clock?: Clock;
}

export interface Watch<T> {
	state(): WatchState<T>;
	/** For another watch of the same objects that takes over. */
	known(): KnownObjects<T>;
	/** Resolves when nothing runs any more. Nothing is told afterwards. */
	stop(): Promise<void>;
}

export interface KnownObjects<T> {
	state: WatchState<T>;
	listing: Listing<T>;
}

/**
 * Starts at once. Nothing that the server does ends it: it goes on trying, and tells of it in its state. What an earlier watch knew counts
 * until everything is listed.
 */
export function startWatch<T>(options: WatchOptions<T>, known?: KnownObjects<T>): Watch<T> {
	const {path, query = {}, intervalMs, timeoutMs, retryMs = 1000, onChange, clock = systemClock} = options;
	const watchMs = Math.max(1000, Math.floor((intervalMs - timeoutMs) / 1000) * 1000);
	const quickMs = Math.min(retryMs, 200);
	const tried = `The watch of ${path} at the Kubernetes API`;
	const stopping = new AbortController();
	let state: WatchState<T> = known?.state ?? {read: {}, restarts: 0};
	/** Objects changed since the state was last put together, which costs as much as there are objects. */
	let isStale = false;
	let listing: Listing<T> = known?.listing ?? createListing(options.parse, options.join);
	/** Where the next watch goes on; undefined: everything is to be listed. */
	let version: string | undefined;
	let listedAt = 0;
	let listSeconds = 0;
	/** Tries in a row that failed, whether one of them failed although everything could be listed, and watches that ended too early. */
	let failures = 0;
	let hasWatchFailed = false;
	let earlyEnds = 0;
	const running = run();

	return {
		state: fresh,
		known: () => ({state: fresh(), listing}),
		async stop() {
			stopping.abort(new KubernetesError(`${tried} was stopped.`));
			await running;
		},
	};

	async function run(): Promise<void> {
		while (!stopping.signal.aborted) {
			const since = {triedAt: clock.wall(), begun: clock.now()};
			try {
				await listAndWatch(since);
			} catch (error) {
				if (stopping.signal.aborted) return;
				await recover(error, since);
			}
		}
	}

	/** Until the watch ends as it should. */
	async function listAndWatch(since: Since): Promise<void> {
		if (version !== undefined && clock.now() - listedAt >= options.resyncMs) version = undefined;
		if (version === undefined) {
			({version, listing} = await list());
			listedAt = clock.now();
			listSeconds = (listedAt - since.begun) / 1000;
			// Whoever lists and breaks every watch is not sound before a watch holds.
			if (hasWatchFailed) show();
			else tell(since, {value: undefined});
		}
		const ended = await watch(version, since);
		if (ended === 'early') {
			restarted();
			if (++earlyEnds > 1)
				throw new KubernetesError(`${tried} is ended at once again and again, by the API server or on the way.`);
			return pause(quickMs);
		}
		failures = 0;
		earlyEnds = 0;
		hasWatchFailed = false;
		tell(since, {value: undefined});
	}

	async function recover(error: unknown, since: Since): Promise<void> {
		// Nothing is older than what is listed anew, once.
		const isOld = error instanceof KubernetesError && error.status === 410 && failures === 0;
		if (version !== undefined) {
			restarted();
			if (!isOld) hasWatchFailed = true;
		}
		version = undefined;
		if (!isOld) tell(since, broughtOf(error));
		const waitMs = isOld ? quickMs : Math.min(Math.max(intervalMs, retryMs), retryMs * 2 ** Math.min(failures, 20));
		failures++;
		await pause(waitMs * (0.8 + 0.4 * Math.random()));
	}

	/** Page by page. What is known stays until all of it is there. */
	async function list(): Promise<{version: string; listing: Listing<T>}> {
		const draft = createListing(options.parse, options.join);
		const asked = `The list of ${path} at the Kubernetes API`;
		const deadlineMs = listDeadlines * timeoutMs;
		const {signal, abort, leave} = joinSignals(stopping.signal);
		const cancel = clock.after(deadlineMs, () =>
			abort(new KubernetesError(`${asked} took longer than ${deadlineMs} ms.`, {failure: 'unanswered'})),
		);
		try {
			const {ask} = await options.access();
			let next: string | undefined;
			for (let pages = 1; ; pages++) {
				const more: Record<string, string> = next === undefined ? {} : {continue: next};
				const asking = ask({path, query: {...query, limit: String(pageSize), ...more}, timeoutMs, signal});
				const page = parsePage(await asking, asked);
				for (const raw of page.items) draft.put(raw, listing);
				next = page.next;
				if (next === undefined || pages * pageSize >= maxObjects) return {version: page.version, listing: draft};
			}
		} finally {
			cancel();
			leave();
		}
	}

	/** Resolves when the watch ends. `early`: it ended or broke long before its time. */
	async function watch(from: string, since: Since): Promise<'held' | 'early'> {
		const begun = clock.now();
		const {signal, abort, leave} = joinSignals(stopping.signal);
		const cancel = clock.after(watchMs + timeoutMs, () => {
			const message = `${tried} was to end after ${watchMs / 1000} s and did not within ${timeoutMs} ms more: the API server or the way to it stands still.`;
			abort(new KubernetesError(message, {failure: 'unanswered'}));
		});
		let isOpen = false;
		try {
			const {listen} = await options.access();
			const body = await listen({path, query: {...query, ...watchQuery(from, watchMs)}, timeoutMs, signal});
			isOpen = true;
			for await (const line of linesOf(body, tried)) apply(line, since);
		} catch (error) {
			if (signal.aborted) throw signal.reason;
			if (error instanceof KubernetesError || !isOpen) throw explainFault(error, tried);
			// A connection that broke.
		} finally {
			cancel();
			leave();
		}
		if (signal.aborted) throw signal.reason;
		return clock.now() - begun < watchMs / 2 ? 'early' : 'held';
	}

	function apply(line: Buffer, since: Since): void {
		const {type, object, version: next} = parseEvent(line, tried);
		if (type === 'DELETED') listing.remove(object);
		else if (type !== 'BOOKMARK') listing.put(object);
		version = next ?? version;
		if (hasWatchFailed && earlyEnds === 0) {
			hasWatchFailed = false;
			tell(since, {value: undefined});
		} else show();
	}

	function tell({triedAt, begun}: Since, brought: Brought<undefined>): void {
		const endedAt = clock.wall();
		const seconds = 'error' in brought ? (clock.now() - begun) / 1000 : listSeconds;
		const read = afterTry(
			fresh().read,
			{triedAt, endedAt, seconds},
			'error' in brought ? brought : {value: listing.current()},
		);
		// A watch begins long before it is known how it went.
		state = {...state, read: {...read, triedAt: endedAt}};
		onChange(true);
	}

	/** The objects are those of now, however the last try went. */
	function show(): void {
		isStale = true;
		state = {...state, read: {...state.read, succeededAt: clock.wall()}};
		onChange(false);
	}

	function fresh(): WatchState<T> {
		if (isStale) state = {...state, read: {...state.read, value: listing.current()}};
		isStale = false;
		return state;
	}

	function restarted(): void {
		state = {...state, restarts: state.restarts + 1};
	}

	function pause(ms: number): Promise<void> {
		return startPause(clock, ms, stopping.signal).over;
	}
}

/** When something began that was tried. */
interface Since {
	triedAt: number;
	begun: number;
}

const pageSize = 100;
/** So many deadlines for all pages of a list. */
const listDeadlines = 4;

function watchQuery(from: string, watchMs: number): Record<string, string> {
	return {
		watch: 'true',
		allowWatchBookmarks: 'true',
		resourceVersion: from,
		timeoutSeconds: String(watchMs / 1000),
	};
}
