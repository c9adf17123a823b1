import test from 'ava';
import {brokenRatios, ratioCount} from '../../../scripts/bench/guard.ts';
import {partNames} from '../../../scripts/bench/options.ts';
import {refuseForPage, withTables} from '../../../scripts/bench/page.ts';
import {summarize} from '../../../scripts/bench/summary.ts';
import type {BenchResult, Scheme, WindowFigures} from '../../../scripts/bench/types.ts';
import {formatNumber, judge, promisesOf} from '../../../scripts/bench/wanted.ts';
import {faultsOf} from '../../../scripts/bench/window.ts';

const flat = (value: number) => ({p50: value, p99: value, mean: value});

function aWindow(
	cpuMsPerProbe: number,
	over: {p99?: number; anonymousMb?: number; runP99?: number; othersCpu?: number} = {},
): WindowFigures {
	return {
		seconds: 8,
		wanted: 1600,
		asked: 1600,
		succeeded: 1600,
		serverDelayMs: 0.4,
		cpuMsPerProbe,
		othersCpu: over.othersCpu ?? 0.01,
		residentMb: 120,
		anonymousMb: over.anonymousMb ?? 30,
		latency: {
			runs: 1600,
			late: 0,
			served: flat(20),
			reported: {p50: 20.5, p99: over.p99 ?? 22, mean: 20.6},
			whole: {p50: 20.6, p99: over.p99 ?? 22, mean: 20.7},
			wholeError: {p50: 0.6, p99: over.runP99 ?? 1.5, mean: 0.7},
			phases: {p50: 20.5, p99: over.p99 ?? 22, mean: 20.6},
			processingError: flat(0.2),
		},
	};
}

function aResult(ours: readonly WindowFigures[] = [aWindow(0.5), aWindow(0.4), aWindow(0.6)]): BenchResult {
	const comparison = (scheme: Scheme) => ({
		scheme,
		targets: 200,
		intervalMs: 1000,
		windows: {
			tailprobe: [...ours],
			blackbox_exporter: [1.4, 1.5, 1.6].map(cpu => aWindow(cpu, {p99: 24})),
			cloudprober: [0.7, 0.6, 0.8].map(cpu => aWindow(cpu)),
		},
	});
	const latency = aWindow(0).latency as NonNullable<WindowFigures['latency']>;
	return {
		startedAt: '2026-01-02T03:04:05.000Z',
		seconds: 600,
		form: 'short',
		rounds: 3,
		parts: [...partNames],
		versions: {blackbox_exporter: '0.28.0', cloudprober: '0.14.4'},
		machine: {processor: 'A processor', processors: 2, memoryGb: 24, kernel: '6.1', node: 'v26.0.0'},
		comparisons: [comparison('http'), comparison('https')],
		scrapes: {
			series: 51_000,
			bytes: 5e6,
			scrapes: 20,
			scrapeMs: {...flat(100), max: 120},
			before: latency,
			during: latency,
			residentMb: 250,
			anonymousMb: 200,
			latenessMs: 1,
		},
		agents: {
			agents: 100,
			checksEach: 10,
			intervalMs: 15_000,
			before: {residentMb: 120, anonymousMb: 60},
			daemon: {
				seconds: 60,
				wantedRuns: 4000,
				runs: 3990,
				up: 3980,
				unknown: 10,
				answers: 800,
				cpuPercent: 2.5,
				residentMb: 130,
				anonymousMb: 70,
				samples: 17_000,
			},
			one: {
				seconds: 60,
				wantedRuns: 40,
				up: 40,
				down: 0,
				unknown: 0,
				cpuPercent: 0.4,
				residentMb: 100,
				anonymousMb: 43,
				startMs: [120, 130],
			},
		},
		notRun: ['A sentence.'],
	};
}

function promise(result: BenchResult, what: string) {
	const found = promisesOf(result).find(each => each.what.startsWith(what));
	if (!found) throw new Error(`no promise ${what}`);
	return found;
}

test('a ratio is the median of the ratios of neighbouring windows', t => {
	const result = aResult([aWindow(0.4), aWindow(0.6), aWindow(0.5)]);

	const {came, range} = promise(result, 'the same, as a ratio to cloudprober');

	// Not 0.5 by 0.7, the medians.
	t.is(came?.toFixed(3), '0.625');
	t.deepEqual(
		range?.map(value => value.toFixed(2)),
		['0.57', '1.00'],
	);
});

test('a promise is met, missed by so much, or not measured', t => {
	const result = aResult([aWindow(0.9, {p99: 30})]);

	t.is(judge(promise(aResult(), 'CPU per probe')), 'met');
	t.is(judge(promise(result, 'CPU per probe')), 'missed by 50 %');
	t.is(judge(promise(result, 'whole run, p99')), 'missed by 25 %');
	t.is(judge(promise(result, 'start to ready')), 'not measured');
});

test('the p99 of tailprobe is held against that of blackbox_exporter in the same case', t => {
	t.is(promise(aResult(), 'whole run, p99').limit, 24);
	t.is(judge(promise(aResult(), 'whole run, p99')), 'met');
});

test('outcomes of agents that were missed are a share of those that the interval asks for', t => {
	const missed = promisesOf(aResult()).find(({what}) => what === 'the same: outcomes that were missed');

	t.is(missed?.came?.toFixed(2), '0.25');
});

test('the summary has the tables, and what could not be run', t => {
	const text = summarize(aResult());

	t.regex(text, /\| CPU per probe, 200 targets over HTTP \| ≤ 0\.60 ms \| 0\.50 ms \(0\.40–0\.60\) \| met \|/);
	t.regex(text, /\| 200 HTTPS, every 1 s \| cloudprober \| 4,800 \/ 4,800 \/ 4,800 \| 0\.70 \(0\.60–0\.80\)/);
	t.regex(text, /\| CPU of one agent, 10 checks every 15 s \| ≤ 1 % \| 0\.40 % \| met \|/);
	t.regex(text, /### Agents\n[\s\S]*\| outcomes \| 3,990 of 4,000 in 60 s \|/);
	t.regex(text, /### Not run\n\n- A sentence\./);
	t.notRegex(text, /NaN|undefined/);
	t.notRegex(text, /busy/);
	t.regex(summarize(aResult([aWindow(0.5), ...Array(9).fill(aWindow(0.5, {othersCpu: 0.5}))])), /busy/);
});

test('a prober that was not there leaves no row, and its ratios are not measured', t => {
	const result = aResult();
	for (const {windows} of result.comparisons) delete windows.cloudprober;

	t.notRegex(summarize(result), /\| cloudprober \|/);
	t.is(judge(promise(result, 'the same, as a ratio to cloudprober')), 'not measured');
});

test('the guard is silent while ratios hold, and says which one is broken', t => {
	t.deepEqual(brokenRatios(aResult()), []);
	t.is(ratioCount(aResult()), 7);

	const [sentence, ...more] = brokenRatios(aResult([aWindow(1.4)])).filter(each => /HTTP,/.test(each));

	t.is(sentence, 'CPU per probe over HTTP, tailprobe by cloudprober: 2, at most 1.35 was wanted.');
	t.is(more.length, 1);
});

test('the guard does not pass what it could not measure', t => {
	const result = aResult();
	for (const {windows} of result.comparisons) delete windows.blackbox_exporter;
	delete result.scrapes;

	t.is(brokenRatios(result).filter(sentence => sentence.endsWith('could not be measured.')).length, 3);
});

test('the tables take the place of those of an earlier run, and what is written by hand stays', t => {
	const page = '# Performance\n\nBy hand.\n\n<!-- Written from here on by `npm run bench -- --write`. -->\n\nold\n';

	const written = withTables(page, aResult());

	t.regex(written, /^# Performance\n\nBy hand\.\n\n<!--/);
	t.notRegex(written, /old/);
	t.is(withTables(written, aResult()), written);
	t.throws(() => withTables('# Performance\n', aResult()), {message: /no line/});
});

test('a window in which the work was not done moves no figure, and is told', t => {
	const result = aResult([aWindow(0.5), {...aWindow(0.1), asked: 900, succeeded: 900, thrownFor: 'little'}]);

	t.is(promise(result, 'CPU per probe').came, 0.5);
	t.regex(summarize(result), /tailprobe \| 3,200 \/ 2,500 \/ 2,500 \| 0\.50 \| .* \| 1, 0 of 2 \|/);
	t.regex(summarize(aResult([{...aWindow(0.1), thrownFor: 'little'}])), /\| could not \|/);
});

test('less than 99 % of the work, or a server that was late, is a fault', t => {
	const sound = {wanted: 1000, asked: 1001, succeeded: 995, serverDelayMs: 1.9};

	t.deepEqual(faultsOf(sound), {});
	t.regex(faultsOf({...sound, succeeded: 989}).thrownFor ?? '', /989 succeeded/);
	t.regex(faultsOf({...sound, serverDelayMs: 2.1}).latencyThrownFor ?? '', /2\.1 ms late/);
});

test('only the whole default form on a quiet machine is written into the page', t => {
	const busy = {...aResult([aWindow(0.5, {othersCpu: 0.5})]), form: 'default' as const};
	for (const {windows} of busy.comparisons) delete windows.blackbox_exporter;
	for (const {windows} of busy.comparisons) delete windows.cloudprober;

	t.throws(() => refuseForPage(aResult(), true), {message: /default form/});
	t.throws(() => refuseForPage({...busy, parts: ['compare']}, true), {message: /default form/});
	t.throws(() => refuseForPage(busy, false), {message: /quiet machine.*0\.50/s});
	t.notThrows(() => refuseForPage(busy, true));
	t.notThrows(() => refuseForPage({...aResult(), form: 'default'}, false));
});

test('numbers have as many digits as mean something', t => {
	t.deepEqual([0.4567, 12.345, 123.4, 12_345.6, 0, 5000, Number.NaN].map(formatNumber), [
		'0.46',
		'12.3',
		'123',
		'12,346',
		'0',
		'5,000',
		'–',
	]);
});
