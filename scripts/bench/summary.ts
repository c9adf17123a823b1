/** The tables of a run, as Markdown. */

import {median} from './statistics.ts';
import type {
	BenchResult,
	Comparison,
	Contender,
	LatencyFigures,
	ScrapeFigures,
	Spread,
	WindowFigures,
} from './types.ts';
import {formatNumber, judge, nameOf, promisesOf, soundLatencies, soundWindows} from './wanted.ts';

const contenders: readonly Contender[] = [
	'tailprobe',
	'tailprobe, from source',
	'tailprobe, all processors',
	'blackbox_exporter',
	'cloudprober',
];

/** Everything of a run that a reader may want. */
export function summarize(result: BenchResult): string {
	return [
		describeRun(result),
		'### Wanted, and what came',
		promiseTable(result),
		...(result.comparisons.length === 0
			? []
			: ['### Side by side', comparisonNote(result), workTable(result), latencyTable(result)]),
		...(result.scrapes ? ['### While 50,000 series are scraped twice a second', scrapeTable(result.scrapes)] : []),
		...(result.startUp ? ['### Start to ready', describeStartUp(result.startUp)] : []),
		...(result.scale ? ['### 1,000 nodes × 5 checks every 30 s on one core', describeScale(result.scale)] : []),
		...(result.agents ? ['### Agents', describeAgents(result.agents)] : []),
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
	return median(others) <= busyFrom ? told : `${told} That is a busy machine: latencies and times are worth little.`;
}

/** Processors' worth of other work from which on a machine is no quiet one. */
export const busyFrom = 0.15;

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

function comparisonNote({rounds, comparisons}: BenchResult): string {
	const windows = comparisons.flatMap(each => Object.values(each.windows).flat());
	const delays = windows.map(({serverDelayMs}) => serverDelayMs);
	return `Medians of at most ${rounds} rounds, ranges behind. "tailprobe" is the compiled form, as the container image of a later release will ship it; "from source" is what \`npm run tailprobe serve\` runs today (type stripping, compile cache). Both have \`--max-semi-space-size=2\` and \`MALLOC_ARENA_MAX=2\`. Each prober has one processor, but for "all processors". CPU is of the prober's process alone. The record server's own lateness, p99 of a window: ${overRounds(delays)} ms.`;
}

function workTable({comparisons}: BenchResult): string {
	const head = [
		'targets',
		'prober',
		'wanted / asked / succeeded',
		'CPU per probe, ms',
		'resident (anonymous), MB',
		'windows thrown away: work, latency',
	];
	return table(
		head,
		comparisons.flatMap(comparison => rowsOf(comparison, workCells)),
	);
}

function workCells(comparison: Comparison, name: Contender): string[] {
	const all = comparison.windows[name] ?? [];
	const sound = soundWindows(comparison, name);
	const sum = (of: (window: WindowFigures) => number) => formatNumber(all.map(of).reduce((a, b) => a + b, 0));
	const middle = (of: (window: WindowFigures) => number) => formatNumber(median(sound.map(of)));
	const late = sound.filter(({latencyThrownFor}) => latencyThrownFor !== undefined).length;
	return [
		`${sum(each => each.wanted)} / ${sum(each => each.asked)} / ${sum(each => each.succeeded)}`,
		...(sound.length === 0
			? ['could not', 'could not']
			: [
					overRounds(sound.map(({cpuMsPerProbe}) => cpuMsPerProbe)),
					`${middle(each => each.residentMb)} (${middle(each => each.anonymousMb)})`,
				]),
		`${all.length - sound.length}, ${late} of ${all.length}`,
	];
}

function latencyTable({comparisons}: BenchResult): string {
	const head = [
		'targets',
		'prober',
		'whole run, ms: p50',
		'p99',
		'p99 without late runs',
		'late',
		'phases p50 / p99',
		'size of the error p50 / p99: whole run',
		'phases',
		'`processing`',
	];
	return table(
		head,
		comparisons.flatMap(comparison => rowsOf(comparison, latencyCells)),
	);
}

/** cloudprober tells one latency, that of its metric: it stands where the whole run of the others does. */
function latencyCells(comparison: Comparison, name: Contender): string[] {
	const latencies = soundLatencies(comparison, name);
	const whole = latencies.map(each => each.whole ?? each.reported);
	const runs = latencies.reduce((sum, each) => sum + each.runs, 0);
	const late = latencies.reduce((sum, each) => sum + each.late, 0);
	const both = (of: (latency: LatencyFigures) => Spread | undefined) =>
		p50AndP99(latencies.flatMap(each => of(each) ?? []));
	return [
		overRounds(whole.map(({p50}) => p50)),
		overRounds(whole.map(({p99}) => p99)),
		overRounds(latencies.flatMap(({wholeWithoutLate}) => wholeWithoutLate?.p99 ?? [])),
		runs === 0 ? '–' : `${formatNumber((100 * late) / runs)} %`,
		both(each => each.phases),
		both(each => each.wholeError),
		both(each => each.phasesError),
		both(each => each.processingError),
	];
}

function p50AndP99(spreads: readonly Spread[]): string {
	if (spreads.length === 0) return '–';
	return `${formatNumber(median(spreads.map(({p50}) => p50)))} / ${formatNumber(median(spreads.map(({p99}) => p99)))}`;
}

function rowsOf(comparison: Comparison, cells: (comparison: Comparison, name: Contender) => string[]): string[][] {
	const {scheme, targets, intervalMs, windows} = comparison;
	const what = `${targets.toLocaleString('en-US')} ${nameOf(scheme)}, every ${intervalMs / 1000} s`;
	return contenders.flatMap(name => (windows[name]?.length ? [[what, name, ...cells(comparison, name)]] : []));
}

function scrapeTable({series, bytes, scrapeMs, before, during, residentMb, anonymousMb}: ScrapeFigures): string {
	const latency = ({whole}: LatencyFigures) => p50AndP99(whole ? [whole] : []);
	const late = ({late, runs}: LatencyFigures) => `${formatNumber((100 * late) / runs)} %`;
	return table(
		['tailprobe with 200 targets every 1 s, and 8,100 seldom', ''],
		[
			['series', series.toLocaleString('en-US')],
			[
				'a scrape',
				`${formatNumber(bytes / 1e6)} MB, p50 ${formatNumber(scrapeMs.p50)} ms, most ${formatNumber(scrapeMs.max)} ms`,
			],
			['whole run, p50 / p99 before, ms', `${latency(before)} (${late(before)} late)`],
			['whole run, p50 / p99 during, ms', `${latency(during)} (${late(during)} late)`],
			['resident (anonymous), MB', `${formatNumber(residentMb)} (${formatNumber(anonymousMb)})`],
		],
	);
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

function describeAgents({
	agents,
	checksEach,
	intervalMs,
	before,
	daemon,
	one,
}: NonNullable<BenchResult['agents']>): string {
	const every = `${checksEach} checks every ${intervalMs / 1000} s`;
	const ofDaemon = [
		[
			'outcomes',
			`${formatNumber(daemon.runs)} of ${formatNumber(daemon.wantedRuns)} in ${formatNumber(daemon.seconds)} s`,
		],
		['verdicts', `${formatNumber(daemon.up)} up, ${formatNumber(daemon.unknown)} unknown`],
		['answers of agents', `${formatNumber(daemon.answers / daemon.seconds)} a second`],
		['CPU', `${formatNumber(daemon.cpuPercent)} % of a core`],
		['resident (anonymous)', `${formatNumber(daemon.residentMb)} (${formatNumber(daemon.anonymousMb)}) MB`],
		['the same when it began', `${formatNumber(before.residentMb)} (${formatNumber(before.anonymousMb)}) MB`],
		['all samples of /metrics', formatNumber(daemon.samples)],
	];
	const ofOne = [
		[
			'runs',
			`${formatNumber(one.up)} up, ${formatNumber(one.down)} down, ${formatNumber(one.unknown)} unknown, of ${formatNumber(one.wantedRuns)} in ${formatNumber(one.seconds)} s`,
		],
		['CPU', `${formatNumber(one.cpuPercent)} % of a core`],
		[
			'resident (anonymous)',
			`${formatNumber(one.residentMb)} (${formatNumber(one.anonymousMb)}) MB, most of the rest is the file itself`,
		],
		['from its start to its first answer', `${overRounds(one.startMs)} ms`],
	];
	return [
		`The daemon, compiled, on one processor. The agents are ${agents} in one process that speak the agent's protocol and make their outcomes up; the one below is the packed file at work.`,
		table([`the daemon with ${agents} agents, ${every} each`, ''], ofDaemon),
		table([`one agent, ${every}`, ''], ofOne),
	].join('\n\n');
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
