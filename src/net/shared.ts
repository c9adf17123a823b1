/** Waiting that ends with a signal, and one answer for many askers. */

/** The promise's result, or a rejection with the signal's reason as soon as it aborts. The promise itself goes on. */
export function raceAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
	return new Promise<T>((resolve, reject) => {
		const abort = () => reject(signal.reason);
		if (signal.aborted) abort();
		else signal.addEventListener('abort', abort, {once: true});
		promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
	});
}

export interface SharedTimes {
	/** An answer (or a failure) this young is given out as it is; an older one makes us fetch. */
	freshMs: number;
	/** How long one fetch may take, whoever asked for it. */
	timeoutMs: number;
}

/**
 * Asks for the answer; one older than `freshMs` but at most `maxAgeMs` is taken as it is, while a new one is fetched behind it. One
 * whose fetch began before `since` (by `performance.now()`) is not taken: it may not know what has happened from then on.
 */
export type Shared<T> = (signal: AbortSignal, maxAgeMs?: number, since?: number) => Promise<T>;

/**
 * Fetches once for all who ask at the same time, and keeps what came for a while. Each asker waits only as long as its own signal
 * allows; the fetch has a time limit of its own, so that one impatient asker does not spoil it for the others.
 */
export function createShared<T>(
	fetch: (signal: AbortSignal) => Promise<T>,
	{freshMs, timeoutMs}: SharedTimes,
): Shared<T> {
	let answer: {promise: Promise<T>; begunAt: number; at: number; failed: boolean} | undefined;
	let flight: {promise: Promise<T>; begunAt: number} | undefined;
	return ask;

	function ask(signal: AbortSignal, maxAgeMs = 0, since = Number.NEGATIVE_INFINITY): Promise<T> {
		const known = answer && answer.begunAt >= since ? answer : undefined;
		const age = known ? performance.now() - known.at : Number.POSITIVE_INFINITY;
		if (known && age <= freshMs) return raceAbort(known.promise, signal);
		if (flight && flight.begunAt < since) {
			const ended = Promise.allSettled([flight.promise]);
			return raceAbort(ended, signal).then(() => ask(signal, maxAgeMs, since));
		}
		flight ??= start();
		return raceAbort(known && !known.failed && age <= maxAgeMs ? known.promise : flight.promise, signal);
	}

	function start(): {promise: Promise<T>; begunAt: number} {
		const begunAt = performance.now();
		const promise = Promise.resolve().then(() => fetch(AbortSignal.timeout(timeoutMs)));
		const land = (failed: boolean) => {
			flight = undefined;
			answer = {promise, begunAt, at: performance.now(), failed};
		};
		promise.then(
			() => land(false),
			() => land(true),
		);
		return {promise, begunAt};
	}
}
