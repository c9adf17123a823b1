/** Panels about runs that failed: when, for which reason, and what the server or its certificate said. */

import type {Builder} from '@grafana/grafana-foundation-sdk/cog';
import type {Panel} from '@grafana/grafana-foundation-sdk/dashboard';
import {coloured} from './coloured.ts';
import {columns} from './columns.ts';
import {checkPage, nodePage, runbook} from './links.ts';
import {bad, good, linkStates, neutral, nothing, steps, unknown, warning, words} from './looks.ts';
import {lines, stateTimeline, table} from './panels.ts';
import {gauge, grownOver, perMinute, series} from './series.ts';
import {overTime, rows} from './targets.ts';
import {chosen} from './variables.ts';

const shown = [chosen('check'), chosen('vantage'), chosen('peer')];
const services = 'type!~"tunnel|derp|stun|gpu"';
const linkLegend = '{{check}}: {{vantage}} → {{target}}';
const link = 'check, vantage, target, peer';
const is = (state: string) =>
	`max without (instance, pod, state) (${series('tailprobe_check_state', `state="${state}"`, services, ...shown)})`;

export const failurePanels: ReadonlyArray<Builder<Panel>> = [
	stateTimeline({
		title: 'State of each link',
		description:
			'Green: the last run was up. Red: down. Purple: nobody could look, which says nothing about the service. Rows that turn red together have a cause in common: a machine, a vantage, the network.',
		...{unit: 'none', span: 24, height: 12},
		mappings: linkStates,
		targets: [overTime(`(${is('up')} == 1) * 0 or (${is('down')} == 1) * 2 or ${is('unknown')}`, linkLegend)],
		valueLinks: [checkPage('labels')],
		links: [runbook('ServiceDown'), runbook('LinkUnknown')],
	}),
	lines({
		title: 'Failed runs by reason, per minute',
		description:
			'Runs that were not up, per minute, by reason. refused: nothing listens. timeout: nothing answers, or a firewall drops. resolve: the name. status, content: it answers wrongly. vantage, late, denied: we could not look.',
		...{unit: 'short', min: 0, span: 12, height: 8, stacked: true, bars: true},
		targets: [
			overTime(
				`sum by (reason) (${perMinute('tailprobe_check_failures_total', services, ...shown)}) > 0`,
				'{{reason}}',
			),
		],
		noValue: 'Nothing failed in this time.',
		overrides: [
			...['vantage', 'late', 'denied', 'unsupported', 'incomplete', 'canceled', 'internal'].map(reason =>
				coloured(reason, unknown),
			),
			coloured('timeout', bad),
			coloured('status', 'yellow'),
			coloured('content', 'yellow'),
			coloured('refused', warning),
		],
	}),
	table({
		title: 'Failures in the time shown',
		description: 'Which links failed most in the time shown, and for which reason.',
		...{unit: 'short', decimals: 0, span: 12, height: 8},
		thresholds: steps(neutral),
		targets: [
			rows(
				`topk(20, sum by (${link}, reason) (${grownOver('$__range', 'tailprobe_check_failures_total', services, ...shown)}) > 0.5)`,
			),
		],
		...columns([
			{field: 'check', title: 'Check'},
			{field: 'vantage', title: 'From'},
			{field: 'target', title: 'To', links: [checkPage('columns')]},
			{field: 'peer', title: 'Machine', links: [nodePage('columns')]},
			{field: 'reason', title: 'Reason'},
			{field: 'Value', title: 'Runs', unit: 'short', decimals: 0, width: 80},
		]),
		noValue: 'Nothing failed in this time.',
	}),
	stateTimeline({
		title: 'Status that servers answered',
		description:
			'Status of the last answer: green is what is usual (2xx, 3xx, and 101 of a WebSocket), red 5xx, without colour 4xx: a check may want such a one (`valid_status_codes`), as 401 without a password. Whether it does, the state of the link says. A gap means that no answer came.',
		...{unit: 'none', span: 12, height: 9},
		thresholds: steps(good, [400, neutral], [500, bad]),
		targets: [
			overTime(gauge('tailprobe_http_status_code', ...shown), linkLegend, 'A'),
			overTime(gauge('tailprobe_ws_status_code', ...shown), linkLegend, 'B'),
		],
		valueLinks: [checkPage('labels')],
	}),
	table({
		title: 'Certificates',
		description:
			'Time until the first certificate that a server presents expires. 14 days before there is a ticket, 3 days before a page. Fault: what a tls check finds wrong with it; other checks do not look for that.',
		...{unit: 's', span: 12, height: 9},
		thresholds: steps(neutral),
		targets: [
			rows(
				`min by (${link}) (${series('tailprobe_tls_earliest_cert_expiry_timestamp_seconds', ...shown)}) - time()`,
				'A',
			),
			rows(`max by (${link}, fault) (${gauge('tailprobe_tls_certificate_fault', ...shown)}) == 1`, 'B'),
		],
		...columns([
			{field: 'check', title: 'Check'},
			{field: 'vantage', title: 'From'},
			{field: 'target', title: 'To', links: [checkPage('columns')]},
			{field: 'peer', title: 'Machine', links: [nodePage('columns')]},
			{
				...{field: 'Value #A', title: 'Expires in', unit: 's', width: 110},
				thresholds: steps(bad, [259_200, warning], [1_209_600, good]),
			},
			{
				...{field: 'fault', title: 'Fault', width: 130},
				mappings: [
					words({
						none: ['none', good],
						ends_soon: ['ends soon', warning],
						none_presented: ['none presented', bad],
						expired: ['expired', bad],
						not_yet_valid: ['not valid yet', bad],
						wrong_host: ['for another name', bad],
						self_signed: ['self-signed', bad],
						untrusted: ['not trusted', bad],
						other: ['another', bad],
					}),
					nothing('not looked for'),
				],
			},
		]),
		noValue: 'No certificate seen.',
		links: [runbook('CertificateExpiring'), runbook('CertificateInvalid')],
	}),
];
