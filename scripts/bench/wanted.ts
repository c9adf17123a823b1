/** The numbers that tailprobe promises, held against what came. */

import {median} from './statistics.ts';
import type {BenchResult, Comparison, LatencyFigures, ProberName, Scheme, WindowFigures} from './types.ts';

/** A promise: at most so much. */
export interface Promised {
	what: string;
	/** The promise in words, such as `≤ 0.60 ms`. */
	wanted: string;
	limit: number;
	unit: string;
	/** undefined: it was not measured. */
	came: number | undefined;
	/** Least and most over the rounds. */
	range?: readonly [number, number];
}

/** Every promise, in the order of the table. */
export function promisesOf(result: BenchResult): Promised[] {
	const plain = findCase(result, 'http', 200);
	const {scrapes, startUp, scale} = result;
	const ours = plain?.windows.tailprobe ?? [];
	const latencies = ours.flatMap(({latency}) => latency ?? []);
	return [
		atMost(
			'CPU per probe, 200 targets over HTTP',
			0.6,
			'ms',
			overRounds(ours, window => window.cpuMsPerProbe),
		),
		atMost('the same, as a ratio to cloudprober', 0.9, '×', ratioTo('cloudprober', plain)),
		atMost('the same, as a ratio to blackbox_exporter', 0.4, '×', ratioTo('blackbox_exporter', plain)),
		atMost(
			'resident memory, 200 targets',
			140,
			'MB',
			overRounds(ours, window => window.residentMb),
		),
		atMost('resident memory at 50,000 series (1,000 nodes × 5 checks)', 260, 'MB', single(scale?.residentMb)),
		atMost(
			'resident memory at 50,000 series, scraped twice a second',
			260,
			'MB',
			single(scrapes?.tailprobe?.residentMb),
		),
		atMost(
			'`processing` against the server’s clock, p50',
			0.5,
			'ms',
			overRounds(latencies, ({processingError}) => Math.abs(processingError?.p50 ?? Number.NaN)),
		),
		atMost('whole run against it, p50', 0.8, 'ms', overRounds(latencies, runError('p50'))),
		atMost('whole run against it, p99', 2, 'ms', overRounds(latencies, runError('p99'))),
		...result.comparisons.map(worstLatency),
		atMost(
			'start to ready with 100 nodes',
			3,
			's',
			overRounds(startUp?.compiledMs ?? [], ms => ms / 1000),
		),
		atMost('1,000 nodes × 5 checks on one core: runs that were missed', 0.1, '%', single(missedPercent(scale))),
		atMost('the same: runs spoiled by own lateness', 0.1, '%', single(scale && (100 * scale.lateRuns) / scale.runs)),
		atMost('the same: series of checks', 50_000, '', single(scale?.series)),
		atMost(
			'the same: a scrape',
			250,
			'ms',
			overRounds(scale?.scrapeMs ?? [], ms => ms),
		),
		atMost(
			'p99 of 200 targets during scrapes of 50,000 series, above that before',
			2,
			'ms',
			single(addedByScrapes(result)),
		),
	];
}

/** `met`, `missed by 12 %`, or that it was not measured. */
export function judge({came, limit}: Promised): string {
	if (came === undefined || Number.isNaN(came) || Number.isNaN(limit)) return 'not measured';
	if (came <= limit) return 'met';
	return `missed by ${Math.ceil((came / limit - 1) * 100)} %`;
}

/** A number as it stands in a table: as many digits as mean something. */
export function formatNumber(value: number): string {
	if (Number.isNaN(value)) return '–';
	const size = Math.abs(value);
	if (Number.isInteger(value)) return value.toLocaleString('en-US');
	return size >= 1000 ? Math.round(value).toLocaleString('en-US') : value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2);
}

export function findCase(result: BenchResult, scheme: Scheme, targets: number): Comparison | undefined {
	return result.comparisons.find(each => each.scheme === scheme && each.targets === targets);
}

/** Median of CPU per probe over the rounds, ours by that of the peer; the range is that of the rounds, each by itself. */
export function ratioTo(peer: ProberName, comparison: Comparison | undefined): Measured | undefined {
	const ours = comparison?.windows.tailprobe ?? [];
	const theirs = comparison?.windows[peer] ?? [];
	if (ours.length === 0 || theirs.length === 0) return undefined;
	const cpu = (window: WindowFigures | undefined) => window?.cpuMsPerProbe ?? Number.NaN;
	const ratios = ours.map((window, round) => cpu(window) / cpu(theirs[round]));
	return {value: median(ours.map(cpu)) / median(theirs.map(cpu)), range: rangeOf(ratios)};
}

interface Measured {
	value: number;
	range?: readonly [number, number];
}

function atMost(what: string, limit: number, unit: string, measured: Measured | undefined): Promised {
	return {
		what,
		wanted: `≤ ${formatNumber(limit)}${unit === '×' ? ' ×' : unit === '' ? '' : ` ${unit}`}`,
		limit,
		unit,
		came: measured?.value,
		...(measured?.range === undefined ? {} : {range: measured.range}),
	};
}

/** Never worse than blackbox_exporter. */
function worstLatency(comparison: Comparison): Promised {
	const p99 = (name: ProberName) =>
		overRounds(
			(comparison.windows[name] ?? []).flatMap(({latency}) => latency ?? []),
			({reported}) => reported.p99,
		);
	const peer = p99('blackbox_exporter')?.value ?? Number.NaN;
	const what = `reported p99, ${comparison.targets.toLocaleString('en-US')} targets over ${nameOf(comparison.scheme)}`;
	return {...atMost(what, peer, 'ms', p99('tailprobe')), wanted: `≤ blackbox_exporter’s ${formatNumber(peer)} ms`};
}

export function nameOf(scheme: Scheme): string {
	return scheme === 'http' ? 'HTTP' : 'HTTPS';
}

function overRounds<T>(rounds: readonly T[], of: (round: T) => number): Measured | undefined {
	if (rounds.length === 0) return undefined;
	const values = rounds.map(of);
	return {value: median(values), range: rangeOf(values)};
}

function single(value: number | undefined): Measured | undefined {
	return value === undefined ? undefined : {value};
}

function rangeOf(values: readonly number[]): readonly [number, number] {
	return [Math.min(...values), Math.max(...values)];
}

function runError(which: 'p50' | 'p99'): (latency: LatencyFigures) => number {
	return ({runError}) => Math.abs(runError?.[which] ?? Number.NaN);
}

function missedPercent(scale: BenchResult['scale']): number | undefined {
	return scale && Math.max(0, 100 * (1 - scale.runs / scale.wantedRuns));
}

function addedByScrapes({scrapes}: BenchResult): number | undefined {
	const ours = scrapes?.tailprobe;
	return ours?.before && Math.max(0, ours.during.reported.p99 - ours.before.reported.p99);
}
