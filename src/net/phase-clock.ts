/** Stops the time of each phase of a run; what comes again (after a redirect) adds up. */

import {type PhaseName, phaseNames} from '../engine/types.ts';

/** All times are milliseconds of performance.now(). Entering a phase ends the one that runs; while none runs, the time is our own. */
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

	/** Counts the phase that ended last as part of this earlier one, whose end it turned out to be. Nothing where that one never was. */
	addLastTo(phase: PhaseName): void {
		const {reached} = this;
		const before = this.#milliseconds[phase];
		if (reached === undefined || reached === phase || before === undefined) return;
		const rest = (this.#milliseconds[reached] ?? 0) - this.#lastMs;
		if (rest > 0) this.#milliseconds[reached] = rest;
		else delete this.#milliseconds[reached];
		this.#milliseconds[phase] = before + this.#lastMs;
		this.reached = phase;
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
