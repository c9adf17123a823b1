/** Moves the series of checks. A series exists from the check's beginning (counters) or its first reading (gauges) until it ends. */

import {measuredSeconds} from '../engine/latency.ts';
import {type Check, downReasons, type Outcome, phaseNames, unknownReasons, type Verdict} from '../engine/types.ts';
import {checkMetrics, latencyEdgesSeconds, ownMetrics, vantageMetrics} from '../metrics/core.ts';
import type {Exposition, Histogram} from '../metrics/exposition.ts';
import {type LabelSet, labelSet, noLabels} from '../metrics/label-set.ts';
import type {Probe, ReadingMetric} from '../probes/types.ts';
import type {Clock} from '../util/clock.ts';
import {createReadingSeries, type ReadingSeries} from './reading-series.ts';
import type {Sink} from './types.ts';

export interface MetricsSinkOptions {
	exposition: Exposition;
	clock: Clock;
	probes: readonly Probe[];
	maxSeries: number;
}

export interface MetricsSink extends Sink {
	/** Withdraws gauges of checks that were silent for three intervals; their state becomes unknown. */
	sweep(): void;
	/** Objectives become edges of the histograms; other edges than before restart the histograms. */
	setObjectives(objectivesSeconds: readonly number[]): void;
	setMaxSeries(maxSeries: number): void;
}

interface Entry {
	check: Check;
	labels: LabelSet;
	/** Labels of the histogram that the check counts in. */
	latencyLabels: LabelSet;
	seriesCost: number;
	lastAt: number;
	withdrawn: boolean;
	downSinceMs: number | undefined;
}

const verdicts: readonly Verdict[] = ['up', 'down', 'unknown'];
const lateOutcomes = ['answered', 'timed_out'];
const withins = ['true', 'false'];
/** Silence of so many intervals withdraws a gauge. */
const staleIntervals = 3;

export function createMetricsSink(options: MetricsSinkOptions): MetricsSink {
	const {exposition, clock} = options;
	const state = exposition.gauge(checkMetrics.state);
	const up = exposition.gauge(checkMetrics.up);
	const downSince = exposition.gauge(checkMetrics.downSince);
	const runs = exposition.counter(checkMetrics.runs);
	const failures = exposition.counter(checkMetrics.failures);
	const rechecks = exposition.counter(checkMetrics.rechecks);
	const duration = exposition.gauge(checkMetrics.duration);
	const phase = exposition.gauge(checkMetrics.phase);
	const objectiveRuns = exposition.counter(checkMetrics.objectiveRuns);
	const lateRuns = exposition.counter(vantageMetrics.lateRuns);
	const belated = exposition.counter(vantageMetrics.belated);
	const seriesGauge = exposition.gauge(ownMetrics.series);
	const limitGauge = exposition.gauge(ownMetrics.seriesLimit);
	const unexportedGauge = exposition.gauge(ownMetrics.unexported);
	const readings = new Map<string, ReadingSeries>(
		options.probes.map(probe => [probe.type, createReadingSeries(probe.metrics, exposition)]),
	);
	const probeOf = new Map(options.probes.map(probe => [probe.type, probe]));
	const entries = new Map<string, Entry>();
	/** Checks that run without series because the limit is reached, until there is room. */
	const unexported = new Map<string, Check>();
	const latencyHolders = new Map<string, number>();
	/** How many checks each vantage has, exported or not: as long as it has one, its late runs are told. */
	const checksOf = new Map<string, number>();
	let edges: readonly number[] = latencyEdgesSeconds;
	let latency: Histogram = exposition.histogram(checkMetrics.latency, edges);
	let maxSeries = options.maxSeries;
	let series = 0;
	showLimits();

	return {
		name: 'metrics',
		begin,
		accept,
		forget,
		sweep,
		setObjectives(objectivesSeconds) {
			const wanted = [...new Set([...latencyEdgesSeconds, ...objectivesSeconds])].toSorted((a, b) => a - b);
			if (wanted.join() === edges.join()) return;
			edges = wanted;
			latency = exposition.histogram(checkMetrics.latency, edges);
		},
		setMaxSeries(limit) {
			maxSeries = limit;
			admitWaiting();
			showLimits();
		},
	};

	function begin(check: Check): void {
		const known = entries.get(check.key);
		if (known && sameLabels(known.check, check)) {
			const labels = latencyLabelsOf(check);
			holdLatency(labels);
			dropLatency(known.latencyLabels);
			if (check.detail !== 'full') for (const name of phaseNames) phase.remove(known.labels, name);
			beginObjective(check, known.labels);
			readings.get(check.type)?.redefine(known.labels, known.check.detail, check.detail);
			series += seriesCostOf(check, probeOf.get(check.type)) - known.seriesCost;
			known.seriesCost = seriesCostOf(check, probeOf.get(check.type));
			known.check = check;
			known.latencyLabels = labels;
			showLimits();
			return;
		}
		if (!known && !unexported.has(check.key)) checksOf.set(check.vantage, (checksOf.get(check.vantage) ?? 0) + 1);
		// The node behind the target changed: other labels, but the same check goes on being down.
		const downSinceMs = known?.downSinceMs;
		if (known) drop(known.check);
		const seriesCost = seriesCostOf(check, probeOf.get(check.type));
		if (series + seriesCost > maxSeries) {
			unexported.set(check.key, check);
			showLimits();
			return;
		}
		unexported.delete(check.key);
		series += seriesCost;
		const {name, type, vantage, target} = check;
		const labels = labelSet({check: name, type, vantage, target: target.name, peer: target.peer});
		const latencyLabels = check.histogram ? labels : latencyLabelsOf(check);
		entries.set(check.key, {
			check,
			labels,
			latencyLabels,
			seriesCost,
			lastAt: clock.now(),
			withdrawn: false,
			downSinceMs,
		});
		if (downSinceMs !== undefined) downSince.set(labels, downSinceMs / 1000);
		holdLatency(latencyLabels);
		showState(labels, 'unknown');
		for (const verdict of verdicts) runs.inc(labels, 0, verdict);
		if (check.recheckMs !== undefined) rechecks.inc(labels, 0);
		beginObjective(check, labels);
		for (const outcome of lateOutcomes) lateRuns.inc(labelSet({vantage}), 0, outcome);
		belated.inc(labelSet({vantage}), 0);
		readings.get(type)?.begin(labels, check.detail);
		showLimits();
	}

	/** Where it was there before it counts on: what was promised then was kept or not then. */
	function beginObjective({objectiveMs}: Check, labels: LabelSet): void {
		for (const within of withins)
			if (objectiveMs === undefined) objectiveRuns.remove(labels, within);
			else objectiveRuns.inc(labels, 0, within);
	}

	function accept(check: Check, outcome: Outcome): void {
		if (outcome.belated) {
			belated.inc(labelSet({vantage: check.vantage}));
			return;
		}
		countLate(check, outcome);
		const entry = entries.get(check.key);
		if (!entry || outcome.kind === 'adhoc') return;
		const {labels} = entry;
		if (outcome.kind === 'recheck') {
			if (check.recheckMs !== undefined) rechecks.inc(labels);
			return;
		}
		entry.lastAt = clock.now();
		entry.withdrawn = false;
		runs.inc(labels, 1, outcome.verdict);
		showState(labels, outcome.verdict);
		if (outcome.verdict !== 'up' && outcome.reason !== undefined) failures.inc(labels, 1, outcome.reason);
		showDownSince(entry, outcome);
		showTimes(entry, outcome);
		// What an unknown run read says nothing about the target: lost pings may be ours.
		if (outcome.verdict === 'unknown') readings.get(check.type)?.withdraw(labels);
		else readings.get(check.type)?.accept(labels, outcome, check.detail);
	}

	function forget(check: Check): void {
		if (entries.has(check.key) || unexported.has(check.key)) releaseVantage(check.vantage);
		drop(check);
	}

	function releaseVantage(vantage: string): void {
		const left = (checksOf.get(vantage) ?? 1) - 1;
		checksOf.set(vantage, left);
		if (left > 0) return;
		checksOf.delete(vantage);
		for (const outcome of lateOutcomes) lateRuns.remove(labelSet({vantage}), outcome);
		belated.remove(labelSet({vantage}));
	}

	/** The series of a check that may go on. */
	function drop(check: Check): void {
		unexported.delete(check.key);
		const entry = entries.get(check.key);
		if (entry) {
			entries.delete(check.key);
			series -= entry.seriesCost;
			removeSeries(entry.labels);
			readings.get(entry.check.type)?.forget(entry.labels);
			dropLatency(entry.latencyLabels);
		}
		admitWaiting();
		showLimits();
	}

	function admitWaiting(): void {
		for (const check of unexported.values()) {
			if (series + seriesCostOf(check, probeOf.get(check.type)) > maxSeries) return;
			begin(check);
		}
	}

	function removeSeries(labels: LabelSet): void {
		for (const family of [up, downSince, rechecks, duration]) family.remove(labels);
		for (const verdict of verdicts) {
			state.remove(labels, verdict);
			runs.remove(labels, verdict);
		}
		for (const reason of [...downReasons, ...unknownReasons]) failures.remove(labels, reason);
		for (const name of phaseNames) phase.remove(labels, name);
		for (const within of withins) objectiveRuns.remove(labels, within);
	}

	function sweep(): void {
		for (const entry of entries.values()) {
			const {check, labels} = entry;
			if (entry.withdrawn || clock.now() - entry.lastAt < staleIntervals * check.intervalMs + check.timeoutMs) continue;
			entry.withdrawn = true;
			showState(labels, 'unknown');
			duration.remove(labels);
			for (const name of phaseNames) phase.remove(labels, name);
			readings.get(check.type)?.withdraw(labels);
		}
	}

	function showState(labels: LabelSet, verdict: Verdict): void {
		for (const name of verdicts) state.set(labels, name === verdict ? 1 : 0, name);
		if (verdict === 'unknown') up.remove(labels);
		else up.set(labels, verdict === 'up' ? 1 : 0);
	}

	function showDownSince(entry: Entry, outcome: Outcome): void {
		if (outcome.verdict === 'up') {
			entry.downSinceMs = undefined;
			downSince.remove(entry.labels);
		} else if (outcome.verdict === 'down' && entry.downSinceMs === undefined) {
			entry.downSinceMs = outcome.startedAt;
			downSince.set(entry.labels, outcome.startedAt / 1000);
		}
	}

	/** Spoiled times are not shown; what the run did not reach is withdrawn all the same. */
	function showTimes(entry: Entry, outcome: Outcome): void {
		const {check, labels} = entry;
		// How long nothing answered is no latency.
		const timed = probeOf.get(check.type)?.durationIsLatency === true && check.expect === undefined;
		const seconds = measuredSeconds(outcome);
		if (outcome.verdict === 'unknown') duration.remove(labels);
		else if (timed && !outcome.late) duration.set(labels, seconds);
		if (timed && !outcome.late && outcome.verdict === 'up') {
			latency.observe(entry.latencyLabels, seconds);
			// As the histogram decides it, whose edge the objective is.
			if (check.objectiveMs !== undefined)
				objectiveRuns.inc(labels, 1, seconds <= check.objectiveMs / 1000 ? 'true' : 'false');
		}
		if (check.detail !== 'full') return;
		for (const name of phaseNames) {
			const seconds = outcome.verdict === 'unknown' ? undefined : outcome.reading?.phases?.[name];
			if (seconds === undefined) phase.remove(labels, name);
			else if (!outcome.late) phase.set(labels, seconds, name);
		}
	}

	function countLate(check: Check, outcome: Outcome): void {
		if (outcome.kind === 'adhoc' || !checksOf.has(check.vantage)) return;
		if (outcome.reason === 'late') lateRuns.inc(labelSet({vantage: check.vantage}), 1, 'timed_out');
		else if (outcome.late) lateRuns.inc(labelSet({vantage: check.vantage}), 1, 'answered');
	}

	/** The histogram lives as long as a check counts in it. */
	function holdLatency({text}: LabelSet): void {
		latencyHolders.set(text, (latencyHolders.get(text) ?? 0) + 1);
	}

	function dropLatency(labels: LabelSet): void {
		const left = (latencyHolders.get(labels.text) ?? 1) - 1;
		latencyHolders.set(labels.text, left);
		if (left > 0) return;
		latencyHolders.delete(labels.text);
		latency.remove(labels);
	}

	function showLimits(): void {
		seriesGauge.set(noLabels, series);
		limitGauge.set(noLabels, maxSeries);
		unexportedGauge.set(noLabels, unexported.size);
	}
}

function latencyLabelsOf(check: Check): LabelSet {
	const {name, type, vantage, target} = check;
	const own = check.histogram;
	return labelSet({check: name, type, vantage, target: own ? target.name : '', peer: own ? target.peer : ''});
}

function sameLabels(a: Check, b: Check): boolean {
	return a.type === b.type && a.target.peer === b.target.peer;
}

/** Series that a healthy check has: what the limit counts with. */
function seriesCostOf(check: Check, probe: Probe | undefined): number {
	const basic = 3 + 1 + 3 + (check.recheckMs === undefined ? 0 : 1) + (probe?.durationIsLatency ? 1 : 0);
	const objective = check.objectiveMs === undefined ? 0 : withins.length;
	const phases = check.detail === 'full' && probe?.durationIsLatency ? 4 : 0;
	const histogram = check.histogram ? latencyEdgesSeconds.length + 3 : 0;
	const own = (probe?.metrics ?? []).reduce(
		(sum, metric) =>
			sum + (metric.leftOut === check.detail || metric.appliesTo?.(check) === false ? 0 : seriesOf(metric)),
		0,
	);
	return basic + objective + phases + histogram + own;
}

function seriesOf(metric: ReadingMetric): number {
	if (!metric.labels.includes('target')) return 0;
	if ('states' in metric.from) return metric.from.states.length;
	if ('values' in metric.from) return Object.keys(metric.from.values).length;
	return 1;
}
