/** What expires: keys of nodes, keys of headscale, certificates. */

import {columns} from './columns.ts';
import {nodePage, runbook} from './links.ts';
import {bad, good, nothing, steps, unknown, warning, words} from './looks.ts';
import {stat, table} from './panels.ts';
import {gauge, series} from './series.ts';
import {now, rows} from './targets.ts';
import {chosen} from './variables.ts';

const days = (expr: string) => `(${expr} - time()) / 86400`;
const left = steps(bad, [3, warning], [14, good]);

export const keyPanels = [
	stat({
		title: 'Days left',
		description:
			'Until the certificate of headscale, the API key that tailprobe reads it with, the first usable API key and the first usable pre-auth key expire. What never expires, or cannot be read, is left out.',
		links: [
			runbook('HeadscaleCertificateExpiring'),
			runbook('HeadscaleApiKeyExpiring'),
			runbook('HeadscalePreAuthKeyExpiring'),
		],
		unit: 'd',
		span: 12,
		height: 7,
		decimals: 1,
		targets: [
			now(days(`min(${series('tailprobe_headscale_certificate_expiry_timestamp_seconds')})`), 'certificate', 'A'),
			now(days(`min(${series('tailprobe_headscale_own_api_key_expiry_timestamp_seconds')})`), 'own API key', 'B'),
			now(
				days(`min(${series('tailprobe_headscale_api_keys_earliest_expiry_timestamp_seconds')})`),
				'first API key',
				'C',
			),
			now(
				days(`min(${series('tailprobe_headscale_pre_auth_keys_earliest_expiry_timestamp_seconds')})`),
				'first pre-auth key',
				'D',
			),
		],
		thresholds: left,
	}),
	stat({
		title: 'Pre-auth keys and API keys',
		description:
			'By state. Without a usable pre-auth key no rented machine can join; an expired API key means that nodes and keys cannot be read any more.',
		links: [runbook('HeadscalePreAuthKeysUnusable')],
		unit: 'short',
		span: 12,
		height: 7,
		targets: [
			now(`max by (state) (${gauge('tailprobe_headscale_pre_auth_keys')})`, 'pre-auth: {{state}}', 'A'),
			now(`max by (state) (${gauge('tailprobe_headscale_api_keys')})`, 'API: {{state}}', 'B'),
		],
		thresholds: steps('text'),
		overrides: [
			{
				name: 'pre-auth: usable',
				properties: [{id: 'thresholds', value: {mode: 'absolute', steps: steps(bad, [1, good])}}],
			},
			{name: 'API: usable', properties: [{id: 'thresholds', value: {mode: 'absolute', steps: steps(bad, [1, good])}}]},
		],
	}),
	table({
		title: 'Keys of nodes',
		description:
			'Days until the key of a node expires; a node whose key expired loses its tunnels although headscale goes on calling it online. Nodes whose key never expires are left out. Ephemeral machines join anew with each start.',
		links: [runbook('NodeKeyExpiring')],
		unit: 'd',
		span: 12,
		height: 9,
		targets: [
			rows(days(`min by (peer) (${series('tailprobe_headscale_node_key_expiry_timestamp_seconds', chosen('peer'))})`)),
		],
		noValue: 'No key of a node expires.',
		...columns([
			{field: 'peer', title: 'Machine', links: [nodePage('columns')]},
			{field: 'Value', title: 'Days left', unit: 'd', decimals: 1, thresholds: left},
		]),
	}),
	table({
		title: 'The own node of each vantage',
		description:
			'The state of its tailscaled, whether it has its line to headscale open, how many relays it knows, and the days until its own key expires (nothing where it never does).',
		links: [runbook('TailscaledControlUnreachable'), runbook('OwnNodeKeyExpiring'), runbook('RelayMapEmpty')],
		unit: 'none',
		span: 12,
		height: 9,
		targets: [
			rows(`max by (vantage, state) (${gauge('tailprobe_tailscaled_backend_state', chosen('vantage'))}) == 1`, 'A'),
			rows(`max by (vantage) (${gauge('tailprobe_tailscaled_self_online', chosen('vantage'))})`, 'B'),
			rows(`max by (vantage) (${gauge('tailprobe_tailscaled_derp_map_nodes', chosen('vantage'))})`, 'C'),
			rows(
				days(`min by (vantage) (${series('tailprobe_tailscaled_key_expiry_timestamp_seconds', chosen('vantage'))})`),
				'D',
			),
		],
		...columns(
			[
				{field: 'vantage', title: 'Vantage'},
				{field: 'state', title: 'tailscaled'},
				{
					field: 'Value #B',
					title: 'Line to headscale',
					mappings: [words({1: ['open', good], 0: ['closed', bad]}), nothing('unknown', unknown)],
				},
				{field: 'Value #C', title: 'Relays', unit: 'short', thresholds: steps(bad, [1, good])},
				{field: 'Value #D', title: 'Days left', unit: 'd', decimals: 1, thresholds: left},
			],
			'vantage',
		),
	}),
];
