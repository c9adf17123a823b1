/** Whose failures are not believed: one instant for all threads of this process, so that they say the same about one incident. */

export interface Belief {
	/** Failures of runs that began before `durationMs` from now are not believed; what was said before is never shortened. */
	suspend(durationMs: number): void;
	/** Whether that is so for a run that began so long ago. */
	suspended(agoMs: number): boolean;
	/** For `createBelief` on another thread. */
	readonly memory: SharedArrayBuffer;
}

/** Without memory of another thread a new one, by which everything is believed. */
export function createBelief(memory: SharedArrayBuffer = new SharedArrayBuffer(8)): Belief {
	/** On the clock of the process, nanoseconds; 0 is before its start. */
	const until = new BigInt64Array(memory);
	return {
		suspend(durationMs) {
			const wanted = instant(durationMs);
			let known = Atomics.load(until, 0);
			while (known < wanted) {
				const found = Atomics.compareExchange(until, 0, known, wanted);
				if (found === known) return;
				known = found;
			}
		},
		suspended: agoMs => instant(-agoMs) < Atomics.load(until, 0),
		memory,
	};
}

// performance.now() counts from each thread's start, and what makes it comparable moves with the wall clock.
function instant(fromNowMs: number): bigint {
	return process.hrtime.bigint() + BigInt(Math.round(fromNowMs * 1e6));
}
