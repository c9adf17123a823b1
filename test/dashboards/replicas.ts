/** What the dashboards show of two replicas is what they show of one, whether one of them holds the lease of the inventory or there is none. */

import test from 'ava';
import {dashboards} from '../../dashboards/source/registry.ts';
import {inventoryNames} from '../../src/collectors/inventory-rows.ts';
import {stepSeconds} from '../helpers/alert-world.ts';
import {catalogueSeries} from '../helpers/catalogue-series.ts';
import {interpolated, queriesOf} from '../helpers/dashboard-queries.ts';
import {exportedLabels} from '../helpers/exported-series.ts';
import {labelsOf} from '../helpers/promql.ts';
import {askAfter, hasPromtool} from '../helpers/promtool-queries.ts';

const minutes = 30;
const steps = (minutes * 60) / stepSeconds + 1;
/** From here on nobody shows the inventory for two scrapes, then the other replica does. What fires by then goes on. */
const handOver = (20 * 60) / stepSeconds;

const worlds = {
	one: [() => true],
	both: [() => true, () => true],
	leased: [
		(metric: string, step: number) => !inventoryNames.has(metric) || step < handOver,
		(metric: string, step: number) => !inventoryNames.has(metric) || step >= handOver + 2,
	],
} as const;

const series = Object.entries(worlds).flatMap(([cluster, replicas]) =>
	replicas.flatMap((shows, number) =>
		catalogueSeries(
			{scraped: {job: 'tailprobe', cluster, instance: `10.0.0.${number}:9753`, pod: `tailprobe-${number}`}, shows},
			steps,
		),
	),
);

const queries = dashboards.flatMap(dashboard =>
	queriesOf(dashboard)
		// What shows each replica says so: that is tried with the labels.
		.filter(({expr}) => !labelsOf(plain(expr), exportedLabels).has('instance'))
		.flatMap(({panel, refId, expr}) => {
			const of = (cluster: keyof typeof worlds) =>
				`label_replace(${interpolated(expr.replaceAll('$cluster', cluster), dashboard, minutes * 60)}, "cluster", "", "", "")`;
			const name = `${dashboard.title}, ${panel} ${refId}`;
			return [
				{about: `${name} has data`, expr: `vector(1) unless on () (${of('one')})`},
				{about: `${name} is the same of both`, expr: differing(of('one'), of('both'))},
				{about: `${name} is the same after a hand-over`, expr: differing(of('one'), of('leased'))},
			];
		}),
);

/** What is asked for by name, and alerts for the panels that show any: one of links, two about the inventory. */
const asked = queries.flatMap(({expr}) => expr.match(/[a-z]+:\w+:\w+/g) ?? []);
const someAlerts = ['TunnelDown', 'GpuPodRestarting', 'VastInstanceUnreachable'];

(hasPromtool ? test : test.skip)('every panel shows of two replicas what it shows of one', async t => {
	t.timeout(300_000);

	const failure = await askAfter(
		minutes,
		series,
		queries.map(({expr}) => ({expr, samples: []})),
		[...asked, ...someAlerts],
	);

	// Too long to be read whole.
	t.deepEqual(
		queries.filter(({expr}) => failure.includes(`expr: ${JSON.stringify(expr)},`)).map(({about}) => about),
		[],
	);
	t.is(failure, '');
});

/** What one has and the other has not, and figures that are more than a twentieth apart. */
function differing(one: string, other: string): string {
	return `(${one} unless ${other}) or (${other} unless ${one}) or (abs(${other} - ${one}) > 0.05 * abs(${one}))`;
}

function plain(expr: string): string {
	return expr.replaceAll('$__rate_interval', '5m').replaceAll('$__range', '1h').replaceAll('$__interval', '1m');
}
