/** The matrix of the overview: from each vantage to each target, now and over time. */

import {checkPage, dashboardPage, link, runbook} from './links.ts';
import {linkStates, steps} from './looks.ts';
import {stateTimeline, table} from './panels.ts';
import {gauge, recorded, series} from './series.ts';
import {overTime, rows} from './targets.ts';
import {chosen} from './variables.ts';

const shown = [chosen('vantage'), chosen('check')];

/** Of each link 0 up, 1 unknown, 2 down: any replica that finds it up vouches for it, and one that cannot look does not make it unknown. */
const states = `2 - 2 * ${gauge('tailprobe_check_up', ...shown)} or max without (instance, pod, state) (${series('tailprobe_check_state', ...shown, 'state="unknown"')})`;

/** Of the time shown; four evaluations are a minute, and less happens with every start. */
const wasDown = `min_over_time(${recorded('link:tailprobe_check_up:max', ...shown)}[$__range] @ end())`;
const wasUnknown = `count_over_time(${recorded('link:tailprobe_check_unknown:min', ...shown)}[$__range] @ end())`;

const corner = 'To ↓ From →';

export const linkPanels = [
	table({
		title: 'From each vantage to each target',
		description:
			'The worst of all checks between the two in their last runs: up, unknown (nobody could look) or down. A row is a target, a column a vantage; empty where nothing is checked.',
		unit: 'none',
		span: 12,
		height: 12,
		targets: [rows(`max by (target, vantage) (${states})`)],
		isColored: true,
		mappings: linkStates,
		thresholds: steps('transparent'),
		valueLinks: [link('Status page', `\${page}/`)],
		transformations: [
			{
				id: 'groupingToMatrix',
				options: {columnField: 'vantage', rowField: 'target', valueField: 'Value', emptyValue: 'null'},
			},
			{id: 'organize', options: {indexByName: {}, excludeByName: {}, renameByName: {'target\\vantage': corner}}},
		],
		overrides: [{name: corner, properties: [{id: 'custom.cellOptions', value: {type: 'auto'}}]}],
	}),
	stateTimeline({
		title: 'Links that were not always up',
		description:
			'Each link that was down at some moment of the time shown, or unknown for a minute; all others are left out. Several that go at once have one cause: the tunnel, the vantage or the machine.',
		links: [runbook('LinkUnknown'), runbook('ServiceDown'), runbook('TunnelDown')],
		unit: 'none',
		span: 12,
		height: 12,
		targets: [
			overTime(
				`${byLink(states)} and (${byLink(wasDown)} == 0 or ${byLink(wasUnknown)} >= 4)`,
				'{{check}}: {{vantage}} → {{target}}',
			),
		],
		mappings: linkStates,
		noValue: 'All links were up all the time.',
		valueLinks: [checkPage('labels'), dashboardPage('Its tunnels', 'tailprobe-tunnels', 'peer', 'labels')],
	}),
];

function byLink(expr: string): string {
	return `max by (check, vantage, target, peer) (${expr})`;
}
