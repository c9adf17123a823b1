/**
 * Notices that the configuration changed on disk. The content is looked at, not events of the file system: a ConfigMap is swapped by a
 * symbolic link, editors rename, truncate and write halves, and network file systems tell nothing at all.
 */

import {createHash} from 'node:crypto';
import {readFile, stat} from 'node:fs/promises';
import type {Clock} from '../util/clock.ts';

export interface WatchOptions {
	/** Asked at each look: paths of all files that make up the configuration now; none while they are not watched. */
	files(): readonly string[];
	/** The content changed and was the same at two looks. It reads the files through `reading`; no look comes before it ended. */
	onChange(): Promise<unknown>;
	/** `onChange` rejected. */
	onBug(error: unknown): void;
	clock: Clock;
	/** Milliseconds between two looks. */
	intervalMs?: number;
}

export interface Watch {
	/**
	 * Runs what reads the files. What they held when it began is known from then on, so only what comes later is a change; a file that
	 * was missing or empty then is a change as soon as it is not; files that were not among them before are known as they are when
	 * `note` is told of them, which is best done as soon as they were read, else when it ends.
	 */
	reading<T>(read: (note: (paths: readonly string[]) => Promise<void>) => Promise<T>): Promise<T>;
	/** Begins to look. Everything that changed since `reading` is told. */
	start(): void;
	stop(): void;
}

export const watchIntervalMs = 5000;

/** A file that stays missing or empty so long is not just being written: that it is so then counts as its content. */
const goneMs = 60_000;
/** More is no configuration, and is not read: size and time stand for its content. */
const maxFileBytes = 4 * 1024 * 1024;

/** Makes a watch that does not look yet. */
export function watchFiles({files, onChange, onBug, clock, intervalMs = watchIntervalMs}: WatchOptions): Watch {
	/** A digest of what is known of each file, by path. */
	let known: ReadonlyMap<string, string> = new Map();
	/** Another content, seen once. */
	let candidate: string | undefined;
	const goneSince = new Map<string, number>();
	let stopped = false;
	let cancelTimer = () => {};

	return {
		async reading(read) {
			const before = [...files()];
			known = (await lookAt(before)).contents;
			candidate = undefined;
			try {
				return await read(note);
			} finally {
				await note(files());
			}

			async function note(paths: readonly string[]): Promise<void> {
				const fresh = await lookAt(paths.filter(path => !before.includes(path) && !known.has(path)));
				known = new Map([...known, ...fresh.contents]);
			}
		},
		start() {
			cancelTimer = clock.after(intervalMs, tick);
		},
		stop() {
			stopped = true;
			cancelTimer();
		},
	};

	function tick(): void {
		look()
			.catch(onBug)
			.finally(() => {
				if (!stopped) cancelTimer = clock.after(intervalMs, tick);
			});
	}

	async function look(): Promise<void> {
		const paths = [...files()];
		for (const path of goneSince.keys()) if (!paths.includes(path)) goneSince.delete(path);
		const {contents, isWhole} = await lookAt(paths);
		if (stopped) return;
		const changed = [...contents].some(([path, content]) => known.get(path) !== content);
		const seen = changed && isWhole ? JSON.stringify([...contents]) : undefined;
		const stayed = seen !== undefined && seen === candidate;
		candidate = stayed ? undefined : seen;
		if (stayed) await onChange();
	}

	/** A digest of each file. While one is away the others may belong to a state that is not whole yet. */
	async function lookAt(paths: readonly string[]): Promise<{contents: ReadonlyMap<string, string>; isWhole: boolean}> {
		const contents = new Map<string, string>();
		let isWhole = true;
		for (const path of new Set(paths)) {
			const digest = await digestOf(path);
			if (digest === undefined) goneSince.set(path, goneSince.get(path) ?? clock.now());
			else goneSince.delete(path);
			if (digest !== undefined) contents.set(path, digest);
			// One that was never there keeps nobody waiting.
			else if (!known.has(path)) continue;
			else if (clock.now() - (goneSince.get(path) ?? 0) >= goneMs) contents.set(path, 'gone');
			else isWhole = false;
		}
		return {contents, isWhole};
	}
}

/** undefined for what cannot be read or is empty. */
async function digestOf(path: string): Promise<string | undefined> {
	try {
		const found = await stat(path);
		// A pipe or a device would hold the read for ever.
		if (!found.isFile()) return undefined;
		if (found.size > maxFileBytes) return `${found.size} bytes of ${found.mtimeMs}`;
		const bytes = await readFile(path);
		return bytes.toString().trim() === '' ? undefined : createHash('sha256').update(bytes).digest('base64');
	} catch {
		return undefined;
	}
}
