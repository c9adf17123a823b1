/** Round trips of tunnels, what the tunnel adds to them, and what gets lost. */

import {checkPage, runbook} from './links.ts';
import {bad, good, steps, vantageStates, warning} from './looks.ts';
import {heatmap, lines, stat, stateTimeline} from './panels.ts';
import {gauge, grownOver, perSecond, series} from './series.ts';
import {buckets, now, overTime} from './targets.ts';
import {chosen} from './variables.ts';

const shown = [chosen('vantage'), chosen('peer')];
const vantage = chosen('vantage');
const rounds = (...matchers: string[]) =>
	`sum(${grownOver('1h', 'tailprobe_tunnel_overhead_rounds_total', vantage, ...matchers)})`;

export const timePanels = [
	lines({
		title: 'Round trip through the tunnel',
		description:
			'TSMP: a ping that WireGuard carries and the tailscaled at the other end answers. This is what services feel.',
		unit: 's',
		span: 12,
		height: 8,
		min: 0,
		targets: [
			overTime(
				`max by (check, vantage, target) (${series('tailprobe_tunnel_rtt_seconds', ...shown, 'rung="tsmp"')})`,
				'{{vantage}} → {{target}}',
			),
		],
		valueLinks: [checkPage('labels')],
	}),
	lines({
		title: 'Round trip beside the tunnel',
		description:
			'Disco: a ping to the same node outside WireGuard, over the same path. Where it is as slow as the tunnel, the network between the two is slow and not the tunnel.',
		unit: 's',
		span: 12,
		height: 8,
		min: 0,
		targets: [
			overTime(
				`max by (check, vantage, target) (${series('tailprobe_tunnel_rtt_seconds', ...shown, 'rung="disco"')})`,
				'{{vantage}} → {{target}}',
			),
		],
		valueLinks: [checkPage('labels')],
	}),
	lines({
		title: 'What the tunnel adds',
		description:
			'Round trip through the tunnel less that beside it, of the same run on a direct path; below zero means that the ping beside it happened to be the slower one. Up to 10 ms were promised.',
		links: [runbook('TunnelOverhead')],
		unit: 's',
		span: 10,
		height: 8,
		targets: [
			overTime(
				`max by (check, vantage, target) (${series('tailprobe_tunnel_overhead_seconds', ...shown)})`,
				'{{vantage}} → {{target}}',
			),
		],
		thresholds: steps(good, [0.01, warning]),
		valueLinks: [checkPage('labels')],
	}),
	stat({
		title: 'Overhead within the objective',
		description:
			'Share of the runs on a direct path of the last hour whose overhead was no more than the configured objective (`tailnet.overhead_objective`). Below 90 % is a ticket.',
		links: [runbook('TunnelOverhead')],
		unit: 'percentunit',
		span: 4,
		height: 8,
		decimals: 1,
		targets: [now(`${rounds('within="true"')} / ${rounds()}`, 'within')],
		thresholds: steps(bad, [0.9, warning], [0.99, good]),
	}),
	lines({
		title: 'Loss',
		description:
			'Share of the pings through the tunnel that were not answered. A lost ping now and then is nothing; above 5 % for ten minutes is a ticket, because voice breaks up.',
		links: [runbook('TunnelLossy')],
		unit: 'percentunit',
		span: 10,
		height: 8,
		min: 0,
		targets: [
			overTime(
				`max by (check, vantage, target) (${perSecond('tailprobe_tunnel_pings_lost_total', ...shown)} / (${perSecond('tailprobe_tunnel_pings_total', ...shown)} > 0))`,
				'{{vantage}} → {{target}}',
			),
		],
		thresholds: steps(good, [0.05, bad]),
		valueLinks: [checkPage('labels')],
	}),
	heatmap({
		title: 'Round trips through the tunnels',
		description:
			'How many successful runs of all tunnels of the chosen vantages took how long. A second band above the first one is mostly a relay.',
		unit: 's',
		span: 12,
		height: 8,
		targets: [buckets(`sum by (le) (${perSecond('tailprobe_tunnel_latency_seconds_bucket', vantage, 'rung="tsmp"')})`)],
	}),
	stateTimeline({
		title: 'Vantages that can look',
		description:
			'Looks: what it says can be trusted. Gone: its measuring thread, its tailscaled or the way to it is not sound; what it would look at is then unknown, not down.',
		links: [runbook('VantageGone'), runbook('LinkBlind')],
		unit: 'none',
		span: 12,
		height: 8,
		mappings: vantageStates,
		targets: [overTime(`max by (vantage) (${gauge('tailprobe_vantage_up', vantage)})`, '{{vantage}}')],
	}),
];
