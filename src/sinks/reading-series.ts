/** Series of a probe type's own metrics, fed by its readings as the type declares it (`ReadingMetric`). */

import type {Detail, Outcome, Reading} from '../engine/types.ts';
import {latencyEdgesSeconds} from '../metrics/core.ts';
import type {Counter, Exposition, Gauge, Histogram} from '../metrics/exposition.ts';
import {type LabelSet, labelSet} from '../metrics/label-set.ts';
import type {ReadingMetric} from '../probes/types.ts';

type CountOfFacts = Extract<ReadingMetric, {from: {countOf: string}}>;

/** The series of one probe type. `labels` are the five labels of the check. */
export interface ReadingSeries {
	begin(labels: LabelSet, detail: Detail): void;
	accept(labels: LabelSet, outcome: Outcome, detail: Detail): void;
	/** Removes the gauges, not the counters. */
	withdraw(labels: LabelSet): void;
	/** Removes those that only the new detail leaves out, and begins those that only the old one left out. */
	redefine(labels: LabelSet, before: Detail, after: Detail): void;
	forget(labels: LabelSet): void;
}

export function createReadingSeries(metrics: readonly ReadingMetric[], exposition: Exposition): ReadingSeries {
	const all = metrics.map(metric => ({leftOut: metric.leftOut, ...createOne(metric, exposition)}));
	return {
		begin(labels, detail) {
			for (const one of all) if (one.leftOut !== detail) one.begin?.(labels);
		},
		accept(labels, outcome, detail) {
			for (const one of all) if (one.leftOut !== detail) one.accept(labels, outcome);
		},
		withdraw: labels => all.forEach(one => void one.withdraw?.(labels)),
		redefine(labels, before, after) {
			for (const one of all) {
				if (one.leftOut === undefined || before === after) continue;
				if (one.leftOut === after) one.forget?.(labels);
				else if (one.leftOut === before) one.begin?.(labels);
			}
		},
		forget: labels => all.forEach(one => void one.forget?.(labels)),
	};
}

interface One {
	begin?(labels: LabelSet): void;
	accept(labels: LabelSet, outcome: Outcome): void;
	withdraw?(labels: LabelSet): void;
	forget?(labels: LabelSet): void;
}

function createOne(metric: ReadingMetric, exposition: Exposition): One {
	const {from} = metric;
	const extra = metric.labels.at(-1) ?? '';
	if (metric.type === 'histogram') {
		const histogram = exposition.histogram(metric, metric.buckets ?? latencyEdgesSeconds);
		return 'value' in from
			? observe(metric, histogram, '', {'': from.value})
			: observe(metric, histogram, extra, (from as {values: Record<string, string>}).values);
	}
	if (metric.type === 'counter') {
		const counter = exposition.counter(metric);
		if ('sumOf' in from) return sumValues(counter, from.sumOf);
		return 'changesOf' in from
			? countChanges(counter, from.changesOf)
			: countFacts(metric as CountOfFacts, counter, extra);
	}
	const gauge = exposition.gauge(metric);
	if ('value' in from) return showValues(metric, gauge, {'': from.value});
	if ('values' in from) return showValues(metric, gauge, from.values);
	return showStates(gauge, from as {fact: string; states: readonly string[]});
}

/** Times that our own lateness spoiled stay out; other values of the run are as good as ever. */
function isSpoiledTime(metric: ReadingMetric, outcome: Outcome): boolean {
	return outcome.late && metric.name.endsWith('_seconds') && !metric.name.endsWith('_timestamp_seconds');
}

function showValues(metric: ReadingMetric, gauge: Gauge, values: Record<string, string>): One {
	const withdraw = (labels: LabelSet) => {
		for (const label of Object.keys(values)) gauge.remove(labels, label);
	};
	return {
		accept(labels, outcome) {
			for (const [label, name] of Object.entries(values)) {
				const value = outcome.reading?.values[name];
				if (value === undefined || !Number.isFinite(value)) gauge.remove(labels, label);
				else if (!isSpoiledTime(metric, outcome)) gauge.set(labels, value, label);
			}
		},
		withdraw,
		forget: withdraw,
	};
}

function showStates(gauge: Gauge, from: {fact: string; states: readonly string[]}): One {
	const withdraw = (labels: LabelSet) => {
		for (const state of from.states) gauge.remove(labels, state);
	};
	return {
		accept(labels, outcome) {
			const fact = factOf(outcome.reading, from.fact, from.states);
			if (fact === undefined) withdraw(labels);
			else for (const state of from.states) gauge.set(labels, state === fact ? 1 : 0, state);
		},
		withdraw,
		forget: withdraw,
	};
}

function sumValues(counter: Counter, name: string): One {
	return {
		begin: labels => counter.inc(labels, 0),
		accept(labels, outcome) {
			const value = outcome.reading?.values[name];
			if (value !== undefined && value > 0 && Number.isFinite(value)) counter.inc(labels, value);
		},
		forget: labels => counter.remove(labels),
	};
}

function countChanges(counter: Counter, fact: string): One {
	const last = new Map<string, string>();
	return {
		begin: labels => counter.inc(labels, 0),
		accept(labels, outcome) {
			const now = outcome.reading?.facts[fact];
			if (now === undefined) return;
			const before = last.get(labels.text);
			if (before !== undefined && before !== now) counter.inc(labels);
			last.set(labels.text, now);
		},
		forget(labels) {
			last.delete(labels.text);
			counter.remove(labels);
		},
	};
}

function countFacts(metric: CountOfFacts, counter: Counter, extra: string): One {
	const {from} = metric;
	const holders = createHolders();
	return {
		begin(labels) {
			const own = reduceLabels(labels, metric, extra);
			holders.hold(own);
			for (const state of from.states) counter.inc(own, 0, state);
		},
		accept(labels, outcome) {
			if (outcome.late && metric.fromTimes) return;
			const fact = factOf(outcome.reading, from.countOf, from.states);
			if (fact !== undefined) counter.inc(reduceLabels(labels, metric, extra), 1, fact);
		},
		forget(labels) {
			const own = reduceLabels(labels, metric, extra);
			if (holders.drop(own)) for (const state of from.states) counter.remove(own, state);
		},
	};
}

function observe(metric: ReadingMetric, histogram: Histogram, extra: string, values: Record<string, string>): One {
	const holders = createHolders();
	return {
		begin: labels => holders.hold(reduceLabels(labels, metric, extra)),
		accept(labels, outcome) {
			if (outcome.late || outcome.verdict !== 'up') return;
			for (const [label, name] of Object.entries(values)) {
				const value = outcome.reading?.values[name];
				if (value !== undefined) histogram.observe(reduceLabels(labels, metric, extra), value, label);
			}
		},
		forget(labels) {
			const own = reduceLabels(labels, metric, extra);
			if (holders.drop(own)) for (const label of Object.keys(values)) histogram.remove(own, label);
		},
	};
}

/** Counts who uses a series that several checks share, so that it goes with the last of them. */
function createHolders(): {hold(labels: LabelSet): void; drop(labels: LabelSet): boolean} {
	const counts = new Map<string, number>();
	return {
		hold({text}) {
			counts.set(text, (counts.get(text) ?? 0) + 1);
		},
		drop({text}) {
			const left = (counts.get(text) ?? 1) - 1;
			if (left > 0) counts.set(text, left);
			else counts.delete(text);
			return left <= 0;
		},
	};
}

/** The labels of the check that the metric declares, without its distinguishing one. */
function reduceLabels(labels: LabelSet, metric: ReadingMetric, extra: string): LabelSet {
	const own = Object.entries(labels.values).filter(([label]) => label !== extra && metric.labels.includes(label));
	return labelSet(Object.fromEntries(own));
}

function factOf(reading: Reading | undefined, fact: string, states: readonly string[]): string | undefined {
	const value = reading?.facts[fact];
	return value !== undefined && states.includes(value) ? value : undefined;
}
