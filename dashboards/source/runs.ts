/** Panels about the work of the vantages: whether runs begin, end and are on time, and how remote machines are reached. */

import type {Builder} from '@grafana/grafana-foundation-sdk/cog';
import type {Panel} from '@grafana/grafana-foundation-sdk/dashboard';
import {coloured} from './coloured.ts';
import {columns} from './columns.ts';
import {checkPage, nodePage, runbook} from './links.ts';
import {bad, good, neutral, steps, unknown, vantageStates, warning, words, yesOrNo} from './looks.ts';
import {lines, stateTimeline, table} from './panels.ts';
import {gauge, perMinute, perSecond, recorded, series} from './series.ts';
import {overTime, rows} from './targets.ts';
import {chosen} from './variables.ts';

const here = chosen('vantage');
const unknownLinks = recorded('link:tailprobe_check_unknown:min', here, chosen('check'));
const waysOfState = (state: string) =>
	`max without (instance, pod, state) (${series('tailprobe_vantage_way_state', `state="${state}"`, here)})`;

export const runPanels: ReadonlyArray<Builder<Panel>> = [
	lines({
		title: 'Runs by verdict, per second',
		description:
			'Runs of the schedule that ended, per second, by verdict. The height stays the same while the plan does: a step down means that a vantage stopped looking. Unknown is "could not look".',
		...{unit: 'short', min: 0, span: 12, height: 8, stacked: true},
		targets: [overTime(`sum by (verdict) (${perSecond('tailprobe_vantage_runs_total', here)})`, '{{verdict}}')],
		overrides: [coloured('up', good), coloured('down', bad), coloured('unknown', unknown)],
		links: [runbook('TailprobeRunsStopped')],
	}),
	stateTimeline({
		title: 'Vantages',
		description:
			'Whether each vantage can look. Gone: its machine cannot be reached, or its measuring thread or its tailscaled is not sound. Its links are unknown then, not down.',
		...{unit: 'none', span: 12, height: 8},
		mappings: vantageStates,
		targets: [overTime(gauge('tailprobe_vantage_up', here), '{{vantage}}')],
		links: [runbook('VantageGone')],
	}),
	lines({
		title: 'How late each measuring thread is',
		description:
			'How late the measuring thread of each vantage was at worst in the last 30 s. From a fifth of a timeout on (0.4 s of 2 s) readings are thrown away: the machine has too little processor time.',
		...{unit: 's', min: 0, span: 8, height: 8},
		thresholds: steps('transparent', [0.4, bad]),
		targets: [overTime(gauge('tailprobe_vantage_lateness_seconds', here), '{{vantage}}')],
		links: [runbook('TailprobeStarved')],
	}),
	lines({
		title: 'Runs spoiled or left out, per minute',
		description:
			'Per minute: late answered (a verdict without times), late timed out (unknown), and slots without a run, as the check was still running (overlap) or we came too late (late). All should be 0.',
		...{unit: 'short', min: 0, span: 8, height: 8},
		targets: [
			overTime(`sum by (outcome) (${perMinute('tailprobe_vantage_late_runs_total', here)})`, 'late, {{outcome}}', 'A'),
			overTime(
				`sum by (reason) (${perMinute('tailprobe_vantage_skipped_slots_total', here)})`,
				'skipped, {{reason}}',
				'B',
			),
		],
		links: [runbook('TailprobeStarved')],
	}),
	lines({
		title: 'Restarts of measuring threads, per minute',
		description:
			'Times that the measuring thread of a vantage ended unasked, per minute. It is started again at once; each one is a fault of tailprobe, and its log says which.',
		...{unit: 'short', min: 0, span: 8, height: 8},
		targets: [overTime(perMinute('tailprobe_vantage_thread_restarts_total', here), '{{vantage}}')],
		links: [runbook('TailprobeThreadRestarting')],
	}),
	stateTimeline({
		title: 'Ways to remote machines',
		description:
			'By which way each remote vantage is reached. used: this one works. ready: it would. failing: it does not. unsupported: it cannot work there, which is a fact and no failure. idle: not tried, as one before it works.',
		...{unit: 'none', span: 12, height: 8},
		mappings: [
			words({
				0: ['used', good],
				1: ['ready', 'blue'],
				2: ['idle', neutral],
				3: ['unsupported', neutral],
				4: ['failing', bad],
			}),
		],
		targets: [
			overTime(
				`(${waysOfState('used')} == 1) * 0 or (${waysOfState('ready')} == 1) or (${waysOfState('idle')} == 1) * 2 or (${waysOfState('unsupported')} == 1) * 3 or (${waysOfState('failing')} == 1) * 4`,
				'{{vantage}} {{way}}',
			),
		],
		noValue: 'There is no remote vantage.',
		links: [runbook('VantageGone')],
	}),
	lines({
		title: 'Readings of agents that need care, per minute',
		description:
			'Per minute. belated: taken while the agent was cut off, they fill the history only. lost: it was cut off for longer than it remembers. foreign, malformed, excess: what no honest agent sends, and a reason to look who else is on that machine.',
		...{unit: 'short', min: 0, span: 12, height: 8},
		targets: [
			overTime(perMinute('tailprobe_vantage_belated_readings_total', here), '{{vantage}} belated', 'A'),
			overTime(perMinute('tailprobe_vantage_lost_readings_total', here), '{{vantage}} lost', 'B'),
			overTime(perMinute('tailprobe_vantage_rejected_readings_total', here), '{{vantage}} {{reason}}', 'C'),
		],
		thresholds: steps('transparent', [1, warning]),
		noValue: 'There is no agent.',
		links: [runbook('TailprobeReadingsRejected'), runbook('TailprobeReadingsLost')],
	}),
	table({
		title: 'Links at which nobody can look',
		description:
			'Links whose newest runs are unknown from every replica: nothing is known of their targets, neither good nor bad. Mostly a vantage is gone; the panel beside it says for which reasons.',
		...{unit: 'none', span: 12, height: 8},
		thresholds: steps(neutral),
		targets: [rows(`min by (check, vantage, target, peer, critical) (${unknownLinks}) == 1`)],
		...columns([
			{field: 'critical', title: 'Critical', width: 80, mappings: yesOrNo},
			{field: 'check', title: 'Check'},
			{field: 'vantage', title: 'From'},
			{field: 'target', title: 'To', links: [checkPage('columns')]},
			{field: 'peer', title: 'Machine', links: [nodePage('columns')]},
		]),
		noValue: 'Somebody looks at every link.',
		links: [runbook('LinkUnknown'), runbook('LinkBlind')],
	}),
	lines({
		title: 'Why runs are unknown, per minute',
		description:
			'Unknown runs per minute by reason. vantage: the machine that looks is gone. denied, unsupported: it may not or cannot look. late: our own thread had too little time. incomplete: the answer broke off. internal: a fault of tailprobe.',
		...{unit: 'short', min: 0, span: 12, height: 8, stacked: true},
		targets: [
			overTime(
				`sum by (reason) (${perMinute('tailprobe_check_failures_total', 'reason=~"vantage|unsupported|denied|incomplete|late|canceled|internal"', here, chosen('check'))}) > 0`,
				'{{reason}}',
			),
		],
		noValue: 'No run was unknown in this time.',
		links: [runbook('LinkUnknown'), runbook('LinkBlind')],
	}),
];
