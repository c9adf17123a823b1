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
	/** A read of it under way, which resolves however it ends. */
	flight(part: P): Promise<void> | undefined;
	/** Begins to read it; never throws. */
	read(part: P): void;
}

/** Between two reads: whatever comes back has enough to do. */
export const spreadMs = 50;
/** Recoveries within it, most of which come of the catching up itself, are answered once, at its end. */
export const pauseMs = 5000;

export function createCatchUp<P>({clock, standing, flight, read}: CatchUpOptions<P>): CatchUp {
	const cancels = new Set<() => void>();
	let isDue = false;
	let isStopped = false;
	let lastAt = Number.NEGATIVE_INFINITY;
	return {
		recovered() {
			if (isDue || isStopped) return;
			isDue = true;
			later(Math.max(spreadMs, lastAt + pauseMs - clock.now()), catchUp);
		},
		stop() {
			isStopped = true;
			for (const cancel of cancels) cancel();
		},
	};

	function catchUp(): void {
		isDue = false;
		lastAt = clock.now();
		for (const [at, part] of standing().entries()) later(at * spreadMs, () => void readAnew(part));
	}

	/** A read that began before now may fail for what was so then. */
	async function readAnew(part: P): Promise<void> {
		const before = flight(part);
		if (before) await before;
		if (!isStopped && standing().includes(part)) read(part);
	}

	function later(delayMs: number, call: () => void): void {
		const cancel = clock.after(delayMs, () => {
			cancels.delete(cancel);
			call();
		});
		cancels.add(cancel);
	}
}
