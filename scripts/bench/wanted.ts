/** The numbers that tailprobe promises, held against what came. */

import {median} from './statistics.ts';
import type {BenchResult, Comparison, Contender, LatencyFigures, ProberName, Scheme, WindowFigures} from './types.ts';

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
	const {scrapes, startUp, scale, agents} = result;
	const ours = soundWindows(plain, 'tailprobe');
	const latencies = soundLatencies(plain, 'tailprobe');
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
		atMost(
			`resident memory after all rounds of them${afterRounds(plain)}`,
			140,
			'MB',
			single(plain?.afterwards?.residentMb),
		),
		atMost('resident memory at 50,000 series (1,000 nodes × 5 checks)', 260, 'MB', single(scale?.residentMb)),
		atMost('resident memory at 50,000 series, scraped twice a second', 260, 'MB', single(scrapes?.residentMb)),
		atMost(
			'`processing` against the server’s clock, p50',
			0.5,
			'ms',
			overRounds(latencies, ({processingError}) => processingError?.p50 ?? Number.NaN),
		),
		atMost('whole run against it, p50', 0.8, 'ms', overRounds(latencies, wholeError('p50'))),
		atMost('whole run against it, p99', 2, 'ms', overRounds(latencies, wholeError('p99'))),
		...result.comparisons.flatMap(comparison => [
			worstLatency(comparison, 'whole', 'whole run'),
			worstLatency(comparison, 'phases', 'phases together'),
		]),
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
		atMost('CPU of the daemon, 100 agents with 10 checks every 15 s', 10, '%', single(agents?.daemon.cpuPercent)),
		atMost('the same: its resident memory', 140, 'MB', single(agents?.daemon.residentMb)),
		atMost('the same: outcomes that were missed', 0.1, '%', single(missedOfAgents(agents))),
		atMost('CPU of one agent, 10 checks every 15 s', 1, '%', single(agents?.one.cpuPercent)),
		atMost('the same: its anonymous memory', 60, 'MB', single(agents?.one.anonymousMb)),
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

/** Windows in which the work was done. */
export function soundWindows(comparison: Comparison | undefined, name: Contender): WindowFigures[] {
	return (comparison?.windows[name] ?? []).filter(({thrownFor}) => thrownFor === undefined);
}

/** Latencies of those in which the record server was in time, too. */
export function soundLatencies(comparison: Comparison | undefined, name: Contender): LatencyFigures[] {
	return soundWindows(comparison, name)
		.filter(({latencyThrownFor}) => latencyThrownFor === undefined)
		.flatMap(({latency}) => latency ?? []);
}

/** CPU per probe, ours by that of the peer: the median of the ratios of the two windows of each round, which are neighbours. */
export function ratioTo(peer: ProberName, comparison: Comparison | undefined): Measured | undefined {
	const theirs = comparison?.windows[peer] ?? [];
	const ratios = (comparison?.windows.tailprobe ?? []).flatMap((ours, round) => {
		const other = theirs[round];
		if (other === undefined || ours.thrownFor !== undefined || other.thrownFor !== undefined) return [];
		return [ours.cpuMsPerProbe / other.cpuMsPerProbe];
	});
	return overRounds(ratios, ratio => ratio);
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

/** Never worse than blackbox_exporter: like with like, and runs that were late are among ours. */
function worstLatency(comparison: Comparison, which: 'whole' | 'phases', words: string): Promised {
	const p99 = (name: ProberName) =>
		overRounds(
			soundLatencies(comparison, name).flatMap(latency => latency[which] ?? []),
			({p99}) => p99,
		);
	const peer = p99('blackbox_exporter')?.value ?? Number.NaN;
	const rate = `${comparison.targets.toLocaleString('en-US')} targets every ${comparison.intervalMs / 1000} s`;
	const what = `${words}, p99, ${rate} over ${nameOf(comparison.scheme)}`;
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

function wholeError(which: 'p50' | 'p99'): (latency: LatencyFigures) => number {
	return ({wholeError}) => wholeError?.[which] ?? Number.NaN;
}

function afterRounds(comparison: Comparison | undefined): string {
	const {minutes, runs} = comparison?.afterwards ?? {};
	return minutes === undefined || runs === undefined
		? ''
		: ` (${formatNumber(runs)} runs in ${formatNumber(minutes)} minutes, with pauses)`;
}

function missedPercent(scale: BenchResult['scale']): number | undefined {
	return scale && Math.max(0, 100 * (1 - scale.runs / scale.wantedRuns));
}

function missedOfAgents(agents: BenchResult['agents']): number | undefined {
	return agents && Math.max(0, 100 * (1 - agents.daemon.runs / agents.daemon.wantedRuns));
}

function addedByScrapes({scrapes}: BenchResult): number | undefined {
	const {before, during} = scrapes ?? {};
	return before?.whole && during?.whole && Math.max(0, during.whole.p99 - before.whole.p99);
}
