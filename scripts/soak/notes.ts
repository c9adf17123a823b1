/** What is noted while the soak runs. */

import {intervalMs, isStable, timeoutMs} from './config.ts';
import {findMismatches, type Window} from './judge.ts';
import {kinds} from './kinds.ts';
import {createLedger} from './ledger.ts';
import type {Held} from './process-watch.ts';
import {type ReadSample, sumOf} from './samples.ts';

export interface Look {
	samples: readonly ReadSample[];
	started: number;
	inFlight: number;
}

export interface HeldPoint extends Held {
	probes: number;
	timers: number;
	/** In use, garbage that was not collected yet included. */
	mainHeapBytes: number;
	measuringHeapBytes: number;
}

export interface Notes {
	held: HeldPoint[];
	/** By `kind said`: runs with a verdict that nothing excuses. To be asked when what excuses them had time to be told. */
	mismatches(): Map<string, number>;
	/** Runs by kind and verdict, as the series of checks told, those of removed checks included. */
	runs: Map<string, number>;
	adhoc: Map<string, number>;
	oddities: string[];
	reloads: number;
	/** When the measuring thread was killed, by the monotonic clock. */
	killedAt: number[];
	/** How late the targets were at worst in the second before. */
	targetsLate: {at: number; ms: number}[];
	served: Record<string, number>;
	servedBefore: Record<string, number>;
	looks: number;
	/** Of the last look that had checks: up runs and others by target, of those that are never taken away. */
	byTarget: Map<string, {up: number; others: number}>;
	/** Runs that the series of checks told. */
	seenRuns(): number;
	/** Checks whose series were removed, each time. */
	removedChecks(): number;
	/** Runs that nobody can have seen: those of a removed check since the last look, and one under way. */
	mayBeUnseen: number;
	started(): number;
	look(found: Look): void;
}

/** An outcome takes so long from its run to the metrics, and the targets tell once a second. */
const toldLateMs = 2000;
/** For so long after a kill checks may be unknown: the backoff, and a look at the metrics. */
const mourningMs = 20_000;

/** With those of the soak's own nodes. */
const judged = [...kinds, {name: 'node', deserves: 'up' as const}];

export function notesOf(scale: number): Notes {
	const runs = createLedger();
	const rechecks = createLedger();
	const failures = createLedger();
	let started = 0;
	let lookedAt = performance.now();
	const windows: (Pick<Window, 'up' | 'failures'> & {from: number; to: number})[] = [];
	const notes: Notes = {
		held: [],
		mismatches,
		runs: new Map(),
		adhoc: new Map(),
		oddities: [],
		reloads: 0,
		killedAt: [],
		targetsLate: [],
		served: {},
		servedBefore: {},
		looks: 0,
		byTarget: new Map(),
		seenRuns: () => runs.total() + rechecks.total(),
		// One series per verdict.
		removedChecks: () => runs.removed() / 3,
		mayBeUnseen: 0,
		started: () => started,
		look,
	};
	return notes;

	function look({samples, started: now}: Look): void {
		notes.looks++;
		started = now;
		const removedBefore = notes.removedChecks();
		rechecks.look(seriesOf(samples, 'tailprobe_check_rechecks_total'));
		const up = new Map<string, number>();
		for (const [id, gain] of runs.look(seriesOf(samples, 'tailprobe_check_runs_total'))) {
			const [check = '', verdict = ''] = idParts(id, 'verdict');
			add(notes.runs, `${check} ${verdict}`, gain);
			if (verdict === 'up') add(up, check, gain);
		}
		const [from, to] = [lookedAt, performance.now()];
		lookedAt = to;
		notes.mayBeUnseen += (notes.removedChecks() - removedBefore) * ((to - from) / intervalMs + 1);
		const failed = new Map<string, number>();
		for (const [id, gain] of failures.look(seriesOf(samples, 'tailprobe_check_failures_total')))
			add(failed, idParts(id, 'reason').join(' '), gain);
		for (const [id, gain] of failed) add(notes.runs, id, gain);
		windows.push({up, failures: failed, from, to});
		noteTargets(samples);
	}

	function mismatches(): Map<string, number> {
		const found = new Map<string, number>();
		for (const {up, failures: failed, from, to} of windows) {
			const lateness = notes.targetsLate.filter(({at}) => at > from - toldLateMs && at < to + toldLateMs);
			const targetsLateMs = Math.max(0, ...lateness.map(({ms}) => ms));
			const wasKilled = notes.killedAt.some(at => at > from - mourningMs && at < to);
			for (const {kind, said, runs: count} of findMismatches(judged, {
				up,
				failures: failed,
				wasKilled,
				targetsLateMs,
				timeoutMs,
			}))
				add(found, `${kind} ${said} (targets ${Math.round(targetsLateMs)} ms late)`, count);
		}
		return found;
	}

	function noteTargets(samples: readonly ReadSample[]): void {
		if (sumOf(samples, 'tailprobe_check_state') === 0) return;
		notes.byTarget = new Map();
		for (const {name, labels, value} of samples) {
			if (name !== 'tailprobe_check_runs_total') continue;
			const target = labels.target ?? '';
			const kind = kinds.find(({name: known}) => known === labels.check);
			if (!kind || !isStable(kind, Number(target.split('-').at(-1)), scale)) continue;
			const known = notes.byTarget.get(target) ?? {up: 0, others: 0};
			known[labels.verdict === 'up' ? 'up' : 'others'] += value;
			notes.byTarget.set(target, known);
		}
	}
}

function seriesOf(samples: readonly ReadSample[], name: string): Map<string, number> {
	return new Map(
		samples.filter(sample => sample.name === name).map(({labels, value}) => [JSON.stringify(labels), value]),
	);
}

function idParts(id: string, label: string): [string, string] {
	const labels = JSON.parse(id) as Record<string, string>;
	return [labels.check ?? '', labels[label] ?? ''];
}

function add(sums: Map<string, number>, id: string, by: number): void {
	sums.set(id, (sums.get(id) ?? 0) + by);
}
