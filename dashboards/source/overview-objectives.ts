/** What was promised: availability over 30 days against its objective, the budget that is left, and latency. */

import {columns} from './columns.ts';
import {dashboardPage, runbook} from './links.ts';
import {bad, good, steps, usedUp, warning} from './looks.ts';
import {lines, table} from './panels.ts';
import {gauge, grownOver, recorded, series} from './series.ts';
import {overTime, rows} from './targets.ts';
import {chosen} from './variables.ts';

const check = chosen('check');
/** What may fail, and what did: rates of five minutes, which five minutes apart cover a month without gaps. */
const budget = `max by (check) (${recorded('check:tailprobe_check_error_budget:ratio', check)})`;
const failures = recorded('link:tailprobe_check_failures:rate5m', check, chosen('vantage'));
const runs = recorded('link:tailprobe_check_runs:rate5m', check, chosen('vantage'));
const month = (rate: string) => `sum by (check) (sum_over_time(${rate}[30d:5m]) or ${rate})`;
const failed = `${month(failures)} / (${month(runs)} > 0)`;

const withinObjective = (...matchers: string[]) =>
	`sum by (check) (${grownOver('1h', 'tailprobe_check_objective_runs_total', check, ...matchers)})`;

export const objectivePanels = [
	table({
		title: 'Availability over 30 days, as far as there are data',
		description:
			'Share of the scheduled runs that were up; runs at which nobody could look count neither way. The budget is what the objective allows to fail: 100 % is untouched, `used up` means that the promise is broken. Checks without an objective are left out.',
		unit: 'percentunit',
		span: 12,
		height: 9,
		targets: [
			rows(`1 - ${failed}`, 'A'),
			rows(`1 - ${budget}`, 'B'),
			rows(`clamp_min(1 - ${failed} / ${budget}, 0)`, 'C'),
		],
		decimals: 3,
		...columns(
			[
				{
					field: 'check',
					title: 'Check',
					links: [dashboardPage('Its services', 'tailprobe-services', 'check', 'columns')],
				},
				{field: 'Value #A', title: 'Availability', unit: 'percentunit', decimals: 3},
				{field: 'Value #B', title: 'Objective', unit: 'percentunit', decimals: 2},
				{
					field: 'Value #C',
					title: 'Budget left',
					unit: 'percentunit',
					decimals: 0,
					thresholds: steps(bad, [0, warning], [0.25, good]),
					mappings: [usedUp],
				},
			],
			'check',
		),
	}),
	lines({
		title: 'How fast the budget burns',
		description:
			'Over five minutes. 1 uses up exactly the budget in 30 days; 14.4 a fiftieth of it in an hour, which pages once it lasts. A short failure looks sharp here: the alerts look over hours as well.',
		links: [runbook('ServiceBudgetBurn')],
		unit: 'short',
		span: 12,
		height: 9,
		min: 0,
		targets: [overTime(`sum by (check) (${failures}) / (sum by (check) (${runs}) > 0) / ${budget}`, '{{check}}')],
		thresholds: steps(good, [1, warning], [14.4, bad]),
		valueLinks: [dashboardPage('Its services', 'tailprobe-services', 'check', 'labels')],
	}),
	table({
		title: 'Slower than promised',
		description:
			'For checks with a latency objective: the share of their successful runs that took no longer, over the last hour. Below 90 % is worth a look, below half is a ticket.',
		links: [runbook('ServiceSlow')],
		unit: 'percentunit',
		span: 12,
		height: 7,
		targets: [
			rows(`${withinObjective('within="true"')} / ${withinObjective()}`, 'A'),
			rows(`max by (check) (${series('tailprobe_check_latency_objective_seconds', check)})`, 'B'),
		],
		...columns(
			[
				{
					field: 'check',
					title: 'Check',
					links: [dashboardPage('Its services', 'tailprobe-services', 'check', 'columns')],
				},
				{field: 'Value #B', title: 'Objective', unit: 's'},
				{
					field: 'Value #A',
					title: 'Within it',
					unit: 'percentunit',
					decimals: 1,
					thresholds: steps(bad, [0.5, warning], [0.9, good]),
				},
			],
			'check',
		),
	}),
	lines({
		title: 'What a run took',
		description:
			'The slowest link of each check in its last run, as far as the type of check measures a time. A lasting step usually means that a tunnel went from a direct path to a relay.',
		unit: 's',
		span: 12,
		height: 7,
		min: 0,
		targets: [
			overTime(`max by (check) (${gauge('tailprobe_check_duration_seconds', check, chosen('vantage'))})`, '{{check}}'),
		],
		valueLinks: [dashboardPage('Its services', 'tailprobe-services', 'check', 'labels')],
	}),
];
