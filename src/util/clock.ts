/** Time, passed in wherever it matters, so that tests move it by hand. */

export interface Clock {
	/** Milliseconds on the monotonic clock, comparable across threads of this process. */
	now(): number;
	/** Milliseconds since 1970: for people and for timestamps, never for durations. */
	wall(): number;
	/** Calls once after `delayMs`; the answer cancels it. */
	after(delayMs: number, call: () => void): () => void;
}

// performance.now() counts from each thread's own start; adding timeOrigin makes threads comparable.
export const systemClock: Clock = {
	now: () => performance.timeOrigin + performance.now(),
	wall: () => Date.now(),
	after(delayMs, call) {
		// Time may have passed the moment while the delay was computed.
		const timer = setTimeout(call, Math.max(0, delayMs));
		return () => clearTimeout(timer);
	},
};
