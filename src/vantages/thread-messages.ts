/** What the main thread and the measuring thread say to each other. Plain data only. */

import type {Check, Outcome} from '../engine/types.ts';
import type {Place} from '../probes/types.ts';

/** Given to the thread when it starts. */
export interface ThreadData {
	place: Omit<Place, 'timeoutMs'>;
	/** Of the `Belief` that both threads share. */
	belief: SharedArrayBuffer;
}

export type ToThread =
	/** The whole list of checks to run on schedule. */
	| {kind: 'assign'; checks: readonly Check[]}
	/** One run now. */
	| {kind: 'run'; id: number; check: Check; deadlineMs: number}
	/** Nobody waits for that run any more. */
	| {kind: 'cancel'; id: number}
	/** End: runs in flight are canceled and reported, then the thread exits. */
	| {kind: 'stop'};

export type FromThread =
	/** What was measured since the last batch, about every 250 ms, and how many runs of the schedule began meanwhile. */
	| {kind: 'outcomes'; outcomes: readonly Outcome[]; started: number}
	| {kind: 'ran'; id: number; outcome: Outcome}
	/** About once a second: a sign of life, and what is known of the place. */
	| {kind: 'state'; state: ThreadState}
	/** An error of ours. */
	| {kind: 'bug'; text: string};

export interface ThreadState {
	sound: boolean | undefined;
	detail?: string;
	facts: Record<string, string>;
	/** This vantage's own tailnet addresses. */
	addresses: readonly string[];
	latenessMs: number;
	runsInFlight: number;
	skippedSlots: {overlap: number; late: number};
}
