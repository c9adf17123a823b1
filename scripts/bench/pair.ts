/** Matches what a prober reported with what the server recorded for that very request. */

import {spreadOf} from './statistics.ts';
import type {LatencyFigures, ReportedRun, ServedRequest} from './types.ts';

/** A run and the request that it made. */
export interface Pair {
	run: ReportedRun;
	served: ServedRequest;
}

/**
 * By path and number where the prober sends one; else by path and time: the request that was accepted next to when the run began,
 * at most `withinMs` away. No request is given to two runs. What has no partner is left out.
 */
export function pairRuns(runs: readonly ReportedRun[], served: readonly ServedRequest[], withinMs: number): Pair[] {
	const byPath = Map.groupBy(served, ({path}) => path);
	const taken = new Set<ServedRequest>();
	return runs.flatMap(run => {
		const candidates = (byPath.get(run.path) ?? []).filter(request => !taken.has(request));
		const found =
			run.number === undefined
				? nearest(candidates, run, withinMs)
				: candidates.find(({number}) => number === run.number);
		if (!found) return [];
		taken.add(found);
		return [{run, served: found}];
	});
}

/** The latencies of the pairs beside the server's record; undefined of none. */
export function latencyOf(pairs: readonly Pair[]): LatencyFigures | undefined {
	if (pairs.length === 0) return undefined;
	const runs = pairs.map(({run}) => run);
	const sizes = (of: (run: ReportedRun) => number | undefined) =>
		pairs.flatMap(({run, served}) => {
			const ms = of(run);
			return ms === undefined ? [] : [Math.abs(ms - servedMs(served))];
		});
	const sound = runs.filter(run => !run.late);
	return {
		runs: runs.length,
		late: runs.length - sound.length,
		served: spreadOf(pairs.map(({served}) => servedMs(served))),
		reported: spreadOf(runs.map(run => run.reportedMs)),
		...spread(
			'whole',
			told(runs, run => run.runMs),
		),
		...spread(
			'wholeWithoutLate',
			told(sound, run => run.runMs),
		),
		...spread(
			'wholeError',
			sizes(run => run.runMs),
		),
		...spread(
			'phases',
			told(runs, run => run.phasesMs),
		),
		...spread(
			'phasesError',
			sizes(run => run.phasesMs),
		),
		...spread(
			'processingError',
			sizes(run => run.processingMs),
		),
	};
}

/** The latencies of runs that are not said which request they made; undefined of none. */
export function reportedOnly(runs: readonly ReportedRun[]): LatencyFigures | undefined {
	if (runs.length === 0) return undefined;
	return {runs: runs.length, late: 0, reported: spreadOf(runs.map(({reportedMs}) => reportedMs))};
}

function told(runs: readonly ReportedRun[], of: (run: ReportedRun) => number | undefined): number[] {
	return runs.flatMap(run => of(run) ?? []);
}

function spread(name: keyof LatencyFigures, values: readonly number[]): Partial<LatencyFigures> {
	return values.length === 0 ? {} : {[name]: spreadOf(values)};
}

function servedMs({wholeMs, sentMs}: ServedRequest): number {
	return sentMs - wholeMs;
}

function nearest(
	candidates: readonly ServedRequest[],
	{startedWallMs = Number.NaN}: ReportedRun,
	withinMs: number,
): ServedRequest | undefined {
	let found: ServedRequest | undefined;
	let distance = withinMs;
	for (const candidate of candidates) {
		const away = Math.abs(candidate.acceptedWallMs - startedWallMs);
		if (away > distance) continue;
		found = candidate;
		distance = away;
	}
	return found;
}
