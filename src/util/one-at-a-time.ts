/** Keeps calls from overlapping. */

/**
 * Makes a function that never runs twice at once. Calls during a run share one run after it, which thus begins later than they did and
 * sees everything that was there when they came.
 */
export function oneAtATime<T>(work: () => Promise<T>): () => Promise<T> {
	let running: Promise<T> | undefined;
	let next: Promise<T> | undefined;

	return () => {
		if (!running) return begin();
		next ??= running.then(follow, follow);
		return next;
	};

	function follow(): Promise<T> {
		next = undefined;
		return begin();
	}

	function begin(): Promise<T> {
		const run = work().finally(() => {
			if (running === run) running = undefined;
		});
		running = run;
		return run;
	}
}
