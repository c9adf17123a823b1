/** A bounded memory of every check: what it is like now, since when, its last outcomes, its failures, and the last hour. */

import {latencySeconds} from '../engine/latency.ts';
import {isSameTrouble} from '../engine/silence.ts';
import {type Check, type DownReason, downReasons, type Outcome, type Verdict} from '../engine/types.ts';
import type {CheckHistory, CheckView} from '../server/types.ts';
import type {Clock} from '../util/clock.ts';
import {type Columns, createColumns, createOutcomeRing, type OutcomeRing} from './outcome-ring.ts';
import {createStripPool, type StripPool} from './strip.ts';
import type {Sink} from './types.ts';

/** What changed for a person: told after `confirm` runs in a row said so, and at once when a check is up again. */
export interface Transition {
	/** `new`: nothing was told yet. A check that is up from its start is told to nobody. */
	from: Verdict | 'new';
	to: Verdict;
	/** The run that settled it. */
	outcome: Outcome;
	/** Milliseconds since 1970 when `to` began: for down its first down, for unknown the first run that could not look. */
	sinceMs: number;
	/** Set when this ends an incident: milliseconds from its first down to now. */
	downForMs?: number;
}

export interface HistoryOptions {
	clock: Clock;
	/** Checks that get a full history; any more keep their state and their last outcome only. */
	maxChecks?: number;
	onTransition?(check: Check, transition: Transition): void;
}

export interface History extends Sink {
	/** What is known of the check now; undefined for a key that is not followed. */
	view(key: string): CheckView | undefined;
	/** All of them, in the order in which they began. */
	views(): CheckView[];
	history(key: string): CheckHistory | undefined;
}

/** Outcomes that are kept of each check: the last ones, and as many that were not up. */
const keptOutcomes = 20;
/** An agent that was cut off for ten minutes has so many, at the usual interval. */
const keptBelated = 40;
/** A check that was silent for so many intervals is unknown, as in the metrics. */
const staleIntervals = 3;

/**
 * A history without checks; `begin` adds them. Ad hoc outcomes are never recorded. Rechecks count towards confirming a down, but
 * only scheduled runs change the verdict, so that a check that fails is not judged more often than one that does not.
 */
export function createHistory({clock, maxChecks = 20_000, onTransition}: HistoryOptions): History {
	const followed = new Map<string, Followed>();
	const strips = createStripPool();
	const columnsOfType = new Map<string, Columns>();
	let full = 0;

	function columnsFor(type: string): Columns {
		const columns = columnsOfType.get(type) ?? createColumns();
		columnsOfType.set(type, columns);
		return columns;
	}

	function follow(check: Check): Followed {
		const columns = columnsFor(check.type);
		const whole = full < maxChecks;
		if (whole) full++;
		return {
			check,
			verdict: 'unknown',
			ran: false,
			lastAt: clock.now(),
			downSince: undefined,
			downReason: undefined,
			reasonSince: undefined,
			downs: 0,
			confirmed: false,
			unknowns: 0,
			unknownSince: undefined,
			couldLook: false,
			told: 'new',
			recent: createOutcomeRing(check.key, whole ? keptOutcomes : 1, columns),
			...(whole
				? {strip: strips.allocate(), newFailures: () => createOutcomeRing(check.key, keptOutcomes, columns)}
				: {}),
		};
	}

	function drop(record: Followed): void {
		followed.delete(record.check.key);
		if (record.strip === undefined) return;
		strips.release(record.strip);
		full--;
	}

	return {
		name: 'history',
		begin(check) {
			const record = followed.get(check.key);
			if (record && record.check.type === check.type) {
				record.check = check;
				return;
			}
			if (record) drop(record);
			followed.set(check.key, follow(check));
		},
		accept(check, outcome) {
			const record = followed.get(check.key);
			if (!record || outcome.kind === 'adhoc') return;
			if (outcome.belated) {
				// It says how things were, not how they are.
				record.belated ??= createOutcomeRing(check.key, keptBelated, columnsFor(check.type));
				record.belated.add(outcome, [record.recent]);
				countInStrip(record, outcome, strips, clock.wall());
				return;
			}
			keep(record, outcome);
			countInStrip(record, outcome, strips, clock.wall());
			if (outcome.kind === 'scheduled') record.lastAt = clock.now();
			const transition = judge(record, outcome);
			if (transition) onTransition?.(record.check, transition);
		},
		forget(check) {
			const record = followed.get(check.key);
			if (record) drop(record);
		},
		view(key) {
			const record = followed.get(key);
			return record && viewOf(record, strips, clock);
		},
		views: () => Array.from(followed.values(), record => viewOf(record, strips, clock)),
		history(key) {
			const record = followed.get(key);
			if (!record) return undefined;
			const recent = record.recent.newestFirst();
			const belated = record.belated?.newestFirst().map(outcome => ({...outcome, belated: true as const})) ?? [];
			return {
				recent: belated.length === 0 ? recent : [...recent, ...belated].toSorted((a, b) => b.startedAt - a.startedAt),
				failures: record.failures?.newestFirst() ?? [],
			};
		},
	};
}

interface Followed {
	check: Check;
	verdict: Verdict;
	ran: boolean;
	/** Of the last scheduled outcome, on the monotonic clock. */
	lastAt: number;
	downSince: number | undefined;
	/** Of the last down, and the first in a row that may have the same cause. */
	downReason: DownReason | undefined;
	reasonSince: number | undefined;
	/** Downs since the last up, scheduled ones and rechecks. */
	downs: number;
	confirmed: boolean;
	/** Scheduled runs in a row that could not look. */
	unknowns: number;
	unknownSince: number | undefined;
	/** Whether any scheduled run did. */
	couldLook: boolean;
	told: Verdict | 'new';
	recent: OutcomeRing;
	/** What an agent measured while it was cut off; most checks have none. */
	belated?: OutcomeRing;
	/** Made at the first failure: most checks have none. */
	failures?: OutcomeRing;
	newFailures?: () => OutcomeRing;
	strip?: number;
}

function keep(record: Followed, outcome: Outcome): void {
	if (outcome.verdict !== 'up' && record.newFailures) {
		record.failures ??= record.newFailures();
		record.failures.add(outcome, [record.recent]);
	}
	record.recent.add(outcome, record.failures ? [record.failures] : []);
}

function countInStrip({check, strip}: Followed, outcome: Outcome, strips: StripPool, nowMs: number): void {
	if (strip === undefined || outcome.kind !== 'scheduled') return;
	const seconds = latencySeconds(check, outcome);
	strips.record(strip, minuteOf(outcome.startedAt), minuteOf(nowMs), outcome.verdict, seconds);
}

/** Moves the state by one outcome; answers what a person should be told. */
function judge(record: Followed, outcome: Outcome): Transition | undefined {
	const {downSince, confirmed, told: from} = record;
	if (outcome.kind === 'recheck') countRecheck(record, outcome);
	else countScheduled(record, outcome);
	const to = toldState(record, outcome);
	if (to === from) return undefined;

	record.told = to;
	if (to === 'new' || (from === 'new' && to === 'up')) return undefined;
	const sinceMs =
		{up: outcome.startedAt, down: record.downSince, unknown: record.unknownSince}[to] ?? outcome.startedAt;
	const ended = to === 'up' && confirmed && downSince !== undefined;
	return {from, to, outcome, sinceMs, ...(ended ? {downForMs: outcome.startedAt - downSince} : {})};
}

function countScheduled(record: Followed, outcome: Outcome): void {
	const {verdict, startedAt} = outcome;
	record.ran = true;
	record.verdict = verdict;
	if (verdict === 'unknown') {
		record.unknowns++;
		record.unknownSince ??= startedAt;
		return;
	}
	record.unknowns = 0;
	record.unknownSince = undefined;
	record.couldLook = true;
	if (verdict === 'down') {
		record.downSince ??= startedAt;
		countDown(record, outcome);
		return;
	}
	record.downs = 0;
	record.downSince = undefined;
	record.downReason = undefined;
	record.reasonSince = undefined;
	record.confirmed = false;
}

function countRecheck(record: Followed, outcome: Outcome): void {
	const {verdict} = outcome;
	if (record.downSince === undefined) return;
	if (verdict === 'down') countDown(record, outcome);
	else if (verdict === 'up' && !record.confirmed) record.downs = 0;
}

function countDown(record: Followed, {reason, startedAt}: Outcome): void {
	if (!isSameTrouble(record.downReason, reason)) record.reasonSince = undefined;
	record.reasonSince ??= startedAt;
	// Our own copy of the word: that of another thread is a new string each time.
	record.downReason = downReasons.find(known => known === reason);
	record.downs++;
	record.confirmed ||= record.downs >= record.check.confirm;
}

function toldState(record: Followed, {verdict}: Outcome): Followed['told'] {
	if (record.ran && record.verdict === 'up') return 'up';
	if (verdict === 'down' && record.confirmed) return 'down';
	return verdict === 'unknown' && record.unknowns >= record.check.confirm ? 'unknown' : record.told;
}

function viewOf(record: Followed, strips: StripPool, clock: Clock): CheckView {
	const {check, ran, confirmed, downSince, downReason, reasonSince, unknownSince, recent, strip} = record;
	const silentMs = clock.now() - record.lastAt;
	let last: {outcome: Outcome | undefined} | undefined;
	return {
		check,
		verdict: silentMs >= staleIntervals * check.intervalMs + check.timeoutMs ? 'unknown' : record.verdict,
		ran,
		confirmed,
		...(downSince === undefined ? {} : {downSince}),
		...(downReason === undefined ? {} : {downReason}),
		...(reasonSince === undefined ? {} : {reasonSince}),
		...(unknownSince === undefined ? {} : {unknownSince: {ms: unknownSince, atLeast: !record.couldLook}}),
		// Unpacked when asked for, and once: many ask for those that fail.
		get last() {
			last ??= {outcome: recent.newest()};
			return last.outcome;
		},
		// A page of thousands of checks shows a few.
		get strip() {
			return strip === undefined ? [] : strips.read(strip, minuteOf(clock.wall()));
		},
	};
}

function minuteOf(wallMs: number): number {
	return Math.floor(wallMs / 60_000);
}
