/** Paths of tunnels, and how much of the traffic goes through relays. */

import {checkPage, nodePage, runbook} from './links.ts';
import {bad, good, steps, unknown, warning, words} from './looks.ts';
import {lines, stateTimeline} from './panels.ts';
import {gauge, grownOver, perSecond, series} from './series.ts';
import {overTime} from './targets.ts';
import {chosen} from './variables.ts';

const shown = [chosen('vantage'), chosen('peer')];
const tunnel = [...shown, 'type="tunnel"'];
const path = (name: string) => `${gauge('tailprobe_tunnel_path', ...shown, `path="${name}"`)} == 1`;

/** 1 direct, 2 peer relay, 3 DERP, 4 unknown, 5 down; a tunnel that is down has no path. */
const paths = [
	`max by (vantage, peer) (5 - 5 * ${gauge('tailprobe_check_up', ...tunnel)} > 0)`,
	`max by (vantage, peer) (3 * (${path('derp')}))`,
	`max by (vantage, peer) (2 * (${path('peer_relay')}))`,
	`max by (vantage, peer) (${path('direct')})`,
	`4 * max by (vantage, peer) (${series('tailprobe_check_state', ...tunnel, 'state="unknown"')} == 1)`,
].join(' or ');

export const pathPanels = [
	stateTimeline({
		title: 'Path of each tunnel',
		description:
			'Direct is what was promised. Through DERP every packet goes over the relay that headscale names, which is slow and costs it traffic; a peer relay is a node that forwards. Down: nothing comes back through the tunnel. Unknown: nobody could look.',
		links: [runbook('TunnelDown'), runbook('TunnelsDown'), runbook('TunnelRelayed')],
		unit: 'none',
		span: 16,
		height: 11,
		targets: [overTime(paths, '{{vantage}} → {{peer}}')],
		mappings: [
			words({
				1: ['direct', good],
				2: ['peer relay', 'yellow'],
				3: ['DERP', warning],
				4: ['unknown', unknown],
				5: ['down', bad],
			}),
		],
		valueLinks: [nodePage('labels')],
	}),
	lines({
		title: 'Tunnels by path',
		description:
			'How many tunnels have which path in their last answered run. A step from direct to DERP at several of them at once means that UDP got blocked.',
		unit: 'short',
		span: 8,
		height: 11,
		min: 0,
		stacked: true,
		targets: [overTime(`sum by (path) (${gauge('tailprobe_tunnel_path', ...shown)})`, '{{path}}')],
	}),
	lines({
		title: 'Share of the traffic through DERP',
		description:
			'Of the bytes between the own tailscaled of a vantage and all its peers. Counted by tailscaled itself, so it holds the traffic of the platform and not only what tailprobe sends.',
		links: [runbook('TunnelRelayed'), runbook('RelayDown')],
		unit: 'percentunit',
		span: 8,
		height: 8,
		min: 0,
		max: 1,
		targets: [
			overTime(
				`sum by (vantage) (${perSecond('tailprobe_tailscaled_bytes_total', chosen('vantage'), 'path="derp"')}) / (sum by (vantage) (${perSecond('tailprobe_tailscaled_bytes_total', chosen('vantage'))}) > 0)`,
				'{{vantage}}',
			),
		],
		thresholds: steps(good, [0.5, warning]),
	}),
	lines({
		title: 'Traffic by path',
		description: 'Bytes per second between the own tailscaled of a vantage and all its peers, in both directions.',
		unit: 'Bps',
		span: 8,
		height: 8,
		min: 0,
		stacked: true,
		targets: [
			overTime(
				`sum by (path, direction) (${perSecond('tailprobe_tailscaled_bytes_total', chosen('vantage'))})`,
				'{{path}} {{direction}}',
			),
		],
	}),
	lines({
		title: 'Changes of path in the last hour',
		description:
			'How often the path of a tunnel changed in the hour before each point. More than 20 (dashed) are a ticket. A tunnel that flaps between direct and DERP mostly stands behind a NAT that forgets, or loses packets.',
		links: [runbook('TunnelFlapping')],
		unit: 'short',
		span: 8,
		height: 8,
		min: 0,
		targets: [
			overTime(
				`max by (check, vantage, target) (${grownOver('1h', 'tailprobe_tunnel_path_changes_total', ...shown)})`,
				'{{vantage}} → {{target}}',
			),
		],
		valueLinks: [checkPage('labels')],
		thresholds: steps(good, [20, warning]),
	}),
];
