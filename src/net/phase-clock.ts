/** Stops the time of each phase of a run; what comes again (after a redirect) adds up. */

import {type PhaseName, phaseNames} from '../engine/types.ts';

/** All times are milliseconds of performance.now(); a phase begins where the one before it ends, so that nothing is lost in between. */
export class PhaseClock {
	/** The phase that began last. */
	reached: PhaseName | undefined;
	#startedAt = performance.now();
	#milliseconds: Partial<Record<PhaseName, number>> = {};
	#running = false;
	#since = 0;
	#lastMs = 0;

	enter(phase: PhaseName, at: number = performance.now()): void {
		this.leave(at);
		this.reached = phase;
		this.#running = true;
		this.#since = at;
	}

	/** Ends the phase that runs, if any. */
	leave(at: number = performance.now()): void {
		if (!this.#running || this.reached === undefined) return;
		this.#running = false;
		this.#lastMs = at - this.#since;
		this.#milliseconds[this.reached] = (this.#milliseconds[this.reached] ?? 0) + this.#lastMs;
	}

	/** Milliseconds since the clock was made. */
	elapsedMs(): number {
		return performance.now() - this.#startedAt;
	}

	/** Milliseconds of the phase that ended last, without earlier ones of its name. */
	lastMs(): number {
		return this.#lastMs;
	}

	/** Seconds of the phases that began, in their order. */
	seconds(): Partial<Record<PhaseName, number>> {
		const seconds: Partial<Record<PhaseName, number>> = {};
		for (const phase of phaseNames) {
			const milliseconds = this.#milliseconds[phase];
			if (milliseconds !== undefined) seconds[phase] = milliseconds / 1000;
		}
		return seconds;
	}
}
