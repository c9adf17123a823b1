/** Every metric that tailprobe can export, as data. Documentation, dashboards, rules and tests are held against this list. */

import {checkCollector} from '../collectors/checks.ts';
import {gpuCollector} from '../collectors/gpus.ts';
import {incidentCollector} from '../collectors/incidents.ts';
import {kubernetesCollector} from '../collectors/kubernetes.ts';
import {machineCollector} from '../collectors/machines.ts';
import {poolMetrics} from '../collectors/pools.ts';
import {collectorMetrics, tailscaledRows} from '../collectors/registry.ts';
import {vastCollector} from '../collectors/vast.ts';
import {probes} from '../probes/registry.ts';
import {checkMetrics, ownMetrics, vantageMetrics} from './core.ts';
import type {MetricDef} from './types.ts';

export interface CatalogueSection {
	title: string;
	metrics: readonly MetricDef[];
}

/** The catalogue in the order of docs/metrics.md. */
export const catalogue: readonly CatalogueSection[] = [
	{title: 'Checks', metrics: [...Object.values(checkMetrics), ...checkCollector.metrics]},
	...probeSections(),
	{title: 'Vantages', metrics: Object.values(vantageMetrics)},
	{title: 'Headscale and its nodes', metrics: collectorMetrics},
	{title: 'The own tailscaled and the clients it knows', metrics: tailscaledRows},
	{title: 'GPUs', metrics: gpuCollector.metrics},
	{title: 'Pools', metrics: Object.values(poolMetrics)},
	{title: 'Kubernetes', metrics: kubernetesCollector.metrics},
	{title: 'vast.ai', metrics: vastCollector.metrics},
	{title: 'What is behind a machine', metrics: machineCollector.metrics},
	{title: 'Faults', metrics: incidentCollector.metrics},
	{title: 'tailprobe itself', metrics: Object.values(ownMetrics)},
];

/** A row that several types share stands once, in a section of these types. */
function probeSections(): CatalogueSection[] {
	const sections = new Map<string, MetricDef[]>();
	for (const metric of new Map(probes.flatMap(probe => probe.metrics.map(each => [each.name, each]))).values()) {
		const types = probes.filter(probe => probe.metrics.some(({name}) => name === metric.name)).map(({type}) => type);
		const title = `Probe type${types.length === 1 ? '' : 's'} ${types.map(type => `\`${type}\``).join(', ')}`;
		sections.set(title, [...(sections.get(title) ?? []), metric]);
	}
	return [...sections].map(([title, metrics]) => ({title, metrics}));
}
