/** Which labels a series has that tailprobe exports or that its rules record, those of the scrape included. */

import {readdirSync, readFileSync} from 'node:fs';
import {parse} from 'yaml';
import {z} from 'zod';
import {catalogue} from '../../src/metrics/catalogue.ts';
import type {MetricDef} from '../../src/metrics/types.ts';
import {labelsOf} from './promql.ts';

/** What scraping may add, bare or by an operator. */
export const scrapeLabels = [
	'cluster',
	'job',
	'instance',
	'namespace',
	'pod',
	'service',
	'endpoint',
	'container',
] as const;

const ruleFile = z.object({
	groups: z.array(
		z.object({
			rules: z.array(
				z.object({
					alert: z.string().optional(),
					record: z.string().optional(),
					expr: z.string(),
					labels: z.record(z.string(), z.string()).default({}),
					annotations: z.record(z.string(), z.string()).default({}),
				}),
			),
		}),
	),
});

export type Rule = z.infer<typeof ruleFile>['groups'][number]['rules'][number];

const folder = new URL('../../alerts/', import.meta.url);

/** All rules of alerts/*.yaml. */
export const rules: readonly Rule[] = readdirSync(folder)
	.filter(name => name.endsWith('.yaml'))
	.flatMap(name =>
		ruleFile.parse(parse(readFileSync(new URL(name, folder), 'utf8'))).groups.flatMap(group => group.rules),
	);

const exported = new Map(catalogue.flatMap(({metrics}) => metrics.flatMap(metric => seriesOf(metric))));
const recorded = recordedLabels();
const alerts = alertLabels();

/** Labels of a series by its name. Throws where nothing exports or records it. */
export function exportedLabels(name: string): readonly string[] {
	const labels = exported.get(name) ?? recorded.get(name) ?? alerts.get(name);
	if (labels === undefined) throw new Error(`${name} is neither in the catalogue of metrics nor recorded in alerts/.`);
	return labels;
}

function seriesOf({name, type, labels}: MetricDef): Array<[string, readonly string[]]> {
	const own = [...labels, ...scrapeLabels];
	if (type !== 'histogram') return [[name, own]];
	return [
		[`${name}_bucket`, [...own, 'le']],
		[`${name}_sum`, own],
		[`${name}_count`, own],
	];
}

/** Rules read each other, and some their own past: their labels are those with which all of them agree. */
function recordedLabels(): Map<string, readonly string[]> {
	const recording = rules.flatMap(({record, expr, labels}) => (record === undefined ? [] : [{record, expr, labels}]));
	const found = new Map<string, readonly string[]>(recording.map(({record}) => [record, []]));
	const sofar = (name: string) => exported.get(name) ?? found.get(name) ?? [];
	let hasGrown = true;
	while (hasGrown) {
		hasGrown = false;
		for (const {record, expr, labels} of recording) {
			const before = found.get(record) ?? [];
			const after = new Set([...before, ...labelsOf(expr, sofar, true), ...Object.keys(labels)]);
			hasGrown ||= after.size > before.length;
			found.set(record, [...after]);
		}
	}
	return found;
}

/** Prometheus' own series about alerts have the labels of any of them. */
function alertLabels(): Map<string, readonly string[]> {
	const known = (name: string) => exported.get(name) ?? recorded.get(name) ?? [];
	const labels = new Set(['alertname']);
	for (const {alert, expr, labels: own} of rules) {
		if (alert === undefined) continue;
		for (const label of [...labelsOf(expr, known, true), ...Object.keys(own)]) labels.add(label);
	}
	return new Map([
		['ALERTS', [...labels, 'alertstate']],
		['ALERTS_FOR_STATE', [...labels]],
	]);
}
