/** What moved between two scrapes: a test sees every verdict that was given meanwhile, not only the last. */

import type {ExecutionContext} from 'ava';
import {downReasons} from '../../../src/engine/types.ts';
import type {Prober, Series} from './prober.ts';

/** What a busy machine makes of any run, whatever is broken: tailprobe or its fping had no CPU. */
const busy: readonly string[] = ['late', 'incomplete'];
/** The part of the runs that may be so before nothing can be concluded from the others. */
const tolerated = 0.3;

/**
 * Runs that failed between the two scrapes, as `check target reason`, in order; each once, however often it happened, and without
 * those that failed because this machine is busy. That nothing failed is worth what was looked at: `afterRuns` sees to that.
 *
 * @throws Error when so many failed of that that the rest proves nothing
 */
export function failedBetween(before: Series, after: Series): string[] {
	assertNotTooBusy(before, after);
	return moved(before, after, failures)
		.filter(({labels}) => !busy.includes(labels.reason ?? ''))
		.map(({labels}) => `${labels.check} ${labels.target} ${labels.reason}`)
		.sort();
}

/** Of these, the ones that say that a target is down. */
export function downBetween(before: Series, after: Series): string[] {
	return failedBetween(before, after).filter(line => downReasons.some(reason => line.endsWith(` ${reason}`)));
}

/**
 * The first scrape in which each check has ended so many runs more than in `since`: where it was up or down then, so many with such
 * a verdict, for a run that is unknown looked at nothing. Rejects after the limit, and when there is no check or one has vanished.
 */
export function afterRuns(prober: Prober, since: Series, count: number, limitMs = 60_000): Promise<Series> {
	const before = runsByCheck(since);
	return prober.until(now => {
		const after = runsByCheck(now);
		const gone = [...before.keys()].filter(check => !after.has(check));
		if (before.size === 0) throw new Error('There are no checks whose runs could be waited for');
		if (gone.length > 0) throw new Error(`These checks have vanished: ${gone.join(', ')}`);
		return [...after].every(([check, {all, judged}]) => {
			const was = before.get(check);
			return was?.seen ? judged - was.judged >= count : all - (was?.all ?? 0) >= count;
		});
	}, limitMs);
}

/** All is up again, nothing is left of the incident, and no verdict is wrong from then on. */
export async function assertHealed(t: ExecutionContext, prober: Prober, checkCount: number): Promise<Series> {
	await prober.allUp(checkCount);
	const now = await prober.until(series => series.all('tailprobe_headscale_node_disagreement').length === 0);
	const later = await afterRuns(prober, now, 1);
	t.deepEqual(downBetween(now, later), []);
	t.deepEqual(later.all('tailprobe_check_down_since_timestamp_seconds'), []);
	return later;
}

const failures = 'tailprobe_check_failures_total';

/** Runs of a check so far, those with a verdict of up or down, and whether its state is one of these. */
interface Runs {
	all: number;
	judged: number;
	seen: boolean;
}

function runsByCheck(series: Series): Map<string, Runs> {
	const found = new Map<string, Runs>();
	for (const {labels, value} of series.all('tailprobe_check_runs_total')) {
		const {check = '', target = '', verdict} = labels;
		const seen = series.state(check, target) !== 'unknown';
		const {all, judged} = found.get(`${check} ${target}`) ?? {all: 0, judged: 0};
		const isJudged = verdict !== 'unknown';
		found.set(`${check} ${target}`, {all: all + value, judged: judged + (isJudged ? value : 0), seen});
	}
	return found;
}

function assertNotTooBusy(before: Series, after: Series): void {
	const grown = (name: string, isMeant: (labels: Readonly<Record<string, string>>) => boolean) =>
		sumOf(after, name, isMeant) - sumOf(before, name, isMeant);
	const runs = grown('tailprobe_check_runs_total', () => true);
	const spoiled = grown(failures, ({reason = ''}) => busy.includes(reason));
	if (spoiled > tolerated * runs)
		throw new Error(
			`This machine was too busy to prove anything: ${spoiled} of ${runs} runs were ${busy.join(' or ')}.`,
		);
}

function sumOf(series: Series, name: string, isMeant: (labels: Readonly<Record<string, string>>) => boolean): number {
	return series.all(name).reduce((sum, {labels, value}) => sum + (isMeant(labels) ? value : 0), 0);
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
