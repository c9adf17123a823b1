import * as units from '@grafana/grafana-foundation-sdk/units';
import test, {type ExecutionContext} from 'ava';
import {exclusions} from '../../dashboards/source/lint-exclusions.ts';
import {dashboards} from '../../dashboards/source/registry.ts';
import {catalogue} from '../../src/metrics/catalogue.ts';
import {panelsOf, queriesOf} from '../helpers/dashboard-queries.ts';
import {selectorsOf} from '../helpers/promql.ts';

// The rules of Grafana's dashboard-linter, and a few of our own, over every dashboard.

const unitIds = new Set<unknown>(Object.values(units));
const dataSource = {type: 'prometheus', uid: `\${datasource}`};
const counters = new Set(
	catalogue.flatMap(({metrics}) =>
		metrics.flatMap(({name, type}) => {
			if (type === 'counter') return [name];
			return type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [];
		}),
	),
);

for (const dashboard of dashboards) {
	const variables = dashboard.templating?.list ?? [];
	const panels = panelsOf(dashboard);
	const queries = queriesOf(dashboard);

	test(`${dashboard.title} lets the viewer choose the data source, and job and instance from it`, t => {
		const sources = variables.filter(({type}) => type === 'datasource');

		t.deepEqual(
			sources.map(({name, label, query}) => [name, label, query]),
			[['datasource', 'Data source', 'prometheus']],
		);
		for (const [name, label] of [
			['job', 'Job'],
			['instance', 'Instance'],
		]) {
			const variable = variables.find(each => each.name === name);
			t.like(variable, {label, type: 'query', multi: true, includeAll: true, allValue: '.+', datasource: dataSource});
		}
	});

	test(`${dashboard.title} asks anew for the values of its variables when the time changes`, t => {
		const asked = variables.filter(({type}) => type === 'query');

		t.true(asked.length > 0);
		for (const {name, refresh, datasource} of asked) {
			t.is(refresh, 2, name);
			t.deepEqual(datasource, dataSource, name);
		}
	});

	test(`${dashboard.title} has a title, a description and a unit of Grafana on each panel`, t => {
		for (const {type, title, description, fieldConfig} of panels) {
			t.regex(title ?? '', /\S/);
			t.regex(description ?? '', /^[\p{Lu}`\d].{20,}[.]$/su, `description of ${title}`);
			if (type === 'text') continue;
			t.true(unitIds.has(fieldConfig?.defaults?.unit ?? ''), `unit of ${title}: ${fieldConfig?.defaults?.unit}`);
			const others = (fieldConfig?.overrides ?? []).flatMap(({properties}) =>
				properties.filter(({id}) => id === 'unit'),
			);
			for (const {value} of others) t.true(unitIds.has(String(value)), `unit of a column of ${title}: ${value}`);
		}
	});

	test(`${dashboard.title} asks the chosen data source in each panel`, t => {
		for (const {type, title, datasource, targets} of panels) {
			if (type === 'text') {
				t.is(targets, undefined, title ?? '');
				continue;
			}
			t.deepEqual(datasource, dataSource, title ?? '');
			t.true((targets ?? []).length > 0, `queries of ${title}`);
			const letters = (targets ?? []).map(target => ('refId' in target ? target.refId : ''));
			t.is(new Set(letters).size, letters.length, `letters of the queries of ${title}`);
			for (const target of targets ?? []) t.like(target, {datasource: dataSource}, title ?? '');
		}
	});

	test(`${dashboard.title} confines each series to the chosen cluster, job and instance`, t => {
		for (const {panel, expr} of queries) {
			for (const {metric, matchers} of selectorsOf(plain(expr))) {
				const has = (label: string) =>
					matchers.some(each => each.label === label && each.operator === '=~' && each.value === `$${label}`);
				const isLetOff = (rule: string) => exclusions.some(each => each.rule === rule && each.series.test(metric));
				t.true(has('cluster'), `cluster of ${metric} in ${panel}`);
				t.is(has('job'), !isLetOff('target-job-rule'), `job of ${metric} in ${panel}`);
				t.is(has('instance'), !isLetOff('target-instance-rule'), `instance of ${metric} in ${panel}`);
			}
		}
	});

	test(`${dashboard.title} reads counters through rate and increase only, and rates over the interval of the panel`, t => {
		for (const {panel, expr} of queries) checkCounters(t, panel, expr);
	});
}

function checkCounters(t: ExecutionContext, panel: string, expr: string): void {
	for (const {metric, inside, range} of selectorsOf(plain(expr))) {
		if (counters.has(metric))
			t.true(['rate', 'irate', 'increase'].includes(inside), `${metric} in ${panel}: ${inside}`);
		if (inside === 'rate' || inside === 'irate') t.is(range, rateInterval, `${metric} in ${panel}`);
	}
}

/** Grafana's variables that stand for times, as times; those within quotes stay. */
const rateInterval = '8m53s';
function plain(expr: string): string {
	return expr.replaceAll('$__rate_interval', rateInterval).replaceAll('$__range', '1h').replaceAll('$__interval', '1m');
}
