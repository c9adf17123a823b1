/** What /metrics shows: prom-client's metrics of checks, and samples that collectors hand over whole. */

import {Counter, Gauge, Histogram, Registry} from 'prom-client';
import type {MetricDef, Sample} from './types.ts';

export interface Exposition {
	/** Asked again with the same row, the same family. */
	gauge(def: MetricDef): Gauge;
	counter(def: MetricDef): Counter;
	/** `edges` replaces the declared buckets. Asked again with other edges, the family starts anew (as after a restart). */
	histogram(def: MetricDef, edges: readonly number[]): Histogram;
	/** Families whose samples are replaced as a whole; `collect` runs at each rendering, must be quick and must not throw. */
	collected(defs: readonly MetricDef[], collect: () => Sample[]): void;
	/** The text format 0.0.4, one family at a time, with room for other work in between. */
	render(): AsyncGenerator<string>;
}

/** The part of prom-client's metric interface that its registry renders from. */
interface Rendered {
	name: string;
	help: string;
	type: string;
	get(): Promise<{name: string; help: string; type: string; values: unknown[]; aggregator: string}>;
}

export function createExposition(): Exposition {
	const registry = new Registry();
	const order: string[] = [];
	const rows = new Map<string, string>();
	const collections: {defs: readonly MetricDef[]; collect: () => Sample[]; latest: Map<string, Sample[]>}[] = [];

	return {
		gauge: def => declare(def, () => known(def, Gauge) ?? new Gauge({...basics(def), registers: [registry]})),
		counter: def => declare(def, () => known(def, Counter) ?? new Counter({...basics(def), registers: [registry]})),
		histogram: (def, edges) => {
			registry.removeSingleMetric(def.name);
			return declare(def, () => new Histogram({...basics(def), buckets: [...edges], registers: [registry]}));
		},
		collected(defs, collect) {
			const collection = {defs, collect, latest: new Map<string, Sample[]>()};
			collections.push(collection);
			for (const def of defs)
				declare(def, () => registry.registerMetric(collectedFamily(def, collection.latest) as never));
		},
		render,
	};

	async function* render(): AsyncGenerator<string> {
		for (const collection of collections) {
			const samples = collection.collect();
			collection.latest.clear();
			for (const sample of samples) {
				const family = collection.latest.get(sample.name);
				if (family) family.push(sample);
				else collection.latest.set(sample.name, [sample]);
			}
			await breathe();
		}
		for (const name of order) {
			const text = await registry.getSingleMetricAsString(name);
			// A family without series would only be two comment lines.
			if (!text.includes('\n', text.indexOf('# TYPE'))) continue;
			yield `${text}\n`;
			await breathe();
		}
	}

	/** The family of a row that several places share. Throws TypeError when two rows of one name differ. */
	function known<T extends Gauge | Counter>(def: MetricDef, kind: new (...args: never[]) => T): T | undefined {
		const family: unknown = registry.getSingleMetric(def.name);
		if (family === undefined) return undefined;
		const row = JSON.stringify(basics(def));
		if (family instanceof kind && rows.get(def.name) === row) return family;
		throw new TypeError(`the metric ${def.name} is declared twice, differently`);
	}

	function declare<T>(def: MetricDef, create: () => T): T {
		const created = create();
		if (!order.includes(def.name)) order.push(def.name);
		rows.set(def.name, JSON.stringify(basics(def)));
		return created;
	}
}

function basics(def: MetricDef): {name: string; help: string; labelNames: string[]} {
	return {name: def.name, help: def.help, labelNames: [...def.labels]};
}

function collectedFamily(def: MetricDef, latest: ReadonlyMap<string, Sample[]>): Rendered {
	const {name, help, type} = def;
	return {
		name,
		help,
		type,
		async get() {
			return {name, help, type, aggregator: 'sum', values: latest.get(name) ?? []};
		},
	};
}

function breathe(): Promise<void> {
	return new Promise(resolve => setImmediate(resolve));
}
