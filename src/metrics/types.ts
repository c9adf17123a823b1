/** A metric as data. Every metric of the program is such a row, declared once, next to the code that feeds it. */

export interface MetricDef {
	name: string;
	type: 'gauge' | 'counter' | 'histogram';
	/** One sentence, for /metrics and docs/metrics.md. */
	help: string;
	labels: readonly string[];
	/** Edges in seconds; only for histograms that do not use the shared ones. */
	buckets?: readonly number[];
}

/** One number of a declared metric, as a collector hands it over. */
export interface Sample {
	name: string;
	labels: Record<string, string>;
	value: number;
}

/** Labels of every per-check series. */
export const checkLabels = ['check', 'type', 'vantage', 'target', 'peer'] as const;
