/** The head of the overview: one big answer, how many links are affected, and what was paged. */

import {BigValueColorMode, BigValueTextMode} from '@grafana/grafana-foundation-sdk/common';
import {alertNames} from './alerts.ts';
import {columns} from './columns.ts';
import {down, exposed, pagesAlone, shortPools} from './down.ts';
import {checkPage, dashboardPage, link, nodePage, runbook, runbookFile} from './links.ts';
import {bad, good, neutral, noneIsGood, nothing, steps, unknown, warning, words, yesOrNo} from './looks.ts';
import {type Override, stat, table} from './panels.ts';
import {activeSince, firing, gauge, recorded} from './series.ts';
import {now, rows} from './targets.ts';
import {chosen} from './variables.ts';

const shown = [chosen('vantage'), chosen('check')];
const blind = (...matchers: string[]) => `${recorded('link:tailprobe_check_unknown:min', ...shown, ...matchers)} == 1`;
const looked = recorded('link:tailprobe_check_up:max', ...shown);

const broken = `count(${pagesAlone}) or count(${shortPools})`;
const pages = `(${pagesAlone} or ${exposed})`;

const alertLabels = 'severity, alertname, check, vantage, target, peer, pool';
const linkLabels = 'check, vantage, target, peer, pool';
/** In the order in which somebody should look at them. */
const severities = ['critical', 'warning', 'info'];

export const nowPanels = [
	stat({
		title: 'Voice path',
		description:
			'Broken: a link is down that pages by itself, or a pool is short; the values beside say which of the two, and the tables below name them. Whole: neither is the case; tickets, and one machine of a pool that has enough others, break nothing. Blind: nothing is known to be broken, and nobody could look at some critical link.',
		unit: 'none',
		span: 6,
		height: 6,
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
			'Down: every replica that can look finds the link down. Those that page alone break the voice path, as pools do that are short. Tickets are links of checks that are not critical, of single machines of pools, names and relays. Unknown: nobody could look, which is not down. Exposed: answers, and must not.',
		unit: 'short',
		span: 18,
		height: 6,
		targets: [
			now(`count(${looked} == 1) or vector(0)`, 'up', 'A'),
			now(`count(${pagesAlone}) or vector(0)`, 'down, pages alone', 'B'),
			now(`count(${shortPools}) or vector(0)`, 'pools short', 'C'),
			now(`count(${exposed}) or vector(0)`, 'exposed', 'D'),
			now(`count(${down()} unless ${pages}) or vector(0)`, 'down, tickets', 'E'),
			now(`count(${blind()}) or vector(0)`, 'unknown', 'F'),
			now(`count(${gauge('tailprobe_vantage_up', chosen('vantage'))} == 0) or vector(0)`, 'vantages gone', 'G'),
		],
		thresholds: noneIsGood,
		text: BigValueTextMode.ValueAndName,
		overrides: [
			{name: 'up', properties: [{id: 'color', value: {mode: 'fixed', fixedColor: neutral}}]},
			fromOne('down, tickets', warning),
			fromOne('unknown', unknown),
		],
		valueLinks: [link('Status page', `\${page}/`)],
	}),
	table({
		title: 'Alerts that fire',
		description:
			'What pages (critical), what is a ticket (warning) and what is merely told (info), the newest first. An alert leads to its runbook, a target and a machine to the status page with the diagnosis.',
		unit: 'none',
		span: 24,
		height: 8,
		targets: [rows(ranked(`label_join(min by (${alertLabels}) (${firingSince()}), "runbook", "", "alertname")`))],
		noValue: 'No alert fires.',
		...columns(
			[
				{
					field: 'rank',
					title: 'Severity',
					width: 90,
					mappings: [words({1: ['critical', bad], 2: ['warning', warning], 3: ['info', neutral]})],
				},
				{
					field: 'alertname',
					title: 'Alert',
					links: [link('Runbook', `\${runbooks}/\${__data.fields.runbook.text}`)],
				},
				{field: 'pool', title: 'Pool', links: [dashboardPage('Its machines', 'tailprobe-gpu', 'pool', 'columns')]},
				{field: 'Value', title: 'Since', unit: 'dateTimeFromNow'},
				{field: 'check', title: 'Check'},
				{field: 'vantage', title: 'From'},
				{field: 'target', title: 'To', links: [checkPage('columns')]},
				{
					field: 'peer',
					title: 'Machine',
					links: [nodePage('columns'), dashboardPage('Its tunnels', 'tailprobe-tunnels', 'peer', 'columns')],
				},
				{
					field: 'runbook',
					mappings: [words(Object.fromEntries(alertNames().map(name => [name, [runbookFile(name), neutral]])))],
					isHidden: true,
				},
			],
			undefined,
			'rank',
		),
	}),
	table({
		title: 'Links that are down, and since when',
		description:
			'Down since the first failure after the last success; runs in between at which nobody could look do not end it. Empty while nothing is down. Pages: by itself; what does not is a ticket, such as one machine of a pool that has enough others.',
		links: [runbook('ServiceDown'), runbook('TunnelDown')],
		unit: 'none',
		span: 12,
		height: 8,
		targets: [rows(`1000 * (${paging(pages, 'true')} or ${paging(`(${down()} unless ${pages})`, 'false')})`)],
		noValue: 'Nothing is down.',
		...columns([
			{field: 'pages', title: 'Pages', width: 80, mappings: yesOrNo},
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

/** Links with the label `pages`. */
function paging(links: string, word: 'true' | 'false'): string {
	return `label_replace(min by (${linkLabels}) (${links}), "pages", "${word}", "", "")`;
}

/** The newest first, with a label `rank` that is lowest for what should be looked at first. Milliseconds. */
function ranked(alerts: string): string {
	const withRank = severities.reduce(
		(expr, severity, at) => `label_replace(${expr}, "rank", "${at + 1}", "severity", "${severity}")`,
		alerts,
	);
	return `sort_desc(1000 * ${withRank})`;
}

function firingSince(): string {
	const all = 'alertname!="TailprobeWatchdog"';
	return `${activeSince(all)} and ignoring (alertstate) ${firing(all)}`;
}

function fromOne(name: string, colour: string): Override {
	return {name, properties: [{id: 'thresholds', value: {mode: 'absolute', steps: steps(good, [1, colour])}}]};
}

function incidents(): string {
	return `sum by (cause) (${gauge('tailprobe_incidents')}) > 0`;
}
