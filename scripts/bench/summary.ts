/** The tables of a run, as Markdown. */

import {median} from './statistics.ts';
import type {BenchResult, Comparison, LatencyFigures, ProberName, ScrapeFigures, WindowFigures} from './types.ts';
import {formatNumber, judge, nameOf, promisesOf} from './wanted.ts';

const proberNames: readonly ProberName[] = ['tailprobe', 'blackbox_exporter', 'cloudprober'];

/** Everything of a run that a reader may want. */
export function summarize(result: BenchResult): string {
	return [
		describeRun(result),
		'### Wanted, and what came',
		promiseTable(result),
		...(result.comparisons.length === 0 ? [] : ['### Side by side', comparisonNote(result), comparisonTable(result)]),
		...(result.sourceForm ? [describeSourceForm(result)] : []),
		...(result.scrapes && Object.keys(result.scrapes).length > 0
			? ['### While 50,000 series are scraped twice a second', scrapeTable(result.scrapes)]
			: []),
		...(result.startUp ? ['### Start to ready', describeStartUp(result.startUp)] : []),
		...(result.scale ? ['### 1,000 nodes × 5 checks every 30 s on one core', describeScale(result.scale)] : []),
		...(result.notRun.length > 0 ? ['### Not run', result.notRun.map(sentence => `- ${sentence}`).join('\n')] : []),
	].join('\n\n');
}

function describeRun(result: BenchResult): string {
	const {startedAt, seconds, machine, versions, rounds, form} = result;
	const {processor, processors, memoryGb, kernel, node} = machine;
	const peers = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
	const minutes = Math.max(1, Math.round(seconds / 60));
	return `One run of ${startedAt.slice(0, 10)} (${form} form, ${rounds} rounds, ${minutes} minutes): ${processors} × ${processor}, ${memoryGb.toFixed(0)} GB, Linux ${kernel}, Node ${node}, ${peers.join(', ')}.${describeOthers(result)}`;
}

/** How much else ran on the machine. */
function describeOthers({comparisons}: BenchResult): string {
	const others = comparisons.flatMap(({windows}) => Object.values(windows).flat()).map(({othersCpu}) => othersCpu);
	if (others.length === 0) return '';
	const told = ` Other work took ${overRounds(others)} processors' worth of the windows.`;
	return median(others) < busyFrom ? told : `${told} That is a busy machine: latencies and times are worth little.`;
}

/** Processors' worth of other work from which on a machine is no quiet one. */
const busyFrom = 0.1;

function promiseTable(result: BenchResult): string {
	const rows = promisesOf(result).map(promised => {
		const {what, wanted, came, unit, range} = promised;
		const value =
			came === undefined || Number.isNaN(came)
				? '–'
				: `${formatNumber(came)}${unit === '' ? '' : ` ${unit}`}${formatRange(range)}`;
		return [what, wanted, value, judge(promised)];
	});
	return table(['', 'wanted', 'came: median (range of the rounds)', ''], rows);
}

function comparisonNote({rounds}: BenchResult): string {
	return `Medians of ${rounds} rounds, ranges behind. CPU is of the prober's process alone. "Error" is what was reported for a run above the time that the server recorded for that very request (20 ms, from the whole request to the answer), milliseconds.`;
}

function comparisonTable({comparisons}: BenchResult): string {
	const head = [
		'targets',
		'prober',
		'CPU per probe, ms',
		'resident (anonymous), MB',
		'reported p50',
		'reported p99',
		'error p50',
		'error p99',
		'`processing` error p50 / p99',
		'left out as late',
	];
	return table(head, comparisons.flatMap(comparisonRows));
}

function comparisonRows({scheme, targets, intervalMs, windows}: Comparison): string[][] {
	const what = `${targets.toLocaleString('en-US')} ${nameOf(scheme)}, every ${intervalMs / 1000} s`;
	return proberNames.flatMap(name => {
		const rounds = windows[name];
		return rounds === undefined || rounds.length === 0 ? [] : [[what, name, ...windowCells(rounds)]];
	});
}

function windowCells(rounds: readonly WindowFigures[]): string[] {
	const latencies = rounds.flatMap(({latency}) => latency ?? []);
	const over = (of: (latency: LatencyFigures) => number | undefined) =>
		overRounds(latencies.flatMap(latency => of(latency) ?? []));
	const late = latencies.reduce((sum, each) => sum + each.late, 0);
	const all = latencies.reduce((sum, each) => sum + each.late + each.runs, 0);
	const processing = latencies.flatMap(({processingError}) => processingError ?? []);
	return [
		overRounds(rounds.map(({cpuMsPerProbe}) => cpuMsPerProbe)),
		`${formatNumber(median(rounds.map(({residentMb}) => residentMb)))} (${formatNumber(median(rounds.map(({anonymousMb}) => anonymousMb)))})`,
		over(({reported}) => reported.p50),
		over(({reported}) => reported.p99),
		over(({reportedError}) => reportedError.p50),
		over(({reportedError}) => reportedError.p99),
		processing.length === 0
			? '–'
			: `${formatNumber(median(processing.map(({p50}) => p50)))} / ${formatNumber(median(processing.map(({p99}) => p99)))}`,
		all === 0 ? '–' : `${formatNumber((100 * late) / all)} %`,
	];
}

function describeSourceForm({sourceForm, comparisons}: BenchResult): string {
	const {targets, window} = sourceForm ?? {};
	const compiled =
		comparisons.find(each => each.scheme === 'http' && each.targets === targets)?.windows.tailprobe ?? [];
	const {cpuMsPerProbe = Number.NaN, residentMb = Number.NaN, anonymousMb = Number.NaN} = window ?? {};
	const beside = formatNumber(median(compiled.map(each => each.residentMb)));
	return `tailprobe is the compiled form above, as an image ships it. From its source (\`npm run tailprobe\`) it has ${formatNumber(residentMb)} MB resident (${formatNumber(anonymousMb)} anonymous) instead of ${beside} with ${targets} targets, and ${formatNumber(cpuMsPerProbe)} ms per probe.`;
}

function scrapeTable(scrapes: Partial<Record<ProberName, ScrapeFigures>>): string {
	const head = [
		'prober',
		'series',
		'MB a scrape',
		'ms a scrape: p50 / most',
		'reported p50 / p99 before, ms',
		'reported p50 / p99 during, ms',
		'resident (anonymous), MB',
	];
	const latency = (figures: LatencyFigures | undefined) =>
		figures ? `${formatNumber(figures.reported.p50)} / ${formatNumber(figures.reported.p99)}` : '–';
	const rows = proberNames.flatMap(name => {
		const figures = scrapes[name];
		if (!figures) return [];
		return [
			[
				name,
				figures.series.toLocaleString('en-US'),
				formatNumber(figures.bytes / 1e6),
				`${formatNumber(figures.scrapeMs.p50)} / ${formatNumber(figures.scrapeMs.max)}`,
				latency(figures.before),
				latency(figures.during),
				`${formatNumber(figures.residentMb)} (${formatNumber(figures.anonymousMb)})`,
			],
		];
	});
	return table(head, rows);
}

function describeStartUp({nodes, compiledMs, sourceMs}: NonNullable<BenchResult['startUp']>): string {
	const seconds = (times: readonly number[]) => overRounds(times.map(ms => ms / 1000));
	return `From the start of the process to the first 200 of /-/ready, ${nodes} nodes with five checks each: ${seconds(compiledMs)} s compiled, ${seconds(sourceMs)} s from source (without npm, which adds its own third of a second).`;
}

function describeScale(scale: NonNullable<BenchResult['scale']>): string {
	const {nodes, checks, seconds, wantedRuns, runs, up, down, unknown, skipped, lateRuns} = scale;
	const rows: string[][] = [
		['runs', `${formatNumber(runs)} of ${formatNumber(wantedRuns)} in ${formatNumber(seconds)} s`],
		['verdicts', `${formatNumber(up)} up, ${formatNumber(down)} down, ${formatNumber(unknown)} unknown`],
		['slots skipped, runs spoiled by lateness', `${skipped}, ${lateRuns}`],
		['CPU', `${formatNumber(scale.cpuPercent)} % of the core, ${formatNumber(scale.cpuMsPerProbe)} ms per run`],
		['resident (anonymous)', `${formatNumber(scale.residentMb)} (${formatNumber(scale.anonymousMb)}) MB`],
		['series of checks, all samples', `${formatNumber(scale.series)}, ${formatNumber(scale.samples)}`],
		['a scrape', `${overRounds(scale.scrapeMs)} ms, ${formatNumber(scale.bytes / 1e6)} MB`],
		['worst lateness of the measuring thread', `${formatNumber(scale.latenessMs)} ms`],
	];
	return table([`${nodes.toLocaleString('en-US')} nodes, ${checks.toLocaleString('en-US')} checks`, ''], rows);
}

function overRounds(values: readonly number[]): string {
	if (values.length === 0) return '–';
	return `${formatNumber(median(values))}${formatRange([Math.min(...values), Math.max(...values)])}`;
}

function formatRange(range: readonly [number, number] | undefined): string {
	if (range === undefined || range[0] === range[1]) return '';
	return ` (${formatNumber(range[0])}–${formatNumber(range[1])})`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
	const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
	return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
