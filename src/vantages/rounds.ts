/** Rounds by the schedule: several checks that are measured together, and what a vantage counts of their runs. */

import {createSchedule, type Job} from '../engine/schedule.ts';
import type {Check, Outcome} from '../engine/types.ts';
import type {Clock} from '../util/clock.ts';
import {createRunTally, type RunCounts} from './run-tally.ts';

/** Checks that share an interval, a deadline and whatever else they must to be measured together. */
export interface Round extends Job {
	checks: readonly Check[];
}

export interface RoundsOptions<R extends Round> {
	clock: Clock;
	/** Measures some of the round's checks, within its `timeoutMs`: an outcome for each. Must not throw. */
	measure(checks: readonly Check[], round: R, kind: 'scheduled' | 'recheck'): Promise<Outcome[]>;
	/** The outcomes of one round. */
	onOutcomes(outcomes: readonly Outcome[]): void;
	/** While so, rounds pass without a run, which is not counted. */
	isPaused?(): boolean;
}

export interface Rounds<R extends Round> {
	/** Takes the whole list; what is new starts, what is gone stops, the others keep their slots. */
	assign(rounds: readonly R[]): void;
	/** Runs of checks, rechecks included. */
	counts(): RunCounts;
	/** Slots of rounds that passed without a run, by why. */
	skippedSlots(): {overlap: number; late: number};
	/** Starts no more rounds and waits for those under way. */
	stop(): Promise<void>;
}

/** Runs each round once per interval; after one with failures, those that failed are looked at again. */
export function createRounds<R extends Round>(options: RoundsOptions<R>): Rounds<R> {
	const tally = createRunTally();
	const skipped = {overlap: 0, late: 0};
	/** Keys of the checks that were down, by the key of their round. */
	const failingOf = new Map<string, ReadonlySet<string>>();
	const schedule = createSchedule<R>({
		clock: options.clock,
		async run(round, kind) {
			if (options.isPaused?.()) return false;
			const failing = failingOf.get(round.key);
			const checks = kind === 'recheck' ? round.checks.filter(({key}) => failing?.has(key)) : round.checks;
			tally.begin(checks.length);
			const outcomes = await options.measure(checks, round, kind);
			tally.end(outcomes);
			options.onOutcomes(outcomes);
			const down = outcomes.filter(({verdict}) => verdict === 'down').map(({key}) => key);
			failingOf.set(round.key, new Set(down));
			return down.length > 0;
		},
		onSkip(_round, why, slots) {
			skipped[why] += slots;
		},
	});

	return {
		assign(rounds) {
			schedule.update(rounds);
			for (const key of failingOf.keys()) if (!rounds.some(round => round.key === key)) failingOf.delete(key);
		},
		counts: tally.counts,
		skippedSlots: () => ({...skipped}),
		stop: schedule.stop,
	};
}
