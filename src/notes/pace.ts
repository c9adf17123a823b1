/** Whether a check that is up is slow: against what was promised, and against what it usually takes. Pure. */

import {latencySeconds} from '../engine/latency.ts';
import type {CheckView, Outcome} from '../server/types.ts';
import {formatLatency} from '../util/readable.ts';

/** Slower than usual means so many times as long, and by so much; by less where only a round trip is measured, and no work of a server. */
const oddFactor = 5;
const oddSeconds = 0.05;
const oddRoundTripSeconds = 0.01;
/** With fewer earlier runs, or minutes, nobody can say what is usual. */
const leastSamples = 5;
/** The newest runs (and minutes) are judged, not part of what is usual; all of these runs must be slow. */
const judged = 2;

const hasRoundTrip = new Set(['tunnel', 'icmp', 'stun']);

/** Whether it can be slow at all, so that its outcomes are worth unpacking. */
export function mayBeSlow({check}: CheckView, last: Outcome): boolean {
	if (last.late) return true;
	const seconds = latencySeconds(check, last);
	return seconds !== undefined && (seconds > leastOdd(check) || seconds * 1000 > (check.objectiveMs ?? Infinity));
}

/** One sentence when the newest run whose times are true was slow. `recent`: newest first. */
export function describePace(view: CheckView, recent: readonly Outcome[]): string | undefined {
	const {check} = view;
	const timed = recent.filter(outcome => latencySeconds(check, outcome) !== undefined);
	const [newest] = timed;
	const seconds = latencySeconds(check, newest);
	if (!newest || seconds === undefined) return undefined;
	const usual = usualSeconds(view, timed);
	const news = latencies(view, timed.slice(0, judged));
	const odd = usual !== undefined && news.length === judged && news.every(each => isOdd(view, each, usual));
	const beyond = check.objectiveMs !== undefined && seconds * 1000 > check.objectiveMs;
	if (!odd && !beyond) return undefined;
	return `${[
		`${hasRoundTrip.has(check.type) ? 'The round trip takes' : 'Took'} ${formatLatency(seconds)}`,
		beyond ? `beyond the objective of ${formatLatency((check.objectiveMs ?? 0) / 1000)}` : undefined,
		odd ? `usually ${formatLatency(usual)}` : undefined,
		describeLongestPhase(newest, seconds),
	]
		.filter(part => part !== undefined)
		.join(', ')}.`;
}

/** The phase that took most of the run, when one did. */
export function longestPhase(outcome: Outcome): [name: string, seconds: number] | undefined {
	const phases = Object.entries(outcome.reading?.phases ?? {});
	const longest = phases.toSorted(([, one], [, other]) => other - one)[0];
	return longest && longest[1] * 1000 > outcome.durationMs / 2 ? longest : undefined;
}

function describeLongestPhase(outcome: Outcome, seconds: number): string | undefined {
	const longest = longestPhase(outcome);
	// Rounding must not make a part of the run seem longer than the run.
	return longest && `${formatLatency(Math.min(longest[1], seconds))} of it in the phase ${longest[0]}`;
}

/** Whether that is far more than such a check usually takes. */
export function isOdd({check}: CheckView, seconds: number, usual: number): boolean {
	return seconds > usual * oddFactor && seconds > usual + leastOdd(check);
}

function leastOdd({type}: CheckView['check']): number {
	return hasRoundTrip.has(type) ? oddRoundTripSeconds : oddSeconds;
}

/** The lower of two medians: of the earlier runs, and of the slowest run of each minute. A fault that lasts does not become usual at once. */
function usualSeconds(view: CheckView, timed: readonly Outcome[]): number | undefined {
	const runs = median(latencies(view, timed.slice(judged)));
	const minutes = usualOfMinutes(view);
	if (runs === undefined || minutes === undefined) return runs ?? minutes;
	return Math.min(runs, minutes);
}

/** The middle of the slowest runs of each minute of the last hour but the newest; undefined with too few of them. */
export function usualOfMinutes({strip}: CheckView): number | undefined {
	return median(strip.slice(0, -judged).flatMap(bucket => bucket?.worstSeconds ?? []));
}

function latencies({check}: CheckView, outcomes: readonly Outcome[]): number[] {
	return outcomes.flatMap(outcome => latencySeconds(check, outcome) ?? []);
}

function median(numbers: readonly number[]): number | undefined {
	if (numbers.length < leastSamples) return undefined;
	return numbers.toSorted((one, other) => one - other)[numbers.length >> 1];
}
