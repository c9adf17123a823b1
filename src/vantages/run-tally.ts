/** Runs of a vantage's schedule in sums that stay when checks go: so many began, and so many ended with each verdict. */

import type {Outcome, Verdict} from '../engine/types.ts';

/** `started` is up + down + unknown + those under way. */
export type RunCounts = Record<'started' | Verdict, number>;

export interface RunTally {
	begin(runs: number): void;
	end(outcomes: readonly Outcome[]): void;
	/** Those under way will tell nothing any more: they are unknown. */
	lose(): void;
	counts(): RunCounts;
}

export function createRunTally(): RunTally {
	const counts: RunCounts = {started: 0, up: 0, down: 0, unknown: 0};
	return {
		begin(runs) {
			counts.started += runs;
		},
		end(outcomes) {
			for (const {verdict} of outcomes) counts[verdict]++;
		},
		lose() {
			counts.unknown = counts.started - counts.up - counts.down;
		},
		counts: () => ({...counts}),
	};
}

export function addCounts(a: RunCounts, b: RunCounts): RunCounts {
	return {
		started: a.started + b.started,
		up: a.up + b.up,
		down: a.down + b.down,
		unknown: a.unknown + b.unknown,
	};
}
