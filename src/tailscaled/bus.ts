/**
 * tailscaled's health by code, from its IPN bus: a stream that tells each change and never ends. It is opened again now and then,
 * because a stream that is silent cannot be told from one that is dead; and with backoff when it breaks.
 */

import type {Failure} from '../sources/read.ts';
import type {Clock} from '../util/clock.ts';
import {messageOf} from '../util/errors.ts';
import {startPause} from '../util/pause.ts';
import {parseBusLine} from './health.ts';
import {readLines, TailscaledError} from './local-get.ts';
import {parseVersion} from './status.ts';
import type {HealthWarning} from './types.ts';

export interface HealthWatch {
	/** Opens the stream now, where it waits to be opened again. */
	hurry(): void;
	/** Ends the stream; nothing is told afterwards. */
	stop(): Promise<void>;
}

export interface HealthWatchOptions {
	socket: string;
	clock: Clock;
	/** At the begin of each stream, and at each change. `seconds`: until the first answer of this stream. */
	onHealth(warnings: readonly HealthWarning[], seconds: number): void;
	/** The stream broke or could not be opened; it is opened again. */
	onFailure(error: string, seconds: number, failure: Failure | undefined): void;
	/** What is known of the version of this tailscaled. */
	version?: () => string | undefined;
	times?: Partial<HealthWatchTimes>;
}

export interface HealthWatchTimes {
	/** Within it a new stream must have told the health. */
	firstMs: number;
	/** After it a sound stream is opened anew. */
	renewMs: number;
	firstBackoffMs: number;
	maxBackoffMs: number;
}

const defaultTimes: HealthWatchTimes = {firstMs: 3000, renewMs: 30_000, firstBackoffMs: 500, maxBackoffMs: 10_000};

/** Initial state (2) and health (128): without the former, which any version knows, nothing is told until something changes. */
const path = 'watch-ipn-bus?mask=130';

/** Messages about the whole tailnet may be larger than a line that is kept; those about health are small. */
const limits = {maxLineBytes: 1024 * 1024, maxBytes: 64 * 1024 * 1024};

/** Begins at once. */
export function watchHealth(options: HealthWatchOptions): HealthWatch {
	const {clock} = options;
	const times = {...defaultTimes, ...options.times};
	const stopping = new AbortController();
	let endPause = () => {};
	const ended = watchOn();
	return {
		hurry: () => endPause(),
		async stop() {
			stopping.abort();
			await ended;
		},
	};

	async function watchOn(): Promise<void> {
		let backoffMs = times.firstBackoffMs;
		while (!stopping.signal.aborted) {
			const begun = clock.now();
			const error = await watchOnce(begun);
			if (stopping.signal.aborted) return;
			const lastedMs = clock.now() - begun;
			if (error === undefined) {
				backoffMs = times.firstBackoffMs;
				continue;
			}
			options.onFailure(
				messageOf(error),
				lastedMs / 1000,
				error instanceof TailscaledError ? error.failure : undefined,
			);
			// A stream that lasted for a while has nothing to do with the failures before it.
			if (lastedMs > 2 * times.firstMs) backoffMs = times.firstBackoffMs;
			await pause(backoffMs);
			backoffMs = Math.min(2 * backoffMs, times.maxBackoffMs);
		}
	}

	/** One stream to its end: an error when that was not ours to choose. */
	async function watchOnce(begun: number): Promise<unknown> {
		const ending = new AbortController();
		const renew = Symbol('renew');
		let cancel = clock.after(times.firstMs, () =>
			ending.abort(explainSilence(times.firstMs, options.version?.() ?? '')),
		);
		let seconds: number | undefined;
		try {
			await readLines(
				options.socket,
				path,
				limits,
				line => {
					const warnings = parseBusLine(line);
					if (warnings === undefined || ending.signal.aborted || stopping.signal.aborted) return;
					if (seconds === undefined) {
						seconds = (clock.now() - begun) / 1000;
						cancel();
						cancel = clock.after(times.renewMs, () => ending.abort(renew));
					}
					options.onHealth(warnings, seconds);
				},
				AbortSignal.any([stopping.signal, ending.signal]),
			);
		} catch (error) {
			return error === renew ? undefined : error;
		} finally {
			cancel();
		}
	}

	function pause(ms: number): Promise<void> {
		const {over, end} = startPause(clock, ms, stopping.signal);
		endPause = end;
		return over;
	}
}

/** Since 1.72 the bus tells the health. */
function explainSilence(firstMs: number, version: string): TailscaledError {
	const told = `tailscaled told no health on its IPN bus within ${firstMs / 1000} s`;
	const [major, minor] = parseVersion(version) ?? [];
	if (major === undefined || minor === undefined)
		return new TailscaledError(`${told}: it hangs, or is older than 1.72.`, 'unanswered');
	if (major > 1 || minor >= 72) return new TailscaledError(`${told}: it hangs, or has no CPU.`, 'unanswered');
	return new TailscaledError(`${told}: it is ${major}.${minor}, and only 1.72 and newer tell it there. Update it.`);
}
