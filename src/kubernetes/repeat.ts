/** Something that is asked over and over at its own pace, such as leases and rights. */

import {afterTry, type Brought, type Read} from '../sources/read.ts';
import {type Clock, systemClock} from '../util/clock.ts';
import {startPause} from '../util/pause.ts';
import {broughtOf, KubernetesError} from './errors.ts';

export interface RepeatOptions<T> {
	/** Must answer or fail in bounded time. */
	ask(signal: AbortSignal): Promise<T>;
	/** Until the next try, which may depend on what came. */
	pauseMs(value: T): number;
	/** Until the next try after a failure. */
	retryMs: number;
	/** After each try; the state is already the new one. */
	onChange(): void;
	/** What is known already, until the first try. */
	known?: Read<T>;
	clock?: Clock;
}

export interface Repeat<T> {
	read(): Read<T>;
	/** Asks at once instead of at its time. */
	hurry(): void;
	stop(): Promise<void>;
}

export function startRepeat<T>(options: RepeatOptions<T>): Repeat<T> {
	const {ask, pauseMs, retryMs, onChange, clock = systemClock} = options;
	const stopping = new AbortController();
	let read = options.known ?? {};
	let wake = () => {};
	let isHurried = false;
	const running = run();
	return {
		read: () => read,
		hurry() {
			isHurried = true;
			wake();
		},
		async stop() {
			stopping.abort(new KubernetesError('Reading was stopped.'));
			await running;
		},
	};

	async function run(): Promise<void> {
		while (!stopping.signal.aborted) {
			isHurried = false;
			const triedAt = clock.wall();
			const begun = clock.now();
			let brought: Brought<T>;
			let waitMs = retryMs;
			try {
				const value = await ask(stopping.signal);
				brought = {value};
				waitMs = pauseMs(value);
			} catch (error) {
				brought = broughtOf(error);
			}
			if (stopping.signal.aborted) return;
			read = afterTry(read, {triedAt, endedAt: clock.wall(), seconds: (clock.now() - begun) / 1000}, brought);
			onChange();
			if (!isHurried) await pause(waitMs);
		}
	}

	function pause(ms: number): Promise<void> {
		const {over, end} = startPause(clock, ms, stopping.signal);
		wake = end;
		return over;
	}
}
