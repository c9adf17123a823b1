/** The head of the overview: one big answer, how many links are affected, and what was paged. */

import {BigValueColorMode, BigValueTextMode} from '@grafana/grafana-foundation-sdk/common';
import {alertNames} from './alerts.ts';
import {columns} from './columns.ts';
import {checkPage, dashboardPage, link, nodePage, runbook} from './links.ts';
import {bad, good, neutral, noneIsGood, nothing, unknown, warning, words} from './looks.ts';
import {stat, table} from './panels.ts';
import {firing, gauge, recorded} from './series.ts';
import {now, rows} from './targets.ts';
import {chosen} from './variables.ts';

const shown = [chosen('vantage'), chosen('check')];
const down = (...matchers: string[]) => recorded('link:tailprobe_check_down_since:min', ...shown, ...matchers);
const blind = (...matchers: string[]) => `${recorded('link:tailprobe_check_unknown:min', ...shown, ...matchers)} == 1`;
const looked = recorded('link:tailprobe_check_up:max', ...shown);

/** What a single machine of a pool lacks breaks nothing while the pool has enough others. */
const alone = down('critical="true"', 'pool=""');
const short = `${recorded('pool:tailprobe_pool_usable:sum')} + ${recorded('pool:tailprobe_pool_unknown:min')} < ${gauge('tailprobe_pool_min')}`;
const broken = `count(${down('critical="true"', 'pool=""', 'expect="answer"')}) or count(${short})`;

const alertLabels = 'severity, alertname, check, vantage, target, peer, pool';

export const nowPanels = [
	stat({
		title: 'Voice path',
		description:
			'Whole: every link of a critical check was up when it was last looked at, and every pool has enough machines. Broken: such a link is down, or a pool is short; one machine of a pool that has enough others breaks nothing. Blind: nothing is known to be broken, and nobody could look at some critical link.',
		unit: 'none',
		span: 6,
		height: 8,
		targets: [
			now(`(${broken}) * 0 + 2 or count(${blind('critical="true"')}) * 0 + 1 or count(${looked}) * 0`, 'voice path'),
		],
		mappings: [
			words({0: ['WHOLE', good], 1: ['BLIND', unknown], 2: ['BROKEN', bad]}),
			nothing('NOTHING KNOWN', unknown),
		],
		color: BigValueColorMode.Background,
		text: BigValueTextMode.Value,
		links: [link('Status page', `\${page}/`)],
	}),
	stat({
		title: 'Links',
		description:
			'A link is one check from one vantage to one target. Down counts links that every replica that can look finds down, those of machines of a pool among the others; unknown counts those at which nobody could look, which is not down.',
		unit: 'short',
		span: 6,
		height: 8,
		targets: [
			now(`count(${looked} == 1) or vector(0)`, 'up', 'A'),
			now(`count(${alone}) or vector(0)`, 'critical, down', 'B'),
			now(`count(${down()} unless ${alone}) or vector(0)`, 'others, down', 'C'),
			now(`count(${blind()}) or vector(0)`, 'unknown', 'D'),
			now(`count(${gauge('tailprobe_vantage_up', chosen('vantage'))} == 0) or vector(0)`, 'vantages gone', 'E'),
		],
		thresholds: noneIsGood,
		text: BigValueTextMode.ValueAndName,
		overrides: [{name: 'up', properties: [{id: 'color', value: {mode: 'fixed', fixedColor: neutral}}]}],
		valueLinks: [link('Status page', `\${page}/`)],
	}),
	table({
		title: 'Alerts that fire',
		description:
			'What pages (critical), what is a ticket (warning) and what is merely told (info), since when. An alert leads to its runbook, a target and a machine to the status page with the diagnosis.',
		unit: 'none',
		span: 12,
		height: 8,
		targets: [
			rows(
				`1000 * label_join(min by (${alertLabels}) (${firingSince('alertname!="TailprobeWatchdog"')}), "runbook", "", "alertname")`,
			),
		],
		noValue: 'No alert fires.',
		...columns([
			{
				field: 'severity',
				title: 'Severity',
				width: 90,
				mappings: [words({critical: ['critical', bad], warning: ['warning', warning], info: ['info', neutral]})],
			},
			{field: 'alertname', title: 'Alert'},
			{field: 'check', title: 'Check'},
			{field: 'vantage', title: 'From'},
			{field: 'target', title: 'To', links: [checkPage('columns')]},
			{
				field: 'peer',
				title: 'Machine',
				links: [nodePage('columns'), dashboardPage('Its tunnels', 'tailprobe-tunnels', 'peer', 'columns')],
			},
			{field: 'pool', title: 'Pool', links: [dashboardPage('Its machines', 'tailprobe-gpu', 'pool', 'columns')]},
			{field: 'Value', title: 'Since', unit: 'dateTimeFromNow'},
			{
				field: 'runbook',
				title: 'Runbook',
				mappings: [words(Object.fromEntries(alertNames().map(name => [name, [name.toLowerCase(), neutral]])))],
				links: [link('Runbook', `\${runbooks}/\${__value.text}`)],
			},
		]),
	}),
	table({
		title: 'Links that are down, and since when',
		description:
			'Down since the first failure after the last success; runs in between at which nobody could look do not end it. Empty while nothing is down. Critical links page, unless they lead to one machine of a pool; the others are tickets.',
		links: [runbook('ServiceDown'), runbook('TunnelDown')],
		unit: 'none',
		span: 12,
		height: 8,
		targets: [rows(`1000 * min by (critical, check, vantage, target, peer, pool) (${down()})`)],
		noValue: 'Nothing is down.',
		...columns([
			{
				field: 'critical',
				title: 'Critical',
				width: 80,
				mappings: [words({true: ['yes', bad], false: ['no', warning]})],
			},
			{field: 'check', title: 'Check'},
			{field: 'vantage', title: 'From'},
			{field: 'target', title: 'To', links: [checkPage('columns')]},
			{field: 'peer', title: 'Machine', links: [nodePage('columns')]},
			{field: 'pool', title: 'Pool'},
			{field: 'Value', title: 'Since', unit: 'dateTimeFromNow'},
		]),
	}),
	table({
		title: 'Likely causes',
		description:
			'What the diagnosis holds to be the cause of what does not work, and how many incidents have it. Empty while nothing is wrong. The status page shows the evidence and what to do next.',
		unit: 'short',
		span: 12,
		height: 8,
		targets: [rows(incidents())],
		noValue: 'No incident.',
		...columns([
			{field: 'cause', title: 'Cause', links: [link('Status page', `\${page}/`)]},
			{field: 'Value', title: 'Incidents', unit: 'short', thresholds: noneIsGood},
		]),
	}),
];

function firingSince(matcher: string): string {
	return `ALERTS_FOR_STATE{monitor="tailprobe", cluster=~"$cluster", ${matcher}} and ignoring (alertstate) ${firing(matcher)}`;
}

function incidents(): string {
	return `sum by (cause) (${gauge('tailprobe_incidents')}) > 0`;
}
