/** What moved between two scrapes: a test sees every verdict that was given meanwhile, not only the last. */

import {downReasons} from '../../../src/engine/types.ts';
import type {Prober, Series} from './prober.ts';

/** What a busy machine makes of any run, whatever is broken: tailprobe or its fping had no CPU. */
const busy: readonly string[] = ['late', 'incomplete'];

/**
 * Runs that failed between the two scrapes, as `check target reason`, in order; each once, however often it happened, and without
 * those that failed because this machine is busy.
 */
export function failedBetween(before: Series, after: Series): string[] {
	return moved(before, after, 'tailprobe_check_failures_total')
		.filter(({labels}) => !busy.includes(labels.reason ?? ''))
		.map(({labels}) => `${labels.check} ${labels.target} ${labels.reason}`)
		.sort();
}

/** Of these, the ones that say that a target is down. */
export function downBetween(before: Series, after: Series): string[] {
	return failedBetween(before, after).filter(line => downReasons.some(reason => line.endsWith(` ${reason}`)));
}

/** The first scrape in which each check has ended so many runs more than in `since`. Rejects after the limit. */
export function afterRuns(prober: Prober, since: Series, count: number, limitMs = 60_000): Promise<Series> {
	return prober.until(now => {
		const before = runsByCheck(since);
		return [...runsByCheck(now)].every(([check, runs]) => runs - (before.get(check) ?? 0) >= count);
	}, limitMs);
}

function runsByCheck(series: Series): Map<string, number> {
	const runs = new Map<string, number>();
	for (const {labels, value} of series.all('tailprobe_check_runs_total')) {
		const check = `${labels.check} ${labels.target}`;
		runs.set(check, (runs.get(check) ?? 0) + value);
	}
	return runs;
}

/** Counters of this name that stand higher than before, or are new and above zero. */
function moved(before: Series, after: Series, name: string): ReturnType<Series['all']> {
	return after.all(name).filter(({labels, value}) => {
		const was = before.all(name, labels).find(sample => sameLabels(sample.labels, labels))?.value ?? 0;
		return value !== was && value > 0;
	});
}

function sameLabels(one: Readonly<Record<string, string>>, other: Readonly<Record<string, string>>): boolean {
	return (
		Object.keys(one).length === Object.keys(other).length && Object.keys(one).every(key => one[key] === other[key])
	);
}

/** What the API tells of a check's last run. */
export interface LastRun {
	/** The sentence for a person, '' where it was up. */
	detail: string;
	/** Such as the `address` that was dialled and how it was `resolved_by`. */
	facts: Readonly<Record<string, string>>;
}

/** Asks the API for the last run of a check. Rejects where there is none. */
export async function lastRun(prober: Prober, check: string, target: string): Promise<LastRun> {
	const {checks} = (await prober.json('/api/v1/checks')) as {
		checks: Array<{name: string; target: {name: string}; last?: Partial<LastRun>}>;
	};
	const found = checks.find(one => one.name === check && one.target.name === target);
	if (found?.last === undefined) throw new Error(`There is no run of the check ${check} of ${target}.`);
	return {detail: found.last.detail ?? '', facts: found.last.facts ?? {}};
}
