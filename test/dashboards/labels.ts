import test from 'ava';
import {z} from 'zod';
import {dashboards} from '../../dashboards/source/registry.ts';
import {panelsOf, queriesOf} from '../helpers/dashboard-queries.ts';
import {exportedLabels} from '../helpers/exported-series.ts';
import {labelsOf, sumsOf} from '../helpers/promql.ts';

const target = z.object({
	expr: z.string(),
	refId: z.string(),
	legendFormat: z.string().default(''),
	format: z.string().default('time_series'),
});

for (const dashboard of dashboards) {
	test(`${dashboard.title} asks for metrics and labels that tailprobe exports or its rules record`, t => {
		for (const {panel, refId, expr} of queriesOf(dashboard)) {
			t.notThrows(() => labelsOf(plain(expr), exportedLabels), `${panel} ${refId}`);
		}
		for (const {name, expr} of dashboard.annotations?.list ?? []) {
			t.notThrows(() => labelsOf(expr ?? '', exportedLabels), name);
		}
	});

	test(`${dashboard.title} finds values of its variables in labels that exist`, t => {
		const asked = (dashboard.templating?.list ?? []).filter(({type}) => type === 'query');

		for (const {name, query} of asked) {
			const [, selector, label] = /^label_values\((.+), (\w+)\)$/.exec(String(query)) ?? [];
			t.true(labelsOf(selector ?? '', exportedLabels).has(label ?? ''), `${name}: ${query}`);
		}
	});

	test(`${dashboard.title} does not count what two replicas see twice`, t => {
		for (const {panel, refId, expr} of queriesOf(dashboard)) {
			for (const {text, labels} of sumsOf(plain(expr), exportedLabels)) {
				t.false(labels.has('instance'), `${panel} ${refId}: ${text}`);
			}
		}
	});

	test(`${dashboard.title} names, links and shows by labels that the results have`, t => {
		for (const panel of panelsOf(dashboard)) {
			const results = (panel.targets ?? []).map(each => {
				const {expr, refId, legendFormat, format} = target.parse(each);
				return {
					refId,
					legend: legendFormat,
					labels: labelsOf(plain(expr), exportedLabels),
					isTable: format === 'table',
				};
			});
			for (const {refId, legend, labels, isTable} of results) {
				const named = [...legend.matchAll(/\{\{\s*(\w+)\s*\}\}/g)].map(([, label]) => label ?? '');
				for (const label of named) t.true(labels.has(label), `legend of ${panel.title} ${refId}: ${label}`);
				if (!isTable && labels.has('instance'))
					t.true(named.includes('instance'), `${panel.title} ${refId} shows each replica and does not say which`);
			}
			const json = JSON.stringify(panel);
			for (const [, label] of json.matchAll(/__field\.labels\.(\w+)/g)) {
				t.true(
					results.every(({labels}) => labels.has(label ?? '')),
					`link of ${panel.title}: ${label}`,
				);
			}
			const columns = new Set([
				...results.flatMap(({labels}) => [...labels]),
				...(results.length === 1 ? ['Value'] : results.map(({refId}) => `Value #${refId}`)),
			]);
			const used = [...json.matchAll(/__data\.fields\.(\w+)/g)].map(([, label]) => label ?? '');
			for (const field of [...used, ...columnsOf(panel.transformations ?? [])]) {
				t.true(columns.has(field), `column of ${panel.title}: ${field}`);
			}
		}
	});
}

function columnsOf(transformations: ReadonlyArray<{id: string; options: unknown}>): string[] {
	return transformations.flatMap(({id, options}) => {
		if (id !== 'organize') return [];
		return Object.keys((options as {indexByName?: Record<string, number>}).indexByName ?? {});
	});
}

function plain(expr: string): string {
	return expr.replaceAll('$__rate_interval', '5m').replaceAll('$__range', '1h').replaceAll('$__interval', '1m');
}
