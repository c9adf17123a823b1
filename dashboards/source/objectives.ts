/** Panels about what was promised of services: availability, error budget, latency. */

import type {Builder} from '@grafana/grafana-foundation-sdk/cog';
import type {Panel} from '@grafana/grafana-foundation-sdk/dashboard';
import {columns} from './columns.ts';
import {checkPage, nodePage, runbook} from './links.ts';
import {bad, good, linkStates, neutral, nothing, steps, usedUp, warning} from './looks.ts';
import {lines, table} from './panels.ts';
import {gauge, grownOver, perSecond, recorded, series} from './series.ts';
import {overTime, rows} from './targets.ts';
import {chosen} from './variables.ts';

const shown = [chosen('check'), chosen('vantage'), chosen('peer')];
const link = 'check, type, vantage, target, peer';
/** All labels of a link but the check: what is promised is promised of the check. */
const ofLink = 'type, vantage, target, peer';

const objective = gauge('tailprobe_check_availability_objective_ratio', chosen('check'));
const failed = `${runs('verdict="down"')} / (${runs('verdict=~"up|down"')} > 0)`;
const budgetUsed = `${failed} / ignoring (${ofLink}) group_left () (1 - ${objective})`;
const slow = `${ranOver('within="false"')} / ${ranOver()}`;
const slowOverTime = `${ratedOver('within="false"')} / (${ratedOver()} > 0)`;
const left = {field: 'Value #D', title: 'Budget left', unit: 'percentunit', decimals: 1, width: 110};

export const objectivePanels: ReadonlyArray<Builder<Panel>> = [
	table({
		title: 'Links and what is promised of them, over the time shown',
		description:
			'One row for each link of which an availability is promised: its state, the share of runs that were up in the time shown (runs at which nobody could look do not count), what is promised, and how much of the permitted failures is left. `used up`: more failed than was promised. Slow: share of the answers that took longer than promised.',
		...{unit: 'none', span: 24, height: 10},
		thresholds: steps(neutral),
		targets: [
			rows(ofPromised(`max by (${link}) (${state()})`), 'A'),
			rows(ofPromised(`max by (${link}) (1 - ${failed})`), 'B'),
			rows(ofPromised(`max by (${link}) (${failed} * 0 + ignoring (${ofLink}) group_left () ${objective})`), 'C'),
			rows(`max by (${link}) (clamp_min(1 - ${budgetUsed}, 0))`, 'D'),
			rows(ofPromised(`max by (${link}) (${gauge('tailprobe_check_duration_seconds', ...shown)})`), 'E'),
			rows(
				`max by (${link}) (${gauge('tailprobe_check_state', 'state="up"', ...shown)} * 0 + ignoring (${ofLink}, state) group_left () ${gauge('tailprobe_check_latency_objective_seconds', chosen('check'))})`,
				'F',
			),
			rows(`max by (${link}) (${slow})`, 'G'),
		],
		...columns([
			{field: 'check', title: 'Check'},
			{field: 'vantage', title: 'From'},
			{field: 'target', title: 'To', links: [checkPage('columns')]},
			{field: 'peer', title: 'Machine', links: [nodePage('columns')]},
			{field: 'Value #A', title: 'State', mappings: linkStates, width: 80},
			{field: 'Value #B', title: 'Available', unit: 'percentunit', decimals: 3, width: 110},
			{field: 'Value #C', title: 'Promised', unit: 'percentunit', decimals: 1, width: 95},
			{...left, thresholds: steps(bad, [0, warning], [0.5, good]), mappings: [usedUp, nothing('nothing ran')]},
			{field: 'Value #E', title: 'Last run', unit: 's', decimals: 1, width: 95, mappings: [nothing('–')]},
			{field: 'Value #F', title: 'Promised within', unit: 's', width: 130, mappings: [nothing('–')]},
			{
				...{field: 'Value #G', title: 'Slow', unit: 'percentunit', decimals: 1, width: 80},
				thresholds: steps(good, [0.01, warning], [0.5, bad]),
				mappings: [nothing('–')],
			},
		]),
		links: [runbook('ServiceDown'), runbook('ServiceBudgetBurn')],
	}),
	lines({
		title: 'Budget burnt over the last hour',
		description:
			'1 means that, if it goes on like this, all permitted failures are used up exactly at the end of 30 days; at 14.4 (dashed) a fiftieth of the month is used up in an hour, which pages when the last five minutes were as bad.',
		...{unit: 'none', decimals: 1, min: 0, span: 8, height: 8},
		thresholds: steps('transparent', [14.4, bad]),
		targets: [overTime(burn('1h'), '{{check}}: {{vantage}} → {{target}}')],
		links: [runbook('ServiceBudgetBurn')],
	}),
	lines({
		title: '… over the last six hours',
		description:
			'The same over six hours. At 6 (dashed) a twentieth of the month is used up in that time, which pages when the last half hour was as bad. It falls slowly after a fault: look at the other panel for whether it goes on.',
		...{unit: 'none', decimals: 1, min: 0, span: 8, height: 8},
		thresholds: steps('transparent', [6, bad]),
		targets: [overTime(burn('6h'), '{{check}}: {{vantage}} → {{target}}')],
		links: [runbook('ServiceBudgetBurn')],
	}),
	lines({
		title: 'Answers slower than promised',
		description:
			'Share of the answers that took longer than the `objective` of their check. Above one half for five minutes there is a ticket.',
		...{unit: 'percentunit', min: 0, max: 1, span: 8, height: 8},
		thresholds: steps('transparent', [0.5, warning]),
		targets: [overTime(slowOverTime, '{{check}}: {{vantage}} → {{target}}')],
		links: [runbook('ServiceSlow')],
	}),
];

/** Only links of checks of which an availability is promised. */
function ofPromised(expr: string): string {
	return `${expr} and ignoring (${ofLink}) group by (check) (${objective})`;
}

/** 0 up, 1 unknown, 2 down; up if any replica finds it up. */
function state(): string {
	const is = (name: string) =>
		`max without (instance, pod, state) (${series('tailprobe_check_state', `state="${name}"`, ...shown)})`;
	return `(${is('up')} == 1) * 0 or (${is('down')} == 1) * 2 or ${is('unknown')}`;
}

/** In the time shown; `verdict` chooses some of them. */
function runs(verdict: string): string {
	return `sum without (verdict) (${grownOver('$__range', 'tailprobe_check_runs_total', verdict, ...shown)})`;
}

/** How many times as fast as it may a link uses up its budget, as the alerts reckon it. */
function burn(window: '1h' | '6h'): string {
	const failures = recorded(`link:tailprobe_check_failures:ratio_rate${window}`, ...shown);
	const budget = recorded('check:tailprobe_check_error_budget:ratio', chosen('check'));
	return `${failures} / ignoring (${ofLink}) group_left () ${budget}`;
}

function ranOver(...matchers: readonly string[]): string {
	return `sum without (within) (${grownOver('$__range', 'tailprobe_check_objective_runs_total', ...matchers, ...shown)})`;
}

function ratedOver(...matchers: readonly string[]): string {
	return `sum without (within) (${perSecond('tailprobe_check_objective_runs_total', ...matchers, ...shown)})`;
}
