/** The list of checks in force: those that are permitted run on the local vantage, the others are unknown at their slots, with the reason. */

import {createSchedule} from '../engine/schedule.ts';
import type {Check, Outcome, UnknownReason} from '../engine/types.ts';
import type {Clock} from '../util/clock.ts';
import {addCounts, createRunTally, type RunCounts} from '../vantages/run-tally.ts';
import {unknownOutcome} from '../vantages/unknown-outcome.ts';
import type {AllowList} from './allow.ts';
import {readCheck} from './read-check.ts';

export interface CheckList {
	/** Takes a whole list as it came. */
	take(version: string, checks: readonly unknown[]): ListCounts;
	/** The daemon was heard, and wants the list that is in force. */
	affirm(): void;
	/** Of the list in force; null: none. */
	version(): string | null;
	/** Whether a run of it is still wanted. */
	has(key: string): boolean;
	denied(): number;
	/** Runs of denied checks, put to those of the vantage. */
	withDenied(runs: RunCounts): RunCounts;
	stop(): Promise<void>;
}

export interface ListCounts {
	running: number;
	denied: number;
	/** Entries that were no checks at all. */
	nonsense: number;
	/** Of the first denied check. */
	why?: string;
}

export interface CheckListOptions {
	clock: Clock;
	allow: AllowList;
	limits: {checks: number; cutOffMs: number};
	assign(checks: readonly Check[]): void;
	onOutcomes(outcomes: readonly Outcome[]): void;
	/** Nobody was heard for so long that measuring ended. */
	onCutOff(): void;
}

interface Denial {
	reason: UnknownReason;
	detail: string;
}

export function createCheckList(options: CheckListOptions): CheckList {
	const {clock, allow, limits} = options;
	const tally = createRunTally();
	const denials = new Map<string, Denial>();
	let inForce: string | null = null;
	let keys: ReadonlySet<string> = new Set();
	let cancelCutOff = () => {};
	const refusing = createSchedule<Check>({
		clock,
		async run(check, kind) {
			const {reason, detail} = denials.get(check.key) ?? {
				reason: 'denied',
				detail: 'The agent does not run this check.',
			};
			tally.begin(1);
			const outcome = unknownOutcome(check, kind, detail, reason);
			tally.end([outcome]);
			options.onOutcomes([outcome]);
			return false;
		},
		onSkip() {},
	});

	return {
		take(version, checks) {
			const read = checks.map(check => readCheck(check, allow));
			const permitted = read.flatMap(each => (each.kind === 'runs' ? [each.check] : []));
			const running = permitted.slice(0, limits.checks);
			denials.clear();
			const denied = [
				...read.flatMap(each => (each.kind === 'denied' ? [each] : [])),
				...permitted.slice(limits.checks).map(check => ({
					check,
					reason: 'denied' as const,
					detail: `The agent runs at most ${limits.checks} checks (limits.checks of its configuration).`,
				})),
			];
			for (const {check, reason, detail} of denied) denials.set(check.key, {reason, detail});
			inForce = version;
			keys = new Set([...running, ...denied.map(({check}) => check)].map(({key}) => key));
			options.assign(running);
			refusing.update(denied.map(({check}) => check));
			affirm();
			const [first] = denied;
			return {
				running: running.length,
				denied: denied.length,
				nonsense: read.filter(({kind}) => kind === 'nonsense').length,
				...(first ? {why: `${first.check.key}: ${first.detail}`} : {}),
			};
		},
		affirm,
		version: () => inForce,
		has: key => keys.has(key),
		denied: () => denials.size,
		withDenied: runs => addCounts(runs, tally.counts()),
		async stop() {
			cancelCutOff();
			await refusing.stop();
		},
	};

	function affirm(): void {
		cancelCutOff();
		cancelCutOff = clock.after(limits.cutOffMs, () => {
			const wasMeasuring = keys.size > 0;
			inForce = null;
			keys = new Set();
			denials.clear();
			options.assign([]);
			refusing.update([]);
			if (wasMeasuring) options.onCutOff();
		});
	}
}
