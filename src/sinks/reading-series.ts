/** Series of a probe type's own metrics, fed by its readings as the type declares it (`ReadingMetric`). */

import type {Counter, Gauge, Histogram} from 'prom-client';
import type {Outcome, Reading} from '../engine/types.ts';
import {latencyEdgesSeconds} from '../metrics/core.ts';
import type {Exposition} from '../metrics/exposition.ts';
import type {ReadingMetric} from '../probes/types.ts';

type Labels = Record<string, string>;
type CountOfFacts = Extract<ReadingMetric, {from: {countOf: string}}>;

/** The series of one probe type. `labels` are the five labels of the check. */
export interface ReadingSeries {
	begin(labels: Labels): void;
	accept(labels: Labels, outcome: Outcome): void;
	/** Removes the gauges, not the counters. */
	withdraw(labels: Labels): void;
	forget(labels: Labels): void;
}

export function createReadingSeries(metrics: readonly ReadingMetric[], exposition: Exposition): ReadingSeries {
	const all = metrics.map(metric => createOne(metric, exposition));
	return {
		begin: labels => all.forEach(one => void one.begin?.(labels)),
		accept: (labels, outcome) => all.forEach(one => void one.accept(labels, outcome)),
		withdraw: labels => all.forEach(one => void one.withdraw?.(labels)),
		forget: labels => all.forEach(one => void one.forget?.(labels)),
	};
}

interface One {
	begin?(labels: Labels): void;
	accept(labels: Labels, outcome: Outcome): void;
	withdraw?(labels: Labels): void;
	forget?(labels: Labels): void;
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
		return 'changesOf' in from
			? countChanges(counter, from.changesOf)
			: countFacts(metric as CountOfFacts, counter, extra);
	}
	const gauge = exposition.gauge(metric);
	if ('value' in from) return showValues(metric, gauge, '', {'': from.value});
	if ('values' in from) return showValues(metric, gauge, extra, from.values);
	return showStates(gauge, extra, from as {fact: string; states: readonly string[]});
}

/** Times that our own lateness spoiled stay out; other values of the run are as good as ever. */
function isSpoiledTime(metric: ReadingMetric, outcome: Outcome): boolean {
	return outcome.late && metric.name.endsWith('_seconds') && !metric.name.endsWith('_timestamp_seconds');
}

function showValues(metric: ReadingMetric, gauge: Gauge, extra: string, values: Record<string, string>): One {
	const withdraw = (labels: Labels) => {
		for (const label of Object.keys(values)) gauge.remove(withLabel(labels, extra, label));
	};
	return {
		accept(labels, outcome) {
			for (const [label, name] of Object.entries(values)) {
				const value = outcome.reading?.values[name];
				if (value === undefined || !Number.isFinite(value)) gauge.remove(withLabel(labels, extra, label));
				else if (!isSpoiledTime(metric, outcome)) gauge.set(withLabel(labels, extra, label), value);
			}
		},
		withdraw,
		forget: withdraw,
	};
}

function showStates(gauge: Gauge, extra: string, from: {fact: string; states: readonly string[]}): One {
	const withdraw = (labels: Labels) => {
		for (const state of from.states) gauge.remove({...labels, [extra]: state});
	};
	return {
		accept(labels, outcome) {
			const fact = factOf(outcome.reading, from.fact, from.states);
			if (fact === undefined) withdraw(labels);
			else for (const state of from.states) gauge.set({...labels, [extra]: state}, state === fact ? 1 : 0);
		},
		withdraw,
		forget: withdraw,
	};
}

function countChanges(counter: Counter, fact: string): One {
	const last = new Map<string, string>();
	return {
		begin: labels => counter.inc(labels, 0),
		accept(labels, outcome) {
			const now = outcome.reading?.facts[fact];
			if (now === undefined) return;
			const key = idOf(labels);
			const before = last.get(key);
			if (before !== undefined && before !== now) counter.inc(labels);
			last.set(key, now);
		},
		forget(labels) {
			last.delete(idOf(labels));
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
			for (const state of from.states) counter.inc({...own, [extra]: state}, 0);
		},
		accept(labels, outcome) {
			if (outcome.late && metric.fromTimes) return;
			const fact = factOf(outcome.reading, from.countOf, from.states);
			if (fact !== undefined) counter.inc({...reduceLabels(labels, metric, extra), [extra]: fact});
		},
		forget(labels) {
			const own = reduceLabels(labels, metric, extra);
			if (holders.drop(own)) for (const state of from.states) counter.remove({...own, [extra]: state});
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
				if (value !== undefined) histogram.observe(withLabel(reduceLabels(labels, metric, extra), extra, label), value);
			}
		},
		forget(labels) {
			const own = reduceLabels(labels, metric, extra);
			if (holders.drop(own)) for (const label of Object.keys(values)) histogram.remove(withLabel(own, extra, label));
		},
	};
}

/** Counts who uses a series that several checks share, so that it goes with the last of them. */
function createHolders(): {hold(labels: Labels): void; drop(labels: Labels): boolean} {
	const counts = new Map<string, number>();
	return {
		hold(labels) {
			counts.set(idOf(labels), (counts.get(idOf(labels)) ?? 0) + 1);
		},
		drop(labels) {
			const left = (counts.get(idOf(labels)) ?? 1) - 1;
			if (left > 0) counts.set(idOf(labels), left);
			else counts.delete(idOf(labels));
			return left <= 0;
		},
	};
}

/** The labels of the check that the metric declares, without its distinguishing one. */
function reduceLabels(labels: Labels, metric: ReadingMetric, extra: string): Labels {
	return Object.fromEntries(
		Object.entries(labels).filter(([label]) => label !== extra && metric.labels.includes(label)),
	);
}

function withLabel(labels: Labels, extra: string, value: string): Labels {
	return extra === '' ? labels : {...labels, [extra]: value};
}

function factOf(reading: Reading | undefined, fact: string, states: readonly string[]): string | undefined {
	const value = reading?.facts[fact];
	return value !== undefined && states.includes(value) ? value : undefined;
}

function idOf(labels: Labels): string {
	return Object.values(labels).join('\n');
}
