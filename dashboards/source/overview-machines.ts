/** Rented machines on the overview: whether the pools have enough of them, and what they cost. */

import {BigValueTextMode} from '@grafana/grafana-foundation-sdk/common';
import {reachColours} from './coloured.ts';
import {columns} from './columns.ts';
import {dashboardPage, link, runbook} from './links.ts';
import {bad, good, steps, unknown, warning} from './looks.ts';
import {lines, stat, table} from './panels.ts';
import {gauge, series} from './series.ts';
import {now, overTime, rows} from './targets.ts';
import {chosen} from './variables.ts';

const pool = chosen('pool');
const of = (metric: string, ...matchers: string[]) => `max by (pool) (${series(metric, pool, ...matchers)})`;
const wasted = 'reach=~"never_joined|left|offline"';

export const machinePanels = [
	table({
		title: 'Pools',
		description:
			'Usable: tunnel up, services up, GPUs seen. Unknown: nobody could look at something that decides, so it may be usable. Spare is usable less minimum; below 0 together with the unknown ones pages.',
		links: [runbook('PoolBelowMinimum'), runbook('PoolUncertain')],
		unit: 'short',
		span: 12,
		height: 7,
		targets: [
			rows(of('tailprobe_pool_usable'), 'A'),
			rows(of('tailprobe_pool_members', 'state="unknown"'), 'B'),
			rows(of('tailprobe_pool_min'), 'C'),
			rows(`${of('tailprobe_pool_usable')} - ${of('tailprobe_pool_min')}`, 'D'),
			rows(of('tailprobe_pool_gpus_usable'), 'E'),
		],
		...columns(
			[
				{
					field: 'pool',
					title: 'Pool',
					links: [
						dashboardPage('Its machines', 'tailprobe-gpu', 'pool', 'columns'),
						link('Pools on the status page', `\${page}/#pools`),
					],
				},
				{field: 'Value #A', title: 'Usable', unit: 'short'},
				{field: 'Value #B', title: 'Unknown', unit: 'short', thresholds: steps(good, [1, unknown])},
				{field: 'Value #C', title: 'Minimum', unit: 'short'},
				{field: 'Value #D', title: 'Spare', unit: 'short', thresholds: steps(bad, [0, warning], [1, good])},
				{field: 'Value #E', title: 'Usable GPUs', unit: 'short'},
			],
			'pool',
		),
	}),
	stat({
		title: 'Dollars per hour',
		description:
			'What vast.ai charges for machines whose GPUs are paid for, and how much of it goes to machines that cannot be reached: they never joined the tailnet, left it, or their tunnel is down. Nothing where no key for vast.ai is configured.',
		links: [runbook('VastInstanceUnreachable'), runbook('VastMoneyWasted')],
		unit: 'currencyUSD',
		span: 6,
		height: 7,
		decimals: 2,
		targets: [
			now(`sum(${gauge('tailprobe_vast_price_dollars_per_hour')})`, 'all', 'A'),
			now(`sum(${gauge('tailprobe_vast_price_dollars_per_hour', wasted)})`, 'wasted', 'B'),
		],
		text: BigValueTextMode.ValueAndName,
		thresholds: steps('text'),
		overrides: [
			{
				name: 'wasted',
				properties: [{id: 'thresholds', value: {mode: 'absolute', steps: steps(good, [0.01, bad])}}],
			},
		],
	}),
	stat({
		title: 'Wasted in 24 hours',
		description:
			'Dollars that went to machines that could not be reached, during the last day as far as there are data of it: their price per hour of each minute, added up.',
		links: [runbook('VastMoneyWasted')],
		unit: 'currencyUSD',
		span: 6,
		height: 7,
		decimals: 2,
		targets: [
			now(`sum_over_time(sum(${gauge('tailprobe_vast_price_dollars_per_hour', wasted)})[1d:1m]) / 60`, 'wasted'),
		],
		thresholds: steps(good, [1, warning], [10, bad]),
	}),
	lines({
		title: 'Usable machines',
		description: 'Of each pool, beside the minimum that it must have.',
		unit: 'short',
		span: 12,
		height: 8,
		min: 0,
		targets: [
			overTime(of('tailprobe_pool_usable'), '{{pool}} usable', 'A'),
			overTime(of('tailprobe_pool_min'), '{{pool}} minimum', 'B'),
		],
		valueLinks: [dashboardPage('Its machines', 'tailprobe-gpu', 'pool', 'labels')],
	}),
	lines({
		title: 'Dollars per hour by reach',
		description:
			'Reachable: a tunnel to the machine is up. Joining: rented a moment ago. Never joined, left and offline are paid for without use. Unknown: nobody could look.',
		unit: 'currencyUSD',
		span: 12,
		height: 8,
		min: 0,
		stacked: true,
		targets: [overTime(`sum by (reach) (${gauge('tailprobe_vast_price_dollars_per_hour')})`, '{{reach}}')],
		overrides: reachColours,
	}),
];
