/** What /metrics shows: metrics that are moved one by one, and samples that collectors hand over whole. */

import {
	type Counter,
	createCollected,
	createHistogram,
	createNumbers,
	type Family,
	type Gauge,
	type Histogram,
} from './families.ts';
import type {MetricDef, Sample} from './types.ts';

export type {Counter, Gauge, Histogram} from './families.ts';

export interface Exposition {
	/** Asked again with the same row, the same family. */
	gauge(def: MetricDef): Gauge;
	counter(def: MetricDef): Counter;
	/** `edges` replaces the declared buckets. Asked again, the family starts anew (as after a restart). */
	histogram(def: MetricDef, edges: readonly number[]): Histogram;
	/** Families whose samples are replaced as a whole; `collect` runs at each rendering, must be quick and must not throw. */
	collected(defs: readonly MetricDef[], collect: () => Sample[]): void;
	/** The text format 0.0.4 in pieces of some ten kilobytes, with room for other work in between. */
	render(): AsyncGenerator<string>;
}

export interface ExpositionOptions {
	/** Names of families that are not shown, asked once for each rendering; what moves them goes on. Default none. */
	hidden?(): ReadonlySet<string>;
}

export function createExposition({hidden = () => nothing}: ExpositionOptions = {}): Exposition {
	/** In the order of /metrics. A row that several places share has one. */
	const families = new Map<string, {row: string; family: Family}>();
	const numbers = new Map<string, Gauge & Counter & Family>();
	const collections: {names: readonly string[]; collect: () => Sample[]; latest: Map<string, Sample[]>}[] = [];

	return {
		gauge: shared,
		counter: shared,
		histogram: (def, edges) => declare(def, createHistogram(def, edges)),
		collected(defs, collect) {
			const latest = new Map<string, Sample[]>();
			collections.push({names: defs.map(({name}) => name), collect, latest});
			for (const def of defs)
				declare(
					def,
					createCollected(def, () => latest.get(def.name) ?? []),
				);
		},
		render,
	};

	async function* render(): AsyncGenerator<string> {
		const left = hidden();
		for (const {names, collect, latest} of collections) {
			if (names.every(name => left.has(name))) continue;
			const samples = collect();
			latest.clear();
			for (const sample of samples) {
				const family = latest.get(sample.name);
				if (family) family.push(sample);
				else latest.set(sample.name, [sample]);
			}
			await breathe();
		}
		for (const [name, {family}] of families) {
			if (left.has(name)) continue;
			for (const piece of family.render()) {
				yield piece;
				await breathe();
			}
		}
	}

	/** Throws TypeError when two rows of one name differ. */
	function shared(def: MetricDef): Gauge & Counter {
		const known = numbers.get(def.name);
		if (known && families.get(def.name)?.row === rowOf(def)) return known;
		if (families.has(def.name)) throw new TypeError(`the metric ${def.name} is declared twice, differently`);
		const created = createNumbers(def);
		numbers.set(def.name, created);
		return declare(def, created);
	}

	function declare<T extends Family>(def: MetricDef, family: T): T {
		families.set(def.name, {row: rowOf(def), family});
		return family;
	}
}

const nothing: ReadonlySet<string> = new Set();

function rowOf({name, type, help, labels}: MetricDef): string {
	return JSON.stringify([name, type, help, labels]);
}

function breathe(): Promise<void> {
	return new Promise(resolve => setImmediate(resolve));
}
