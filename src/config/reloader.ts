/** One way to read the configuration again, whoever asks: a signal, a POST, or the files themselves. */

import type {Clock} from '../util/clock.ts';
import {UserError} from '../util/errors.ts';
import {oneAtATime} from '../util/one-at-a-time.ts';
import type {Loaded} from './load.ts';
import type {Config} from './types.ts';
import {watchFiles} from './watch.ts';

export type ReloadResult = {ok: true} | {ok: false; mistakes: readonly string[]};

export interface ReloaderOptions {
	/** The configuration file; undefined: there is none to watch. */
	path: string | undefined;
	/** Reads and judges it. Rejects with a UserError when it cannot be read at all. */
	read(): Promise<Loaded>;
	/** Puts it in force, or refuses it as a whole. */
	apply(loaded: Loaded): Promise<ReloadResult>;
	onBug(text: string): void;
	clock: Clock;
	/** Milliseconds between two looks at the files. */
	watchIntervalMs?: number | undefined;
}

export interface Reloader {
	/** Reads the configuration for the first time. Rejects with a UserError when it cannot be read at all. */
	first(): Promise<Loaded>;
	/** Reads it again and applies it, never twice at once: who asks meanwhile is served by one more reload after that. */
	reload(): Promise<ReloadResult>;
	/** Begins to watch the files, unless `reload.watch` says not to. */
	start(): void;
	/** Nothing is read or applied any more. */
	stop(): void;
}

/** Makes a reloader that has read nothing yet. */
export function createReloader({path, read, apply, onBug, clock, watchIntervalMs}: ReloaderOptions): Reloader {
	let files: readonly string[] = path === undefined ? [] : [path];
	let watched = true;
	let stopped = false;
	const watch = watchFiles({
		files: () => (watched ? files : []),
		onChange: () => reload(),
		onBug: error => onBug(`reloading: ${error instanceof Error ? error.stack : error}`),
		clock,
		...(watchIntervalMs === undefined ? {} : {intervalMs: watchIntervalMs}),
	});
	const reload = oneAtATime(() => watch.reading(readAndApply));

	return {
		first: () =>
			watch.reading(async note => {
				const loaded = await read();
				await note(moduleFilesOf(loaded));
				if (loaded.ok) noteForce(loaded.config);
				return loaded;
			}),
		reload,
		start: () => watch.start(),
		stop() {
			stopped = true;
			watch.stop();
		},
	};

	async function readAndApply(note: (paths: readonly string[]) => Promise<void>): Promise<ReloadResult> {
		const loaded = await read().catch((error: unknown): Loaded => {
			if (error instanceof UserError) return {ok: false, mistakes: [error.message]};
			throw error;
		});
		// Before anybody is told: what is mended after that is a change.
		await note(mendableFilesOf(loaded));
		if (stopped) return {ok: false, mistakes: ['tailprobe is ending']};
		const result = await apply(loaded);
		if (result.ok && loaded.ok) noteForce(loaded.config);
		// What was refused may be mended in a file that only the new configuration names, or that comes later.
		else files = [...new Set([...files, ...mendableFilesOf(loaded)])];
		return result;
	}

	function noteForce({moduleFiles, reload: {watch}}: Config): void {
		files = path === undefined ? [] : [path, ...moduleFiles];
		watched = watch;
	}
}

function moduleFilesOf(loaded: Loaded): readonly string[] {
	return loaded.ok ? loaded.config.moduleFiles : (loaded.moduleFiles ?? []);
}

/** Files for which it may be refused: a token that is not there yet, as one whose Secret comes after the ConfigMap. */
function mendableFilesOf(loaded: Loaded): readonly string[] {
	const tokens = loaded.ok ? loaded.config.web.bearerTokens : [];
	return [...moduleFilesOf(loaded), ...tokens.flatMap(({secret}) => ('file' in secret ? [secret.file] : []))];
}
