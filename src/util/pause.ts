/** Waiting on a clock that may be cut short. */

import type {Clock} from './clock.ts';

export interface Pause {
	/** Resolves when the time has passed or it was ended; never rejects. */
	over: Promise<void>;
	/** Ends it at once; afterwards it does nothing. */
	end(): void;
}

/** Begins to wait. The signal ends it too, and is let go of afterwards. */
export function startPause(clock: Pick<Clock, 'after'>, delayMs: number, signal: AbortSignal): Pause {
	const {promise, resolve} = Promise.withResolvers<void>();
	const cancel = clock.after(delayMs, end);
	signal.addEventListener('abort', end, {once: true});
	if (signal.aborted) end();
	return {over: promise, end};

	function end(): void {
		cancel();
		signal.removeEventListener('abort', end);
		resolve();
	}
}
