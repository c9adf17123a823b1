/**
 * What of an agent's answers is taken. It may have been broken into: only outcomes of checks that it was given, each once, no more of
 * them than its schedule can have made. The rest is counted by why.
 */

import type {Check, Outcome} from '../engine/types.ts';
import type {Clock} from '../util/clock.ts';
import {createTokenBuckets} from '../util/token-bucket.ts';
import {isPlausible, readEnvelope, readOutcome} from './agent-outcome.ts';

/** `foreign`: of a check that it was never given; `malformed`: of no possible shape; `excess`: more than there can be. */
export const rejectedKinds = ['foreign', 'malformed', 'excess'] as const;
export type RejectedKind = (typeof rejectedKinds)[number];

export interface Intake {
	/** The list that is in force from now on. */
	assign(checks: readonly Check[]): void;
	/** The agent was started anew: its numbers begin again. */
	restart(boot: string): void;
	/** What of an answer's outcomes is to be published. Never throws. */
	take(outcomes: readonly unknown[]): Outcome[];
	/** Of the last one that was received. */
	acknowledged(): number;
	/** Something was wrong with an answer as a whole. */
	reject(kind: RejectedKind, count: number): void;
	counts(): IntakeCounts;
	/** Whether what no honest agent sends came within the last minutes. */
	liedLately(): boolean;
}

export interface IntakeCounts {
	rejected: Readonly<Record<RejectedKind, number>>;
	/** Outcomes that the agent had to forget before we could take them. */
	lost: number;
}

/** Readings in one answer that are looked at. */
const maxOutcomes = 500;
/** Checks that were taken from the list: their last runs may still come. */
const maxFormer = 5000;
/** Later than two intervals is belated; of very short intervals the way here takes longer than that. */
const leastBelatedMs = 5000;
/** Outcomes that an agent can have forgotten between two answers. */
const maxJump = 10_000_000;
const lieMemoryMs = 15 * 60_000;
/** An agent may keep an hour of history. */
const historyMs = 3_600_000;

export function createIntake(clock: Clock): Intake {
	const rejected: Record<RejectedKind, number> = {foreign: 0, malformed: 0, excess: 0};
	const buckets = createTokenBuckets({clock, maxKeys: 4 * maxFormer});
	const bornAt = clock.now();
	let checks = new Map<string, Check>();
	/** Given before, the oldest first. */
	const former = new Map<string, Check>();
	let boot = '';
	let last = 0;
	let isContinuing = false;
	let lost = 0;
	let liedAt = Number.NEGATIVE_INFINITY;

	return {
		assign(list) {
			for (const [key, check] of checks) {
				former.delete(key);
				former.set(key, check);
			}
			checks = new Map(list.map(check => [check.key, check]));
			for (const key of checks.keys()) former.delete(key);
			for (const key of former.keys()) {
				if (former.size <= maxFormer) break;
				former.delete(key);
			}
		},
		restart(now) {
			if (now === boot) return;
			boot = now;
			last = 0;
			isContinuing = false;
		},
		take(outcomes) {
			if (outcomes.length > maxOutcomes) reject('excess', outcomes.length - maxOutcomes);
			return outcomes.slice(0, maxOutcomes).flatMap(json => takeOne(json) ?? []);
		},
		acknowledged: () => last,
		reject,
		counts: () => ({rejected: {...rejected}, lost}),
		liedLately: () => clock.now() - liedAt < lieMemoryMs,
	};

	function takeOne(json: unknown): Outcome | undefined {
		const envelope = readEnvelope(json);
		if (!envelope) return reject('malformed', 1);
		const {n, key} = envelope;
		// Sent again, because our receipt did not arrive.
		if (n <= last) return undefined;
		// No agent measures so much, and all that it sends from then on would look old.
		if (n - last > maxJump && isContinuing) return reject('malformed', 1);
		// What an agent had already handed to a daemon before us is no loss.
		if (isContinuing) lost += n - last - 1;
		last = n;
		isContinuing = true;
		const read = readOutcome(json);
		if (!read || read.kind === 'adhoc') return reject('malformed', 1);
		const check = checks.get(key);
		if (!check) {
			// Its last runs, or those that a daemon before us had wanted.
			const isOfBefore = former.has(key) || read.ageMs > clock.now() - bornAt;
			return isOfBefore ? undefined : reject('foreign', 1);
		}
		if (!isPlausible(read, check)) return reject('malformed', 1);
		if (buckets.take(key, rateOf(check)) > 0) return reject('excess', 1);
		return toOutcome(read, check, clock);
	}

	function reject(kind: RejectedKind, count: number): undefined {
		rejected[kind] += count;
		liedAt = clock.now();
		return undefined;
	}
}

/** The outcome in our time. */
export function toOutcome(
	{ageMs, ...rest}: NonNullable<ReturnType<typeof readOutcome>>,
	{intervalMs}: Pick<Check, 'intervalMs'>,
	clock: Pick<Clock, 'wall'>,
): Outcome {
	const sinceEndMs = ageMs - rest.durationMs;
	const isBelated = sinceEndMs > Math.max(2 * intervalMs, leastBelatedMs);
	return {...rest, startedAt: clock.wall() - ageMs, ...(isBelated ? {belated: true as const} : {})};
}

/** What came together after a time apart, and then as many as the schedule makes. */
function rateOf({intervalMs, recheckMs = intervalMs}: Check): {count: number; perMs: number} {
	const periodMs = Math.min(intervalMs, recheckMs);
	const count = Math.ceil(historyMs / periodMs) + 10;
	return {count, perMs: (count * periodMs) / 1.2};
}
