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

/** The latencies of the pairs beside the server's record; undefined where there is none that the prober vouches for. */
export function latencyOf(pairs: readonly Pair[]): LatencyFigures | undefined {
	const sound = pairs.filter(({run}) => !run.late);
	if (sound.length === 0) return undefined;
	const errors = (of: (run: ReportedRun) => number | undefined) =>
		sound.flatMap(({run, served}) => {
			const ms = of(run);
			return ms === undefined ? [] : [ms - servedMs(served)];
		});
	const runErrors = errors(run => run.runMs);
	const processingErrors = errors(run => run.processingMs);
	return {
		runs: sound.length,
		late: pairs.length - sound.length,
		served: spreadOf(sound.map(({served}) => servedMs(served))),
		reported: spreadOf(sound.map(({run}) => run.reportedMs)),
		reportedError: spreadOf(errors(run => run.reportedMs)),
		...(runErrors.length === 0 ? {} : {runError: spreadOf(runErrors)}),
		...(processingErrors.length === 0 ? {} : {processingError: spreadOf(processingErrors)}),
	};
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
