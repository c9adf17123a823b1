/** Whether something stays as it is: its middle in the second quarter of a run against that in the last. */

import {median} from '../../src/util/round-trips.ts';

export interface Point {
	/** Of the run, 0 to 1, or any other measure of how far it is. */
	at: number;
	value: number;
}

export interface Flatness {
	/** Median of the second quarter. */
	before: number;
	/** Median of the last quarter. */
	after: number;
	/** Rise over the whole run as the line through the points behind the first quarter has it. */
	rise: number;
	isFlat: boolean;
}

/** `slack`: how much more the last quarter may have, and how much of a rise the line may have. Falling is flat. Needs eight points. */
export function judgeFlatness(points: readonly Point[], slack: number): Flatness {
	if (points.length < 8) throw new TypeError(`${points.length} points say nothing about a trend`);
	const first = points[0]?.at ?? 0;
	const span = (points.at(-1)?.at ?? 0) - first;
	const within = (from: number, to: number) =>
		points.filter(({at}) => at >= first + from * span && at <= first + to * span).map(({value}) => value);
	const before = median(within(0.25, 0.5)) ?? Number.NaN;
	const after = median(within(0.75, 1)) ?? Number.NaN;
	const rise = slopeOf(points.filter(({at}) => at >= first + 0.25 * span)) * span;
	return {before, after, rise, isFlat: after - before <= slack && rise <= 2 * slack};
}

/** Least squares. */
function slopeOf(points: readonly Point[]): number {
	const mean = (of: (point: Point) => number) => points.reduce((sum, point) => sum + of(point), 0) / points.length;
	const [at, value] = [mean(point => point.at), mean(point => point.value)];
	const above = points.reduce((sum, point) => sum + (point.at - at) * (point.value - value), 0);
	const below = points.reduce((sum, point) => sum + (point.at - at) ** 2, 0);
	return below === 0 ? 0 : above / below;
}
