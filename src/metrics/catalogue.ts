/** Every metric that tailprobe can export, as data. Documentation, dashboards, rules and tests are held against this list. */

import {collectorMetrics} from '../collectors/registry.ts';
import {probes} from '../probes/registry.ts';
import {checkMetrics, ownMetrics, vantageMetrics} from './core.ts';
import type {MetricDef} from './types.ts';

export interface CatalogueSection {
	title: string;
	metrics: readonly MetricDef[];
}

/** The catalogue in the order of docs/metrics.md. */
export const catalogue: readonly CatalogueSection[] = [
	{title: 'Checks', metrics: Object.values(checkMetrics)},
	...probes
		.filter(probe => probe.metrics.length > 0)
		.map(probe => ({title: `Probe type \`${probe.type}\``, metrics: probe.metrics})),
	{title: 'Vantages', metrics: Object.values(vantageMetrics)},
	{title: 'Headscale and its nodes', metrics: collectorMetrics},
	{title: 'tailprobe itself', metrics: Object.values(ownMetrics)},
];
