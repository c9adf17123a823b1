/** Long work in slices, so that everything else that the thread does goes on in between. */

import {setImmediate as breathe} from 'node:timers/promises';

const sliceMs = 15;

/** Runs work that may be interrupted wherever it yields; for others it then takes no longer at a time than from one yield to the next. */
export async function inSlices<T>(work: Generator<void, T>): Promise<T> {
	for (let endsAt = performance.now() + sliceMs; ; ) {
		const step = work.next();
		if (step.done) return step.value;
		if (performance.now() < endsAt) continue;
		await breathe();
		endsAt = performance.now() + sliceMs;
	}
}

/** Runs the same work in one go. */
export function atOnce<T>(work: Generator<void, T>): T {
	for (;;) {
		const step = work.next();
		if (step.done) return step.value;
	}
}
