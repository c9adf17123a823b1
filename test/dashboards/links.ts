import {readdir} from 'node:fs/promises';
import test from 'ava';
import {z} from 'zod';
import {alertNames} from '../../dashboards/source/alerts.ts';
import {emptyInHealth} from '../../dashboards/source/empty-in-health.ts';
import {dashboards} from '../../dashboards/source/registry.ts';
import {faults} from '../../src/lab/faults.ts';
import {panelsOf, queriesOf} from '../helpers/dashboard-queries.ts';
import {rules} from '../helpers/exported-series.ts';

const mapping = z.object({options: z.record(z.string(), z.object({text: z.string()}))});

test('Each alert leads to a dashboard that is there, and sets variables that it has', t => {
	const alerts = rules.filter(({alert}) => alert !== undefined);

	const astray = alerts.flatMap(({alert, annotations}) => {
		const url = annotations.dashboard_url ?? '';
		const [, uid, query] = /^https:\/\/grafana\.example\.com\/d\/([\w-]+)(?:\?(.*))?$/s.exec(url) ?? [];
		const dashboard = dashboards.find(each => each.uid === uid);
		const names = (dashboard?.templating?.list ?? []).map(({name}) => name);
		const set = [...(query ?? '').matchAll(/var-(\w+)=/g)].map(([, name]) => name ?? '');
		return dashboard !== undefined && set.every(name => names.includes(name)) ? [] : [`${alert}: ${url}`];
	});

	t.true(alerts.length > 0);
	t.deepEqual(astray, []);
});

test('The overview leads from each alert to a runbook that is there', async t => {
	const runbooks = await readdir(new URL('../../docs/runbooks/', import.meta.url));

	const alerts = dashboards.flatMap(panelsOf).find(({title}) => title === 'Alerts that fire');
	const [, column] = /\$\{runbooks\}\/\$\{__data\.fields\.(\w+)\.text\}/.exec(JSON.stringify(alerts)) ?? [];
	const words = (alerts?.fieldConfig?.overrides ?? [])
		.filter(({matcher}) => matcher.options === column)
		.flatMap(({properties}) => properties.filter(({id}) => id === 'mappings'))
		.flatMap(({value}) => mapping.array().parse(value));

	const files = new Map(words.flatMap(({options}) => Object.entries(options)).map(([name, {text}]) => [name, text]));
	t.deepEqual(
		alertNames().filter(name => !runbooks.includes(files.get(name) ?? '')),
		[],
	);
});

test('Panels lead to runbooks of alerts that are there', t => {
	const names = alertNames().map(name => `${name.toLowerCase()}.md`);
	const linked = dashboards.flatMap(dashboard =>
		[...JSON.stringify(dashboard).matchAll(/\$\{runbooks\}\/([\w.]+)/g)].map(([, name]) => name ?? ''),
	);

	t.true(linked.length > 0);
	t.deepEqual(
		linked.filter(name => !names.includes(name)),
		[],
	);
});

test('Links lead to dashboards that are there, and set variables that they have', t => {
	for (const dashboard of dashboards) {
		for (const [, uid, name] of JSON.stringify(dashboard).matchAll(/"\/d\/([\w-]+)[^"]*?&var-(\w+)=/g)) {
			const target = dashboards.find(each => each.uid === uid);
			t.true(
				(target?.templating?.list ?? []).some(each => each.name === name),
				`${dashboard.uid} → ${uid}, ${name}`,
			);
		}
	}
});

test('What is empty in health is a query of a dashboard, with a fault of the lab that fills it or the reason why none does', t => {
	const queries = dashboards.flatMap(queriesOf);

	for (const {uid, panel, refId, fault, why} of emptyInHealth) {
		const meant = queries.filter(
			each => each.uid === uid && each.panel === panel && (refId === undefined || each.refId === refId),
		);
		t.true(meant.length > 0, `${uid}: ${panel} ${refId ?? ''}`);
		t.true((fault === undefined) !== (why === undefined), `${uid}: ${panel} ${refId ?? ''}`);
		if (fault !== undefined)
			t.true(
				faults.some(({name}) => name === fault),
				fault,
			);
	}
});
