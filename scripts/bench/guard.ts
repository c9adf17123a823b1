/** The short form's guard against regressions: ratios of one run, never times, so that it holds on any machine. */

import {median} from './statistics.ts';
import type {BenchResult, Comparison, Scheme} from './types.ts';
import {findCase, formatNumber, nameOf, ratioTo, soundWindows} from './wanted.ts';

/** A ratio that must not grow beyond its limit. */
interface Ratio {
	what: string;
	limit: number;
	came: number | undefined;
}

/** A sentence for each ratio that is broken, or could not be had; none when all hold. */
export function brokenRatios(result: BenchResult): string[] {
	return ratiosOf(result).flatMap(({what, limit, came}) => {
		if (came === undefined || Number.isNaN(came)) return [`${what}: could not be measured.`];
		return came <= limit ? [] : [`${what}: ${formatNumber(came)}, at most ${formatNumber(limit)} was wanted.`];
	});
}

/** How many ratios the guard holds for this result. */
export function ratioCount(result: BenchResult): number {
	return ratiosOf(result).length;
}

/** A third to a half above what five short rounds of a quiet machine came to (0.90, 0.67, 1.34, 0.93): they scatter by a fifth. */
function ratiosOf(result: BenchResult): Ratio[] {
	const cpu = (scheme: Scheme, peer: 'cloudprober' | 'blackbox_exporter', limit: number): Ratio => ({
		what: `CPU per probe over ${nameOf(scheme)}, tailprobe by ${peer}`,
		limit,
		came: ratioTo(peer, findCase(result, scheme, 200))?.value,
	});
	const plain = findCase(result, 'http', 200);
	return [
		cpu('http', 'cloudprober', 1.35),
		cpu('http', 'blackbox_exporter', 0.9),
		cpu('https', 'cloudprober', 1.8),
		cpu('https', 'blackbox_exporter', 1.25),
		{
			what: 'anonymous memory with 200 targets, tailprobe by cloudprober',
			limit: 4,
			came: memoryRatio(plain),
		},
		{
			what: 'p50 of the whole run over HTTP, tailprobe by blackbox_exporter',
			limit: 1.05,
			came: latencyRatio(plain),
		},
		// Where that part was asked for: the short form leaves it out.
		...(result.scrapes === undefined
			? []
			: [
					{
						what: 'p50 of the whole run while 50,000 series are scraped, by that before',
						limit: 1.15,
						came: scrapeRatio(result),
					},
				]),
	];
}

function memoryRatio(comparison: Comparison | undefined): number | undefined {
	const anonymous = (name: 'tailprobe' | 'cloudprober') =>
		median(soundWindows(comparison, name).map(({anonymousMb}) => anonymousMb));
	return anonymous('tailprobe') / anonymous('cloudprober');
}

/** Those of a record server that was late too: a median bears it, and both had the same. */
function latencyRatio(comparison: Comparison | undefined): number | undefined {
	const p50 = (name: 'tailprobe' | 'blackbox_exporter') =>
		median(soundWindows(comparison, name).flatMap(({latency}) => latency?.whole?.p50 ?? []));
	return p50('tailprobe') / p50('blackbox_exporter');
}

function scrapeRatio({scrapes}: BenchResult): number | undefined {
	const {before, during} = scrapes ?? {};
	return before?.whole && during?.whole && during.whole.p50 / before.whole.p50;
}
