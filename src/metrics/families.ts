/**
 * The series of one metric, each filed under the text of its labels. Text is what /metrics needs, and many series of a check share it:
 * a set of labels for each would cost three times the memory, and the time to write it anew at each scrape.
 */

import {type LabelSet, labelText, noLabels} from './label-set.ts';
import type {MetricDef, Sample} from './types.ts';

/** `last` is the value of the row's last label, where `labels` holds all but that. Throws TypeError for labels that the row has not. */
export interface Gauge {
	set(labels: LabelSet, value: number, last?: string): void;
	remove(labels: LabelSet, last?: string): void;
}

/** As a gauge. */
export interface Counter {
	/** By 1 when not told; by 0 it begins. Throws RangeError when it would go down. */
	inc(labels: LabelSet, by?: number, last?: string): void;
	remove(labels: LabelSet, last?: string): void;
}

/** As a gauge. */
export interface Histogram {
	/** Its series are there from now on, with zeros where nothing was observed yet: otherwise the first is lost to `increase()`. */
	begin(labels: LabelSet, last?: string): void;
	observe(labels: LabelSet, value: number, last?: string): void;
	remove(labels: LabelSet, last?: string): void;
}

export interface Family {
	/**
	 * The text format 0.0.4 of what there is now, in pieces that other work may come between; nothing for a family without series. It is
	 * all of one moment, so that exactly one of a state set is 1.
	 */
	render(): Generator<string>;
}

/** A counter without labels begins at zero. */
export function createNumbers(def: MetricDef): Gauge & Counter & Family {
	const columns = createColumns<number>(def);
	if (def.type === 'counter' && def.labels.length === 0) columns.set(noLabels, '', 0);
	return {
		set: (labels, value, last = '') => columns.set(labels, last, value),
		inc(labels, by = 1, last = '') {
			if (!(by >= 0)) throw new RangeError(`${def.name} cannot be counted by ${by}`);
			columns.set(labels, last, (columns.get(labels, last) ?? 0) + by);
		},
		remove: (labels, last = '') => columns.remove(labels, last),
		*render() {
			yield* inPieces(def, linesOf(def, columns.now()));
		},
	};
}

/** `edges` in ascending order, without the infinite one. */
export function createHistogram(def: MetricDef, edges: readonly number[]): Histogram & Family {
	/** How many were observed in each bucket alone, the infinite one last; behind them their sum. */
	const columns = createColumns<Float64Array>(def);
	const countsOf = (labels: LabelSet, last: string) => {
		const known = columns.get(labels, last);
		const counts = known ?? new Float64Array(edges.length + 2);
		if (!known) columns.set(labels, last, counts);
		return counts;
	};
	return {
		begin: (labels, last = '') => void countsOf(labels, last),
		observe(labels, value, last = '') {
			const counts = countsOf(labels, last);
			const at = edges.findIndex(edge => value <= edge);
			const bucket = at === -1 ? edges.length : at;
			counts[bucket] = (counts[bucket] ?? 0) + 1;
			counts[edges.length + 1] = (counts[edges.length + 1] ?? 0) + value;
		},
		remove: (labels, last = '') => columns.remove(labels, last),
		*render() {
			const copies = columns.now().map(column => ({...column, values: column.values.map(counts => counts.slice())}));
			yield* inPieces(def, bucketLines(def, edges, copies));
		},
	};
}

/** Of samples that are handed over whole: `samples` says which there are now. */
export function createCollected(def: MetricDef, samples: () => readonly Sample[]): Family {
	return {
		*render() {
			yield* inPieces(def, sampleLines(samples()));
		},
	};
}

/** All series with the same value of the last label. */
interface Column<T> {
	/** Such as `state="up"`; empty where no label is told apart. */
	text: string;
	/** Texts of the other labels, and beside each what is filed there. */
	labels: readonly string[];
	values: readonly T[];
}

function createColumns<T>(def: MetricDef) {
	const byLast = new Map<string, Map<string, T>>();
	return {
		get: ({text}: LabelSet, last: string) => byLast.get(last.toWellFormed())?.get(text),
		set(labels: LabelSet, givenLast: string, value: T): void {
			const last = givenLast.toWellFormed();
			const column = byLast.get(last) ?? new Map<string, T>();
			if (!column.has(labels.text)) {
				insistOnLabels(def, labels, last);
				insistOnOneWay(labels, last);
			}
			byLast.set(last, column);
			column.set(labels.text, value);
		},
		remove: ({text}: LabelSet, last: string) => void byLast.get(last.toWellFormed())?.delete(text),
		now: (): Column<T>[] =>
			[...byLast].map(([last, column]) => ({
				text: last === '' ? '' : labelText({[def.labels.at(-1) ?? '']: last}),
				labels: [...column.keys()],
				values: [...column.values()],
			})),
	};

	/** A series that is there with its last label told apart must not come whole as well, nor the other way round. */
	function insistOnOneWay({values, text}: LabelSet, last: string): void {
		const name = def.labels.at(-1);
		if (name === undefined) return;
		const {[name]: own = '', ...others} = values;
		const isThere =
			last === ''
				? byLast.get(own.toWellFormed())?.has(labelText(others))
				: byLast.get('')?.has(joined(text, labelText({[name]: last})));
		if (isThere) throw new TypeError(`${def.name} has the series ${joined(text, last)} already, filed the other way`);
	}
}

function insistOnLabels(def: MetricDef, {values}: LabelSet, last: string): void {
	const wanted = last === '' ? def.labels : def.labels.slice(0, -1);
	const given = Object.keys(values);
	if (given.length === wanted.length && given.every((name, at) => name === wanted[at])) return;
	throw new TypeError(`${def.name} has the labels ${def.labels.join()}, not ${given.join()}`);
}

/** Some hundred lines: under a millisecond, and what one write takes. */
const pieceLength = 60_000;

function* inPieces({name, help, type}: MetricDef, lines: Iterable<string>): Generator<string> {
	let piece = `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n# TYPE ${name} ${type}\n`;
	let isEmpty = true;
	for (const line of lines) {
		isEmpty = false;
		piece += line;
		if (piece.length < pieceLength) continue;
		yield piece;
		piece = '';
	}
	if (!isEmpty && piece !== '') yield piece;
}

function* linesOf({name}: MetricDef, columns: readonly Column<number>[]): Generator<string> {
	for (const {text, labels, values} of columns)
		for (let at = 0; at < labels.length; at++) yield line(name, labels[at] ?? '', text, values[at] ?? 0);
}

function* bucketLines(
	{name}: MetricDef,
	edges: readonly number[],
	columns: readonly Column<Float64Array>[],
): Generator<string> {
	for (const {text, labels, values} of columns) {
		for (const [at, counts] of values.entries()) {
			const own = joined(labels[at] ?? '', text);
			let count = 0;
			for (let bucket = 0; bucket <= edges.length; bucket++) {
				count += counts[bucket] ?? 0;
				yield line(`${name}_bucket`, own, `le="${format(edges[bucket] ?? Number.POSITIVE_INFINITY)}"`, count);
			}
			yield line(`${name}_sum`, own, '', counts[edges.length + 1] ?? 0);
			yield line(`${name}_count`, own, '', count);
		}
	}
}

function* sampleLines(samples: readonly Sample[]): Generator<string> {
	for (const {name, labels, value} of samples) yield line(name, labelText(labels), '', value);
}

function line(name: string, labels: string, last: string, value: number): string {
	const all = joined(labels, last);
	return all === '' ? `${name} ${format(value)}\n` : `${name}{${all}} ${format(value)}\n`;
}

function joined(labels: string, last: string): string {
	return labels === '' || last === '' ? labels + last : `${labels},${last}`;
}

function format(value: number): string {
	if (Number.isFinite(value)) return `${value}`;
	return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
}
