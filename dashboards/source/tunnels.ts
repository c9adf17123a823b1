/** Tunnels: over which path each vantage reaches each node, how fast, with what loss, and how headscale is. */

import type {Dashboard} from '@grafana/grafana-foundation-sdk/dashboard';
import {dashboard} from './dashboard.ts';
import {headscalePanels} from './tunnels-headscale.ts';
import {keyPanels} from './tunnels-keys.ts';
import {pathPanels} from './tunnels-paths.ts';
import {timePanels} from './tunnels-times.ts';
import {labelVariable, vantageVariable} from './variables.ts';

export const tunnels: Dashboard = dashboard({
	uid: 'tailprobe-tunnels',
	title: 'Tunnels',
	description:
		'Every tunnel of the tailnet: its path, round trips, loss and overhead; the relays; and headscale, which hands out the keys and the map.',
	variables: [
		vantageVariable('tailprobe_tunnel_pings_total'),
		labelVariable('peer', 'Machine', 'tailprobe_tunnel_pings_total', true),
	],
	rows: [
		{title: 'Paths', panels: pathPanels},
		{title: 'Round trips, overhead and loss', panels: timePanels},
		{title: 'Headscale', panels: headscalePanels},
		{title: 'Keys and certificates', panels: keyPanels},
	],
});
