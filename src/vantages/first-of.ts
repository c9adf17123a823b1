/**
 * A remote vantage: several ways to look from one machine, of which the first that works is used. One after it is only tried while
 * those before it do not work; while none does, its checks are unknown at their slots.
 */

import {createSchedule} from '../engine/schedule.ts';
import type {Check, Outcome, UnknownReason} from '../engine/types.ts';
import {type Clock, systemClock} from '../util/clock.ts';
import {asSentence} from '../util/words.ts';
import type {Member} from './members.ts';
import {addCounts, createRunTally, type RunCounts} from './run-tally.ts';
import type {Vantage, VantageState, WayState} from './types.ts';
import {unknownOutcome} from './unknown-outcome.ts';

export interface FirstOfOptions {
	member: Member;
	/** In the order in which they are preferred. */
	ways: readonly WayStarter[];
	onOutcomes(outcomes: readonly Outcome[]): void;
	/** The way in use, the condition or the addresses changed. */
	onChange(): void;
	clock?: Clock;
}

/** A way that is not in use does not exist, so that nothing is dialled for it. */
export interface WayStarter {
	type: string;
	start(hooks: {onOutcomes(outcomes: readonly Outcome[]): void; onChange(): void}): Vantage;
}

interface Way {
	type: string;
	starter: WayStarter;
	running: Vantage | undefined;
	/** Since when it does not work, on the monotonic clock; undefined while it does, or does not run. */
	uselessSince: number | undefined;
	/** Of vantages of this way that ended. */
	counted: Counted;
}

/** What is counted for as long as the vantage lives, whichever way it goes. */
interface Counted {
	runs: RunCounts;
	skipped: VantageState['skippedSlots'];
	threadRestarts: number;
	/** undefined: no way of it takes what another machine says. */
	intake: VantageState['intake'] | undefined;
}

/** A way has so long to come about, or to come back, before the next is tried. */
const patienceMs = 5000;
const lookMs = 1000;

export function createFirstOf(options: FirstOfOptions): Vantage {
	const {member, clock = systemClock} = options;
	const tally = createRunTally();
	/** By check: the newest run that was told of, and by whom; undefined: by nobody, because no way worked. */
	const newest = new Map<string, {startedAt: number; by: Way | undefined}>();
	let assigned: readonly Check[] = [];
	let inUse: Way | undefined;
	let stopped = false;
	const ending = new Set<Promise<void>>();
	const ways: Way[] = options.ways.map(starter => ({
		type: starter.type,
		starter,
		running: undefined,
		uselessSince: undefined,
		counted: nothing,
	}));
	/** Says unknown at the slots while no way works. */
	const mourning = createSchedule<Check>({
		clock,
		async run(check, kind) {
			tally.begin(1);
			const {detail, reason} = whyNone();
			const outcome = unknownOutcome(check, kind, detail, reason);
			tally.end([outcome]);
			newest.set(check.key, {startedAt: outcome.startedAt, by: undefined});
			options.onOutcomes([outcome]);
			return false;
		},
		onSkip() {},
	});
	choose();
	/** What was last told: nothing, of how it began. */
	let told = fingerprint();
	let cancelLook = clock.after(lookMs, look);

	return {
		name: member.name,
		assign(checks) {
			assigned = checks;
			const keys = new Set(checks.map(({key}) => key));
			for (const key of newest.keys()) if (!keys.has(key)) newest.delete(key);
			if (inUse?.running) inUse.running.assign(checks);
			else mourning.update(checks);
		},
		async run(check, deadlineMs, signal) {
			// While none works the first is tried now: whoever asks may just have mended it.
			const running = inUse?.running ?? ways.find(way => way.running && !way.running.state().unsupported)?.running;
			if (running) return running.run(check, deadlineMs, signal);
			const {detail, reason} = whyNone();
			return unknownOutcome(check, 'adhoc', detail, reason);
		},
		state,
		addresses: () => member.node?.addresses ?? inUse?.running?.addresses() ?? [],
		async stop() {
			stopped = true;
			cancelLook();
			for (const way of ways) end(way);
			await Promise.all([mourning.stop(), ...ending]);
		},
	};

	function look(): void {
		cancelLook();
		if (stopped) return;
		choose();
		tellChange();
		cancelLook = clock.after(lookMs, look);
	}

	/** Starts what must be tried, and uses the first that works. */
	function choose(): void {
		const now = clock.now();
		let best: Way | undefined;
		for (const way of ways) {
			if (best) {
				end(way);
				continue;
			}
			way.running ??= begin(way);
			if (isUseful(way)) {
				way.uselessSince = undefined;
				best = way;
				continue;
			}
			way.uselessSince ??= now;
			// Where waiting mends nothing the next is tried at once; one that is in use is given time to come back.
			if (!way.running.state().unsupported && now - way.uselessSince < patienceMs) break;
		}
		if (best !== inUse) use(best);
	}

	function use(way: Way | undefined): void {
		inUse?.running?.assign([]);
		inUse = way;
		mourning.update(way ? [] : assigned);
		way?.running?.assign(assigned);
	}

	function begin(way: Way): Vantage {
		const vantage: Vantage = way.starter.start({
			onOutcomes: outcomes => {
				if (way.running === vantage && !stopped) options.onOutcomes(outcomes.map(outcome => dated(outcome, way)));
			},
			// Not at once: it may be called from within what it would look at.
			onChange: () => queueMicrotask(look),
		});
		return vantage;
	}

	/** What began before the newest that was told by another way, or by nobody, comes too late: that slot has its verdict. */
	function dated(outcome: Outcome, way: Way): Outcome {
		const before = newest.get(outcome.key);
		if (before && before.by !== way && outcome.startedAt <= before.startedAt) return {...outcome, belated: true};
		newest.set(outcome.key, {startedAt: outcome.startedAt, by: way});
		return outcome;
	}

	function end(way: Way): void {
		const {running} = way;
		if (!running) return;
		way.counted = countsOf(way);
		way.running = undefined;
		way.uselessSince = undefined;
		if (inUse === way) inUse = undefined;
		const ended = running.stop();
		ending.add(ended);
		void ended.finally(() => ending.delete(ended));
	}

	function state(): VantageState {
		const current = inUse?.running?.state();
		const {detail, isStarting, isUnsupported} = whyNone();
		const {runs, skipped, threadRestarts, intake} = ways.map(countsOf).reduce(addCounted);
		return {
			latenessMs: 0,
			runsInFlight: 0,
			facts: {},
			...(current ?? {
				condition: isStarting ? ('starting' as const) : ('gone' as const),
				...(isStarting ? {} : {detail}),
				...(isUnsupported ? {unsupported: true as const} : {}),
			}),
			name: member.name,
			type: inUse?.type ?? 'remote',
			group: member.group,
			ways: ways.map(wayState),
			runs: addCounts(runs, tally.counts()),
			skippedSlots: skipped,
			threadRestarts,
			...(intake ? {intake} : {}),
		};
	}

	function countsOf({running, counted}: Way): Counted {
		if (!running) return counted;
		const {runs, skippedSlots, threadRestarts, intake} = running.state();
		return addCounted(counted, {runs, skipped: skippedSlots, threadRestarts, intake});
	}

	function wayState(way: Way): WayState {
		const {type, running} = way;
		if (!running) return {type, inUse: false, condition: 'idle'};
		const {condition, unsupported, detail} = running.state();
		return {
			type,
			inUse: way === inUse,
			condition: unsupported ? 'unsupported' : condition,
			...(detail === undefined ? {} : {detail}),
		};
	}

	function whyNone(): {detail: string; reason: UnknownReason; isStarting: boolean; isUnsupported: boolean} {
		const states = ways.flatMap(({type, running}) => (running ? [{...running.state(), type}] : []));
		const failed = states.filter(({condition}) => condition === 'gone');
		const isUnsupported = failed.length === ways.length && failed.every(({unsupported}) => unsupported);
		const isStarting = failed.length === 0;
		const why = failed.map(({type, detail = 'it does not work'}) => `by ${type}: ${detail.replace(/\.$/, '')}`);
		return {
			isStarting,
			isUnsupported,
			reason: isUnsupported ? 'unsupported' : 'vantage',
			detail: isStarting
				? `It is not known yet whether ${member.name} can look.`
				: asSentence(`${member.name} cannot look: ${why.join('; ')}`),
		};
	}

	function tellChange(): void {
		const now = fingerprint();
		if (now === told) return;
		told = now;
		options.onChange();
	}

	function fingerprint(): string {
		const {type, condition, unsupported} = state();
		return JSON.stringify([type, condition, unsupported, inUse?.running?.addresses()]);
	}
}

const nothing: Counted = {
	runs: {started: 0, up: 0, down: 0, unknown: 0},
	skipped: {overlap: 0, late: 0},
	threadRestarts: 0,
	intake: undefined,
};

function addCounted(a: Counted, b: Counted): Counted {
	return {
		runs: addCounts(a.runs, b.runs),
		skipped: {overlap: a.skipped.overlap + b.skipped.overlap, late: a.skipped.late + b.skipped.late},
		threadRestarts: a.threadRestarts + b.threadRestarts,
		intake: a.intake && b.intake ? addIntake(a.intake, b.intake) : (a.intake ?? b.intake),
	};
}

function addIntake(a: Intake, b: Intake): Intake {
	const kinds = new Set([...Object.keys(a.rejected), ...Object.keys(b.rejected)]);
	return {
		rejected: Object.fromEntries([...kinds].map(kind => [kind, (a.rejected[kind] ?? 0) + (b.rejected[kind] ?? 0)])),
		lost: a.lost + b.lost,
	};
}

type Intake = NonNullable<VantageState['intake']>;

function isUseful({running}: Way): boolean {
	const condition = running?.state().condition;
	return condition === 'sound' || condition === 'sick';
}
