/** Figures of a handful of round trips, the same for every probe that pings. */

/** The middle one, or the mean of the two in the middle; undefined without any. */
export function median(numbers: readonly number[]): number | undefined {
	const sorted = numbers.toSorted((a, b) => a - b);
	const high = sorted[sorted.length >> 1];
	const low = sorted[(sorted.length - 1) >> 1];
	return high === undefined || low === undefined ? undefined : (low + high) / 2;
}

/** Mean difference between one round trip and the next; undefined with fewer than two. */
export function jitter(seconds: readonly number[]): number | undefined {
	if (seconds.length < 2) return undefined;
	const steps = seconds.slice(1).map((second, at) => Math.abs(second - (seconds[at] ?? second)));
	return steps.reduce((sum, step) => sum + step, 0) / steps.length;
}
