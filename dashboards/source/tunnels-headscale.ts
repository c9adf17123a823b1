/** Headscale as tailprobe reads it: whether it answers, who is there, and how busy it is. */

import {BigValueColorMode, BigValueTextMode} from '@grafana/grafana-foundation-sdk/common';
import {columns} from './columns.ts';
import {nodePage, runbook} from './links.ts';
import {bad, good, neutral, nothing, rightOrWrong, steps, unknown, words} from './looks.ts';
import {lines, stat, stateTimeline, table} from './panels.ts';
import {changes, gauge, grownBy, perSecond} from './series.ts';
import {now, overTime, rows} from './targets.ts';
import {chosen} from './variables.ts';

const peer = chosen('peer');

export const headscalePanels = [
	stat({
		title: 'Headscale',
		description:
			'What GET /health says. While headscale is down, tunnels that stand live on, but nobody can join, come back or learn of a change.',
		links: [runbook('HeadscaleDown'), runbook('HeadscaleUnhealthy')],
		unit: 'none',
		span: 4,
		height: 9,
		targets: [now(`min(${gauge('tailprobe_headscale_health')})`, 'health')],
		mappings: [words({1: ['HEALTHY', good], 0: ['DATABASE DOWN', bad]}), nothing('NO ANSWER', bad)],
		color: BigValueColorMode.Background,
		text: BigValueTextMode.Value,
	}),
	stat({
		title: 'Nodes',
		description:
			'As headscale lists them. It goes on calling a frozen node online for minutes, which is why the tunnels are asked too; unknown ones are those that come back after a restart of headscale.',
		unit: 'short',
		span: 8,
		height: 9,
		targets: [now(`sum by (state) (${gauge('tailprobe_headscale_nodes')})`, '{{state}}')],
		text: BigValueTextMode.ValueAndName,
		thresholds: steps(neutral),
		overrides: [
			{name: 'offline', properties: [{id: 'thresholds', value: {mode: 'absolute', steps: steps(good, [1, bad])}}]},
		],
	}),
	stateTimeline({
		title: 'What is read, and from where',
		description:
			'Whether the last read of each source succeeded. Where all of headscale fail at once, headscale does not answer; where only lists fail, look at the API key.',
		links: [runbook('HeadscaleApiFailing'), runbook('HeadscaleMetricsMissing')],
		unit: 'none',
		span: 12,
		height: 9,
		targets: [overTime(`max by (source) (${gauge('tailprobe_source_read_success')})`, '{{source}}')],
		mappings: [words({1: ['read', good], 0: ['failed', bad]})],
	}),
	lines({
		title: 'Nodes online',
		description: 'As headscale lists them, and as it counts those that it holds in memory (0.27 and newer).',
		links: [runbook('HeadscaleNodeOffline'), runbook('HeadscaleClientsDropped')],
		unit: 'short',
		span: 12,
		height: 9,
		min: 0,
		targets: [
			overTime(`sum by (state) (${gauge('tailprobe_headscale_nodes')})`, '{{state}}', 'A'),
			overTime(`sum(${gauge('tailprobe_headscale_store_nodes')})`, 'in memory', 'B'),
		],
	}),
	table({
		title: 'Where headscale and the tunnels disagree',
		description:
			'Nodes that headscale calls online and nobody reaches (a frozen machine), or offline although a tunnel to them is up (headscale lost its clients). Empty while both agree.',
		links: [runbook('HeadscaleNodeDisagreement')],
		unit: 'none',
		span: 12,
		height: 9,
		targets: [rows(`max by (peer, kind) (${gauge('tailprobe_headscale_node_disagreement', peer)})`)],
		noValue: 'Headscale and the tunnels agree.',
		...columns([
			{field: 'peer', title: 'Machine', links: [nodePage('columns')]},
			{
				field: 'kind',
				title: 'What',
				mappings: [
					words({
						online_but_unreachable: ['called online, and nobody reaches it', bad],
						offline_but_reachable: ['called offline, and its tunnel is up', bad],
					}),
				],
			},
		]),
	}),
	table({
		title: 'Who is in the tailnet',
		description:
			'Whom headscale knows, whether it calls them online, and when it last noted them; that is no heartbeat, so an online node may show hours.',
		unit: 'none',
		span: 24,
		height: 9,
		targets: [
			rows(`max by (peer, owner, ephemeral, register_method) (${gauge('tailprobe_headscale_node_info', peer)})`, 'A'),
			rows(`max by (peer) (${gauge('tailprobe_headscale_node_online', peer)})`, 'B'),
			rows(`1000 * max by (peer) (${gauge('tailprobe_headscale_node_last_seen_timestamp_seconds', peer)})`, 'C'),
		],
		...columns(
			[
				{field: 'peer', title: 'Machine', links: [nodePage('columns')]},
				{field: 'owner', title: 'Owner'},
				{
					field: 'ephemeral',
					title: 'Ephemeral',
					mappings: [words({true: ['yes', neutral], false: ['no', neutral]})],
				},
				{field: 'register_method', title: 'Joined by'},
				{field: 'Value #B', title: 'Online', mappings: [...rightOrWrong, nothing('unknown', unknown)]},
				{field: 'Value #C', title: 'Noted', unit: 'dateTimeFromNow'},
			],
			'peer',
		),
	}),
	lines({
		title: 'Map updates for nodes, per second',
		description:
			'What headscale tells its nodes, by type. Many full ones mean that nodes come and go, or that the policy changes; the types depend on the version of headscale.',
		unit: 'short',
		span: 12,
		height: 8,
		min: 0,
		targets: [overTime(`sum by (type) (${perSecond('tailprobe_headscale_map_responses_total')})`, '{{type}}')],
	}),
	lines({
		title: 'Long polls that ended, and restarts',
		description:
			'Each long poll that ends is a node that left or comes back. A restart of headscale ends them all at once. Each point counts the minute or more before it, so that what happened once shows in several points.',
		links: [runbook('HeadscaleRestarting')],
		unit: 'short',
		span: 12,
		height: 8,
		min: 0,
		targets: [
			overTime(
				`sum by (reason) (${grownBy('tailprobe_headscale_map_sessions_ended_total')})`,
				'ended: {{reason}}',
				'A',
			),
			overTime(`sum(${changes('tailprobe_headscale_process_start_timestamp_seconds')})`, 'restarts', 'B'),
		],
	}),
	lines({
		title: 'Resources of headscale',
		description:
			'CPU of its process, and the share of its file descriptors that is open: each connected node holds some.',
		links: [runbook('HeadscaleFileDescriptors')],
		unit: 'percentunit',
		span: 12,
		height: 8,
		min: 0,
		targets: [
			overTime(`max(${perSecond('tailprobe_headscale_process_cpu_seconds_total')})`, 'CPU', 'A'),
			overTime(
				`max(${gauge('tailprobe_headscale_process_open_fds')} / ${gauge('tailprobe_headscale_process_max_fds')})`,
				'file descriptors',
				'B',
			),
		],
	}),
	lines({
		title: 'Memory of headscale, and writes that wait',
		description:
			'Writes that wait for its store of nodes (0.27 and newer) should be none; above none for long it is overloaded.',
		links: [runbook('HeadscaleOverloaded')],
		unit: 'bytes',
		span: 12,
		height: 8,
		min: 0,
		targets: [
			overTime(`max(${gauge('tailprobe_headscale_process_resident_memory_bytes')})`, 'memory', 'A'),
			overTime(`max(${gauge('tailprobe_headscale_store_queue_depth')})`, 'writes that wait', 'B'),
		],
		overrides: [
			{
				name: 'writes that wait',
				properties: [
					{id: 'unit', value: 'short'},
					{id: 'custom.axisPlacement', value: 'right'},
				],
			},
		],
	}),
];
