/** After a repair: when one part of what is read recovers, those that still stand as broken are read at once and not at their next time. */

import type {Clock} from '../util/clock.ts';

export interface CatchUp {
	/** A part was read that had failed before. */
	recovered(): void;
	/** Nothing is read afterwards. */
	stop(): void;
}

export interface CatchUpOptions<P> {
	clock: Pick<Clock, 'now' | 'after'>;
	/** The parts that are broken now. */
	standing(): readonly P[];
	/** Never throws, and reads anew where a read in flight began before the recovery. */
	read(part: P): void;
}

/** Between two reads: whatever comes back has enough to do. */
export const spreadMs = 50;
/** Recoveries within it, most of which come of the catching up itself, are answered once, at its end. */
export const pauseMs = 5000;

export function createCatchUp<P>({clock, standing, read}: CatchUpOptions<P>): CatchUp {
	const cancels = new Set<() => void>();
	let isDue = false;
	let lastAt = Number.NEGATIVE_INFINITY;
	return {
		recovered() {
			if (isDue) return;
			isDue = true;
			later(Math.max(spreadMs, lastAt + pauseMs - clock.now()), catchUp);
		},
		stop() {
			isDue = true;
			for (const cancel of cancels) cancel();
		},
	};

	function catchUp(): void {
		isDue = false;
		lastAt = clock.now();
		for (const [at, part] of standing().entries())
			later(at * spreadMs, () => {
				if (standing().includes(part)) read(part);
			});
	}

	function later(delayMs: number, call: () => void): void {
		const cancel = clock.after(delayMs, () => {
			cancels.delete(cancel);
			call();
		});
		cancels.add(cancel);
	}
}
