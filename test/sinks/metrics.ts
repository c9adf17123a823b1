import test from 'ava';
import type {Check, Outcome} from '../../src/engine/types.ts';
import {createExposition, type Exposition} from '../../src/metrics/exposition.ts';
import {checkLabels} from '../../src/metrics/types.ts';
import type {Probe} from '../../src/probes/types.ts';
import {createMetricsSink} from '../../src/sinks/metrics.ts';
import {aCheck, anOutcome, aProbe, aReading} from '../helpers/checks.ts';
import {fakeClock} from '../helpers/fake-clock.ts';

const probe: Probe = aProbe({
	metrics: [
		{name: 'tailprobe_x_status_code', type: 'gauge', help: 'x', labels: checkLabels, from: {value: 'status_code'}},
		{
			name: 'tailprobe_x_rtt_seconds',
			type: 'gauge',
			help: 'x',
			labels: [...checkLabels, 'rung'],
			from: {values: {disco: 'disco_seconds', tsmp: 'tsmp_seconds'}},
		},
		{
			name: 'tailprobe_x_path',
			type: 'gauge',
			help: 'x',
			labels: [...checkLabels, 'path'],
			from: {fact: 'path', states: ['direct', 'derp']},
		},
		{
			name: 'tailprobe_x_path_changes_total',
			type: 'counter',
			help: 'x',
			labels: checkLabels,
			from: {changesOf: 'path'},
		},
		{
			name: 'tailprobe_x_rounds_total',
			type: 'counter',
			help: 'x',
			labels: ['check', 'type', 'vantage', 'within'],
			from: {countOf: 'within', states: ['true', 'false']},
			fromTimes: true,
		},
		{
			name: 'tailprobe_x_runs_total',
			type: 'counter',
			help: 'x',
			labels: ['check', 'type', 'vantage', 'connection'],
			from: {countOf: 'connection', states: ['opened', 'kept']},
		},
		{
			name: 'tailprobe_x_latency_seconds',
			type: 'histogram',
			help: 'x',
			labels: ['check', 'type', 'vantage', 'rung'],
			from: {values: {tsmp: 'tsmp_seconds'}},
		},
		{
			name: 'tailprobe_x_request_seconds',
			type: 'histogram',
			help: 'x',
			labels: ['check', 'type', 'vantage'],
			from: {value: 'request_seconds'},
		},
	],
});

function setUp(maxSeries = 1000) {
	const clock = fakeClock();
	const exposition = createExposition();
	const sink = createMetricsSink({exposition, clock, probes: [probe], maxSeries});
	return {clock, exposition, sink};
}

async function linesOf(exposition: Exposition, pattern: RegExp): Promise<string[]> {
	let text = '';
	for await (const chunk of exposition.render()) text += chunk;
	return text.split('\n').filter(line => !line.startsWith('#') && pattern.test(line));
}

/** `name{…the distinguishing labels only…} value` */
const short = (line: string) =>
	line
		.replace(/check="[^"]*",type="[^"]*",vantage="[^"]*",?/, '')
		.replace(/target="[^"]*",peer="[^"]*",?/, '')
		.replace('{}', '');

test('before its first run a check is unknown, its counters are zero, and no gauge pretends anything', async t => {
	const {exposition, sink} = setUp();

	sink.begin(aCheck());

	t.deepEqual((await linesOf(exposition, /tailprobe_(check|x)_/)).map(short), [
		'tailprobe_check_state{state="up"} 0',
		'tailprobe_check_state{state="down"} 0',
		'tailprobe_check_state{state="unknown"} 1',
		'tailprobe_check_runs_total{verdict="up"} 0',
		'tailprobe_check_runs_total{verdict="down"} 0',
		'tailprobe_check_runs_total{verdict="unknown"} 0',
		'tailprobe_x_path_changes_total 0',
		'tailprobe_x_rounds_total{within="true"} 0',
		'tailprobe_x_rounds_total{within="false"} 0',
		'tailprobe_x_runs_total{connection="opened"} 0',
		'tailprobe_x_runs_total{connection="kept"} 0',
	]);
});

test('a check carries the five labels of the contract and nothing else', async t => {
	const {exposition, sink} = setUp();

	sink.begin(aCheck());
	sink.accept(aCheck(), anOutcome());

	t.deepEqual(await linesOf(exposition, /^tailprobe_check_up/), [
		'tailprobe_check_up{check="orchestrator",type="http",vantage="cluster",target="june-orchestrator",peer="june-orchestrator"} 1',
	]);
});

test('exactly one state is 1, and up is absent while unknown', async t => {
	const {exposition, sink} = setUp();
	sink.begin(aCheck());

	sink.accept(aCheck(), anOutcome({verdict: 'down', reason: 'refused'}));
	const down = (await linesOf(exposition, /check_(state|up)/)).map(short);
	sink.accept(aCheck(), anOutcome({verdict: 'unknown', reason: 'vantage'}));
	const unknown = (await linesOf(exposition, /check_(state|up)/)).map(short);

	t.deepEqual(down, [
		'tailprobe_check_state{state="up"} 0',
		'tailprobe_check_state{state="down"} 1',
		'tailprobe_check_state{state="unknown"} 0',
		'tailprobe_check_up 0',
	]);
	t.deepEqual(unknown, [
		'tailprobe_check_state{state="up"} 0',
		'tailprobe_check_state{state="down"} 0',
		'tailprobe_check_state{state="unknown"} 1',
	]);
});

test('down since lasts from the first down over unknown runs until the next up', async t => {
	const {exposition, sink} = setUp();
	sink.begin(aCheck());
	const since = () => linesOf(exposition, /down_since/).then(lines => lines.map(short));

	sink.accept(aCheck(), anOutcome({verdict: 'down', reason: 'timeout', startedAt: 1000}));
	sink.accept(aCheck(), anOutcome({verdict: 'unknown', reason: 'vantage', startedAt: 2000}));
	sink.accept(aCheck(), anOutcome({verdict: 'down', reason: 'timeout', startedAt: 3000}));
	t.deepEqual(await since(), ['tailprobe_check_down_since_timestamp_seconds 1']);
	sink.accept(aCheck(), anOutcome({verdict: 'up', startedAt: 4000}));

	t.deepEqual(await since(), []);
});

test('rechecks are counted apart and move neither the verdict nor the ratios; ad hoc runs move nothing', async t => {
	const {exposition, sink} = setUp();
	const check = aCheck({recheckMs: 3000});
	sink.begin(check);
	sink.accept(check, anOutcome({verdict: 'down', reason: 'timeout'}));

	sink.accept(check, anOutcome({kind: 'recheck'}));
	sink.accept(check, anOutcome({kind: 'adhoc'}));

	t.deepEqual((await linesOf(exposition, /check_(up|runs|rechecks)/)).map(short), [
		'tailprobe_check_up 0',
		'tailprobe_check_runs_total{verdict="up"} 0',
		'tailprobe_check_runs_total{verdict="down"} 1',
		'tailprobe_check_runs_total{verdict="unknown"} 0',
		'tailprobe_check_rechecks_total 1',
	]);
});

test('failures are counted by reason, and histograms hold successes only', async t => {
	const {exposition, sink} = setUp();
	sink.begin(aCheck());

	sink.accept(aCheck(), anOutcome({verdict: 'down', reason: 'status', durationMs: 9000}));
	sink.accept(aCheck(), anOutcome({durationMs: 30}));

	t.deepEqual(
		(await linesOf(exposition, /failures|latency_seconds_(count|sum)/)).map(short),
		[
			'tailprobe_check_failures_total{reason="status"} 1',
			'tailprobe_check_latency_seconds_sum{target="",peer=""} 0.03'.replace('target="",peer=""', ''),
			'tailprobe_check_latency_seconds_count 1',
		].map(line => line.replace('{}', '')),
	);
});

test('phases are shown up to the one that failed, and times of a spoiled run stay out of every latency series', async t => {
	const {exposition, sink} = setUp();
	const check = aCheck({detail: 'full'});
	sink.begin(check);

	sink.accept(
		check,
		anOutcome({
			reading: aReading({
				phases: {resolve: 0.001, connect: 0.002, processing: 0.01, transfer: 0.001},
				values: {status_code: 200},
			}),
		}),
	);
	sink.accept(
		check,
		anOutcome({
			verdict: 'down',
			reason: 'refused',
			durationMs: 5,
			reading: aReading({ok: false, reason: 'refused', phases: {resolve: 0.003, connect: 0.004}}),
		}),
	);
	const failed = (await linesOf(exposition, /phase_seconds|duration_seconds|status_code/)).map(short);
	sink.accept(
		check,
		anOutcome({
			late: true,
			durationMs: 900,
			reading: aReading({phases: {resolve: 0.5, connect: 0.4}, values: {status_code: 204, disco_seconds: 1}}),
		}),
	);
	const late = (await linesOf(exposition, /phase_seconds|duration_seconds|status_code|rtt|latency_seconds_count/)).map(
		short,
	);

	t.deepEqual(failed, [
		'tailprobe_check_duration_seconds 0.007',
		'tailprobe_check_phase_seconds{phase="resolve"} 0.003',
		'tailprobe_check_phase_seconds{phase="connect"} 0.004',
	]);
	t.deepEqual(
		late.toSorted(),
		[...failed, 'tailprobe_check_latency_seconds_count 1', 'tailprobe_x_status_code 204'].toSorted(),
	);
});

test('values, state sets, changes and counts of a type follow its readings', async t => {
	const {exposition, sink} = setUp();
	sink.begin(aCheck());
	const facts = (path: string, within?: string) => ({path, ...(within === undefined ? {} : {within})});

	sink.accept(
		aCheck(),
		anOutcome({
			reading: aReading({values: {disco_seconds: 0.004, tsmp_seconds: 0.005}, facts: facts('direct', 'true')}),
		}),
	);
	sink.accept(aCheck(), anOutcome({reading: aReading({values: {tsmp_seconds: 0.07}, facts: facts('derp')})}));

	t.deepEqual((await linesOf(exposition, /tailprobe_x_(rtt|path|rounds|latency_seconds_count)/)).map(short), [
		'tailprobe_x_rtt_seconds{rung="tsmp"} 0.07',
		'tailprobe_x_path{path="direct"} 0',
		'tailprobe_x_path{path="derp"} 1',
		'tailprobe_x_path_changes_total 1',
		'tailprobe_x_rounds_total{within="true"} 1',
		'tailprobe_x_rounds_total{within="false"} 0',
		'tailprobe_x_latency_seconds_count{rung="tsmp"} 2',
	]);
});

test('a sum of values begins at zero, grows by each scheduled run with a verdict, and never by what is no number', async t => {
	const lost = {name: 'tailprobe_x_lost_total', type: 'counter', help: 'x', labels: checkLabels} as const;
	const metrics: Probe['metrics'] = [{...lost, from: {sumOf: 'lost'}}];
	const exposition = createExposition();
	const sink = createMetricsSink({exposition, clock: fakeClock(), probes: [{...probe, metrics}], maxSeries: 1000});
	const reading = (lost?: number) => aReading({values: lost === undefined ? {} : {lost}});
	const shown = async () => (await linesOf(exposition, /x_lost/)).map(short);

	sink.begin(aCheck());
	const begun = await shown();
	for (const value of [2, 0, 1, undefined, Number.NaN, -1]) sink.accept(aCheck(), anOutcome({reading: reading(value)}));
	sink.accept(aCheck(), anOutcome({verdict: 'down', reason: 'timeout', late: true, reading: reading(3)}));
	for (const kind of ['adhoc', 'recheck'] as const) sink.accept(aCheck(), anOutcome({kind, reading: reading(10)}));
	sink.accept(aCheck(), anOutcome({verdict: 'unknown', reason: 'vantage', reading: reading(10)}));
	const counted = await shown();
	sink.forget(aCheck());

	t.deepEqual(begun, ['tailprobe_x_lost_total 0']);
	t.deepEqual(counted, ['tailprobe_x_lost_total 6']);
	t.deepEqual(await shown(), []);
});

test('runs are counted by whether they kept the objective: only what was up, scheduled and not spoiled by lateness', async t => {
	const {exposition, sink} = setUp();
	const check = aCheck({objectiveMs: 100});
	const shown = async () => (await linesOf(exposition, /objective_runs/)).map(short);
	const run = (over: Partial<Outcome>) => sink.accept(check, anOutcome(over));

	sink.begin(aCheck({key: 'nothing promised', name: 'other'}));
	sink.begin(check);
	const begun = await shown();
	for (const durationMs of [20, 100, 101]) run({durationMs});
	run({durationMs: 20, late: true});
	run({durationMs: 20, kind: 'recheck'});
	run({durationMs: 20, belated: true});
	run({durationMs: 20, verdict: 'down', reason: 'status'});
	run({durationMs: 20, verdict: 'unknown', reason: 'vantage'});
	const counted = await shown();

	t.deepEqual(begun, [
		'tailprobe_check_objective_runs_total{within="true"} 0',
		'tailprobe_check_objective_runs_total{within="false"} 0',
	]);
	t.deepEqual(counted, [
		'tailprobe_check_objective_runs_total{within="true"} 2',
		'tailprobe_check_objective_runs_total{within="false"} 1',
	]);
});

test('a reload that moves an objective counts on, one that takes it away takes its two series along', async t => {
	const {exposition, sink} = setUp();
	const shown = async () => (await linesOf(exposition, /objective_runs/)).map(short);
	const limited = aCheck({objectiveMs: 100});
	sink.begin(limited);
	sink.accept(limited, anOutcome());

	sink.begin(aCheck({objectiveMs: 50}));
	const [moved, cost] = [await shown(), await seriesOf(exposition)];
	sink.begin(aCheck());
	const withdrawn = await shown();
	const cheaper = await seriesOf(exposition);
	sink.begin(limited);
	const back = await shown();
	sink.forget(limited);

	t.deepEqual(moved, [
		'tailprobe_check_objective_runs_total{within="true"} 1',
		'tailprobe_check_objective_runs_total{within="false"} 0',
	]);
	t.deepEqual(withdrawn, []);
	t.is(cost - cheaper, 2);
	t.true(back.length === 2 && back.every(line => line.endsWith(' 0')));
	t.deepEqual(await shown(), []);
});

test('a counter that the least detail leaves out goes and comes with a reload, and begins at zero', async t => {
	const metrics: Probe['metrics'] = probe.metrics.slice(3, 4).map(row => ({...row, leftOut: 'least'}));
	const exposition = createExposition();
	const sink = createMetricsSink({exposition, clock: fakeClock(), probes: [{...probe, metrics}], maxSeries: 1000});
	const shown = async () => (await linesOf(exposition, /x_path/)).map(short);
	const run = (detail: Check['detail'], path: string) =>
		sink.accept(aCheck({detail}), anOutcome({reading: aReading({facts: {path}})}));

	sink.begin(aCheck({detail: 'least'}));
	run('least', 'direct');
	const least = await shown();
	sink.begin(aCheck({detail: 'lean'}));
	const begun = await shown();
	run('lean', 'derp');
	run('lean', 'direct');
	sink.begin(aCheck({detail: 'lean'}));
	const lean = await shown();
	sink.begin(aCheck({detail: 'least'}));

	t.deepEqual(least, []);
	t.deepEqual(begun, ['tailprobe_x_path_changes_total 0']);
	t.deepEqual(lean, ['tailprobe_x_path_changes_total 1']);
	t.deepEqual(await shown(), []);
});

test('a late run is counted, but not by what its times said', async t => {
	const {exposition, sink} = setUp();
	sink.begin(aCheck());
	const facts = {connection: 'kept', within: 'false'};

	sink.accept(aCheck(), anOutcome({late: true, reading: aReading({facts})}));
	const late = (await linesOf(exposition, /tailprobe_x_(rounds|runs)/)).map(short);
	sink.accept(aCheck(), anOutcome({reading: aReading({facts})}));
	const inTime = (await linesOf(exposition, /tailprobe_x_(rounds|runs)/)).map(short);

	t.deepEqual(late, [
		'tailprobe_x_rounds_total{within="true"} 0',
		'tailprobe_x_rounds_total{within="false"} 0',
		'tailprobe_x_runs_total{connection="opened"} 0',
		'tailprobe_x_runs_total{connection="kept"} 1',
	]);
	t.deepEqual(inTime, [
		'tailprobe_x_rounds_total{within="true"} 0',
		'tailprobe_x_rounds_total{within="false"} 1',
		'tailprobe_x_runs_total{connection="opened"} 0',
		'tailprobe_x_runs_total{connection="kept"} 2',
	]);
});

test('late runs of a vantage are told until its last check ends, and what comes later counts nowhere', async t => {
	const {exposition, sink} = setUp();
	const late = async () => (await linesOf(exposition, /vantage_late_runs/)).filter(line => !line.startsWith('#'));
	const [one, other] = [aCheck({key: 'one'}), aCheck({key: 'other'})];
	const moved = {...one, target: {...one.target, peer: 'another'}};
	for (const check of [one, other, one]) sink.begin(check);
	sink.accept(one, anOutcome({late: true}));

	sink.begin(moved);
	sink.setMaxSeries(0);
	sink.setMaxSeries(1000);
	sink.forget(other);
	sink.forget(other);
	const before = await late();
	sink.forget(moved);
	sink.accept(moved, anOutcome({late: true}));

	t.deepEqual(
		before.map(line => line.split(' ')[1]),
		['1', '0'],
	);
	t.deepEqual(await late(), []);
});

test('a check that waits for room holds its vantage once', async t => {
	const {exposition, sink} = setUp();
	const late = async () => (await linesOf(exposition, /vantage_late_runs/)).filter(line => !line.startsWith('#'));
	const check = aCheck();
	sink.setMaxSeries(0);
	sink.begin(check);
	sink.begin(check);
	sink.setMaxSeries(1000);
	const held = await late();

	sink.forget(check);

	t.is(held.length, 2);
	t.deepEqual(await late(), []);
});

test('a check that ends takes every series with it', async t => {
	const {exposition, sink} = setUp();
	const check = aCheck({detail: 'full', histogram: true, recheckMs: 1000});
	sink.begin(check);
	sink.accept(
		check,
		anOutcome({
			verdict: 'down',
			reason: 'status',
			reading: aReading({
				ok: false,
				reason: 'status',
				phases: {connect: 1},
				values: {status_code: 500, tsmp_seconds: 1},
				facts: {path: 'derp', within: 'true'},
			}),
		}),
	);
	sink.accept(check, anOutcome());

	sink.forget(check);

	t.deepEqual(await linesOf(exposition, /target="june-orchestrator"|tailprobe_x_/), []);
});

test('a series that several checks share stays until the last of them ends', async t => {
	const {exposition, sink} = setUp();
	const first = aCheck({key: 'a', target: {...aCheck().target, name: 'gpu-1'}});
	const second = aCheck({key: 'b', target: {...aCheck().target, name: 'gpu-2'}});
	sink.begin(first);
	sink.begin(second);
	sink.accept(first, anOutcome({key: 'a'}));
	sink.accept(second, anOutcome({key: 'b'}));

	sink.forget(first);
	const left = await linesOf(exposition, /latency_seconds_count/);
	sink.forget(second);

	t.is(left.length, 1);
	t.regex(left[0] ?? '', / 2$/);
	t.deepEqual(await linesOf(exposition, /latency_seconds_count/), []);
});

test('gauges of a check that was silent for three intervals are withdrawn and its state becomes unknown', async t => {
	const {clock, exposition, sink} = setUp();
	sink.begin(aCheck());
	sink.accept(aCheck(), anOutcome({reading: aReading({values: {status_code: 200}})}));

	await clock.advance(40_000);
	sink.sweep();
	const before = await linesOf(exposition, /check_up|status_code/);
	await clock.advance(20_000);
	sink.sweep();

	t.is(before.length, 2);
	t.deepEqual(await linesOf(exposition, /check_up|status_code|duration/), []);
	t.regex((await linesOf(exposition, /state="unknown"/))[0] ?? '', / 1$/);
});

test('checks beyond the limit of series run without series, and a metric says how many', async t => {
	const {exposition, sink} = setUp(20);
	const checks: Check[] = Array.from({length: 5}, (_, at) =>
		aCheck({key: `k${at}`, target: {...aCheck().target, name: `t${at}`}}),
	);

	for (const check of checks) sink.begin(check);
	sink.accept(checks[4] as Check, anOutcome({key: 'k4'}));

	t.deepEqual(await linesOf(exposition, /checks_without_series/), ['tailprobe_checks_without_series 4']);
	t.deepEqual(await linesOf(exposition, /target="t4"/), []);
});

test('a changed definition under the same key keeps the counters', async t => {
	const {exposition, sink} = setUp();
	sink.begin(aCheck());
	sink.accept(aCheck(), anOutcome());

	sink.begin(aCheck({timeoutMs: 1000}));

	t.regex((await linesOf(exposition, /verdict="up"/))[0] ?? '', / 1$/);
});

test('an objective becomes an edge of the histograms', async t => {
	const {exposition, sink} = setUp();

	sink.setObjectives([0.3]);
	sink.begin(aCheck());
	sink.accept(aCheck(), anOutcome({durationMs: 280}));

	t.regex((await linesOf(exposition, /latency_seconds_bucket.*le="0.3"|le="0.3".*/))[0] ?? '', / 1$/);
});

test('how long nothing answered where nothing may answer is no latency', async t => {
	const {exposition, sink} = setUp();
	const check = aCheck({expect: 'unreachable', detail: 'full'});

	sink.begin(check);
	sink.accept(check, anOutcome({durationMs: 5000, reading: aReading({phases: {connect: 5}})}));

	t.deepEqual(await linesOf(exposition, /^tailprobe_check_(duration|latency)_seconds/), []);
	t.true((await linesOf(exposition, /^tailprobe_check_up/))[0]?.endsWith(' 1'));
});

test('what an unknown run read is not told about the target', async t => {
	const {exposition, sink} = setUp();
	const check = aCheck({detail: 'full'});
	sink.begin(check);

	sink.accept(
		check,
		anOutcome({
			verdict: 'unknown',
			reason: 'vantage',
			reading: aReading({
				ok: false,
				reason: 'timeout',
				phases: {connect: 1},
				values: {status_code: 1, tsmp_seconds: 1},
				facts: {path: 'derp', within: 'true'},
			}),
		}),
	);

	t.deepEqual(await linesOf(exposition, /phase_seconds|x_status|x_rtt|x_path\{|duration_seconds/), []);
	t.deepEqual((await linesOf(exposition, /x_rounds/)).map(short), [
		'tailprobe_x_rounds_total{within="true"} 0',
		'tailprobe_x_rounds_total{within="false"} 0',
	]);
});

test('a check that waited for room gets its series when another ends or the limit rises', async t => {
	const {exposition, sink} = setUp(20);
	const checks = Array.from({length: 3}, (_, at) =>
		aCheck({key: `k${at}`, target: {...aCheck().target, name: `t${at}`}}),
	);
	for (const check of checks) sink.begin(check);

	sink.forget(checks[0] as Check);
	const afterEnd = await linesOf(exposition, /checks_without_series/);
	sink.setMaxSeries(1000);

	t.deepEqual(afterEnd, ['tailprobe_checks_without_series 1']);
	t.deepEqual(await linesOf(exposition, /checks_without_series/), ['tailprobe_checks_without_series 0']);
	t.is((await linesOf(exposition, /state="unknown"/)).length, 2);
});

test('a check whose node becomes known goes on being down since the same time', async t => {
	const {exposition, sink} = setUp();
	const nameless = aCheck({target: {...aCheck().target, peer: ''}});
	sink.begin(nameless);
	sink.accept(nameless, anOutcome({verdict: 'down', reason: 'timeout', startedAt: 1000}));

	sink.begin(aCheck());

	t.deepEqual((await linesOf(exposition, /down_since/)).map(short), ['tailprobe_check_down_since_timestamp_seconds 1']);
});

test('types that share a row share its family, each with its own series', async t => {
	const row = probe.metrics.slice(0, 1);
	const exposition = createExposition();
	const types = ['http', 'tls'].map(type => ({...probe, type, metrics: row}));
	const sink = createMetricsSink({exposition, clock: fakeClock(), probes: types, maxSeries: 1000});
	const checks = ['http', 'tls'].map(type => aCheck({key: `${type}/local/a`, type}));

	for (const check of checks) {
		sink.begin?.(check);
		sink.accept(check, anOutcome({key: check.key, reading: aReading({values: {status_code: 200}})}));
	}

	const lines = await linesOf(exposition, /^tailprobe_x_status_code/);
	t.is(lines.length, 2);
	t.true(lines.some(line => line.includes('type="tls"')));
});

test('a series that a check cannot have costs nothing', async t => {
	const metrics = probe.metrics.slice(0, 1).map(row => ({...row, appliesTo: isEncrypted}));
	const exposition = createExposition();
	const sink = createMetricsSink({exposition, clock: fakeClock(), probes: [{...probe, metrics}], maxSeries: 1000});
	const target = aCheck().target;
	const plain = aCheck({key: 'a', target: {...target, address: 'http://a/'}});
	const secure = aCheck({key: 'b', target: {...target, name: 'b', address: 'https://a/'}});

	sink.begin?.(plain);
	const before = await seriesOf(exposition);
	sink.begin?.(secure);

	t.is((await seriesOf(exposition)) - before, before + 1);
});

function isEncrypted({target}: Pick<Check, 'target' | 'options'>): boolean {
	return target.address.startsWith('https:');
}

async function seriesOf(exposition: Exposition): Promise<number> {
	return Number((await linesOf(exposition, /^tailprobe_series /))[0]?.split(' ')[1]);
}

test('a check with the least detail leaves out what its type can do without, also from a reload on', async t => {
	const metrics: Probe['metrics'] = [
		{name: 'tailprobe_x_code', type: 'gauge', help: 'x', labels: checkLabels, from: {value: 'code'}, leftOut: 'least'},
		...probe.metrics.slice(1, 2),
	];
	const exposition = createExposition();
	const sink = createMetricsSink({exposition, clock: fakeClock(), probes: [{...probe, metrics}], maxSeries: 1000});
	const outcome = anOutcome({reading: aReading({phases: {connect: 1}, values: {code: 200, tsmp_seconds: 1}})});
	const own = async () => (await linesOf(exposition, /tailprobe_x_|phase_seconds/)).map(short);

	sink.begin(aCheck({detail: 'full'}));
	sink.accept(aCheck({detail: 'full'}), outcome);
	const [full, cost] = [await own(), await seriesOf(exposition)];
	sink.begin(aCheck({detail: 'least'}));
	const reloaded = await own();
	sink.accept(aCheck({detail: 'least'}), outcome);

	t.deepEqual(full, [
		'tailprobe_check_phase_seconds{phase="connect"} 1',
		'tailprobe_x_code 200',
		'tailprobe_x_rtt_seconds{rung="tsmp"} 1',
	]);
	t.deepEqual(reloaded, ['tailprobe_x_rtt_seconds{rung="tsmp"} 1']);
	t.deepEqual(await own(), reloaded);
	t.is(cost - (await seriesOf(exposition)), 5);
});

test('a histogram of one value has no label of its own, and goes with the last check that counts in it', async t => {
	const {exposition, sink} = setUp();
	const [one, other] = [aCheck({key: 'a/b/1'}), aCheck({key: 'a/b/2', target: {...aCheck().target, name: 'other'}})];
	sink.begin(one);
	sink.begin(other);

	const values = {request_seconds: 0.25};
	sink.accept(one, anOutcome({reading: aReading({values})}));
	sink.accept(other, anOutcome({reading: aReading({values})}));
	sink.accept(one, anOutcome({late: true, reading: aReading({values})}));
	sink.accept(one, anOutcome({verdict: 'down', reason: 'status', reading: aReading({ok: false, values})}));
	const shown = await linesOf(exposition, /x_request_seconds_(count|sum)/);
	sink.forget(one);
	const left = await linesOf(exposition, /x_request_seconds_count/);
	sink.forget(other);

	t.deepEqual(shown, [
		'tailprobe_x_request_seconds_sum{check="orchestrator",type="http",vantage="cluster"} 0.5',
		'tailprobe_x_request_seconds_count{check="orchestrator",type="http",vantage="cluster"} 2',
	]);
	t.is(left.length, 1);
	t.deepEqual(await linesOf(exposition, /x_request_seconds/), []);
});

test('a reading that came too late moves a counter of its vantage and nothing else', async t => {
	const {exposition, sink} = setUp();
	const check = aCheck();
	sink.begin(check);
	sink.accept(check, anOutcome({verdict: 'up'}));
	const before = await linesOf(exposition, /^tailprobe_check/);

	sink.accept(check, anOutcome({verdict: 'down', reason: 'refused', belated: true}));

	t.deepEqual(await linesOf(exposition, /^tailprobe_check/), before);
	t.deepEqual(await linesOf(exposition, /belated/), ['tailprobe_vantage_belated_readings_total{vantage="cluster"} 1']);

	sink.forget(check);
	t.deepEqual(await linesOf(exposition, /belated/), []);
});
