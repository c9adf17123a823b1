/** Cases of alerts about tunnels, vantages and links that nobody looks at. */

import {type AlertCase, absent, brokenAt, type FiredAlert, type SeriesCase} from '../../helpers/alert-cases.ts';

type Series = Record<string, SeriesCase>;

const always = (value: number): SeriesCase => ({well: value, broken: value});
const onlyBroken = (value: number): SeriesCase => ({well: absent, broken: value});
const onlyWell = (value: number): SeriesCase => ({well: value, broken: absent});

const brokenClock = '1970-01-01 00:05:00 +0000 UTC';

interface LinkOptions {
	vantage?: string;
	check?: string;
	path?: string;
	critical?: 'true' | 'false';
}

function linkLabels(peer: string, {vantage = 'cluster', check = 'tunnel'}: LinkOptions = {}): string {
	return `check="${check}",type="tunnel",vantage="${vantage}",target="${peer}",peer="${peer}"`;
}

function checkInfo({check = 'tunnel', critical = 'true'}: LinkOptions = {}): Series {
	return {
		[`tailprobe_check_info{check="${check}",type="tunnel",via="tailnet",expect="answer",critical="${critical}"}`]:
			always(1),
	};
}

/** A tunnel that is up, is down while broken, and comes back. */
function downTunnel(peer: string, options: LinkOptions = {}): Series {
	const link = linkLabels(peer, options);
	return {
		...checkInfo(options),
		[`tailprobe_check_state{${link},state="up"}`]: {well: 1, broken: 0},
		[`tailprobe_check_up{${link}}`]: {well: 1, broken: 0},
		[`tailprobe_check_down_since_timestamp_seconds{${link}}`]: onlyBroken(brokenAt),
		[`tailprobe_tunnel_path{${link},path="${options.path ?? 'direct'}"}`]: onlyWell(1),
	};
}

/** A tunnel that is up all the time. */
function soundTunnel(peer: string, options: LinkOptions = {}): Series {
	const link = linkLabels(peer, options);
	return {
		...checkInfo(options),
		[`tailprobe_check_state{${link},state="up"}`]: always(1),
		[`tailprobe_check_up{${link}}`]: always(1),
		[`tailprobe_tunnel_path{${link},path="${options.path ?? 'direct'}"}`]: always(1),
	};
}

/** A tunnel at which nobody can look while it is broken; `wasDown`: it was found down right before. */
function unseenTunnel(peer: string, options: LinkOptions = {}): Series {
	const link = linkLabels(peer, options);
	return {
		...checkInfo(options),
		[`tailprobe_check_state{${link},state="up"}`]: {well: 1, broken: 0},
		[`tailprobe_check_state{${link},state="unknown"}`]: {well: 0, broken: 1},
		[`tailprobe_check_up{${link}}`]: onlyWell(1),
	};
}

function tunnelDown(peer: string, labels: Record<string, string> = {}): FiredAlert {
	const all = {
		severity: 'critical',
		monitor: 'tailprobe',
		check: 'tunnel',
		type: 'tunnel',
		vantage: 'cluster',
		target: peer,
		peer,
		expect: 'answer',
		critical: 'true',
		path: 'direct',
		scope: 'node',
		...labels,
	};
	const others = all.scope === 'node' ? 'Nobody else reaches it either.' : 'Others may reach it.';
	return {
		labels: all,
		description: `From ${all.vantage} nothing has passed the tunnel to ${peer} since ${brokenClock}. ${others} Its last path was ${all.path}.`,
	};
}

const onceAMinute: Series = {'tailprobe_check_interval_seconds{check="tunnel"}': always(60)};
const downTimes = {brokenMinutes: 15, firesAfterSeconds: 45, resolvesAfterSeconds: 240};

const tunnelDownCases: readonly AlertCase[] = [
	{
		alert: 'TunnelDown',
		title: 'the only tunnel to a node is down',
		series: downTunnel('livekit'),
		...downTimes,
		firesThroughout: true,
		fires: [tunnelDown('livekit')],
	},
	{
		alert: 'TunnelDown',
		title: 'its likely cause is named',
		series: {
			...downTunnel('livekit'),
			'tailprobe_incident_links{cause="node-silent",peer="livekit"}': onlyBroken(2),
			'tailprobe_incident_links{cause="relay-down",peer="other"}': onlyBroken(5),
		},
		...downTimes,
		// Once it is healed no incident stands any more.
		fires: [
			{
				...tunnelDown('livekit'),
				description: `${tunnelDown('livekit').description} Likely cause: node-silent.`,
				later: {
					atEnd: `${tunnelDown('livekit').description} Likely cause: node-silent.`,
					beforeResolving: `${tunnelDown('livekit').description} Likely cause: node-silent.`,
				},
			},
		],
	},
	{
		alert: 'TunnelDown',
		title: 'another vantage reaches the node',
		series: {...downTunnel('livekit'), ...soundTunnel('livekit', {vantage: 'june-gpu-1', check: 'gpu-tunnel'})},
		...downTimes,
		fires: [tunnelDown('livekit', {scope: 'link'})],
	},
	{
		alert: 'TunnelDown',
		title: 'another vantage, which reached the node, cannot look any more: the scope stays',
		series: {...downTunnel('livekit'), ...unseenTunnel('livekit', {vantage: 'june-gpu-1', check: 'gpu-tunnel'})},
		...downTimes,
		firesThroughout: true,
		fires: [tunnelDown('livekit', {scope: 'link'})],
	},
	{
		alert: 'TunnelDown',
		title: 'one of a pool is a ticket',
		series: {
			...downTunnel('june-gpu-1'),
			'tailprobe_pool_members{pool="june-gpu",state="usable"}': {well: 1, broken: 0},
			'tailprobe_pool_member_state{pool="june-gpu",peer="june-gpu-1",state="usable"}': {well: 1, broken: 0},
			'tailprobe_pool_member_state{pool="june-gpu",peer="june-gpu-1",state="unusable"}': {well: 0, broken: 1},
		},
		...downTimes,
		fires: [tunnelDown('june-gpu-1', {severity: 'warning', pool: 'june-gpu'})],
	},
	{
		alert: 'TunnelDown',
		title: 'one of a pool stays a ticket while headscale is away and nobody knows who belongs to the pool',
		series: {
			...downTunnel('june-gpu-1'),
			'tailprobe_pool_min{pool="june-gpu"}': always(1),
			'tailprobe_pool_members{pool="june-gpu",state="usable"}': {
				well: 1,
				broken: 0,
				course: [
					[0, 300],
					[absent, 600],
				],
			},
			'tailprobe_pool_member_state{pool="june-gpu",peer="june-gpu-1",state="unusable"}': {
				well: 0,
				broken: 1,
				course: [
					[1, 300],
					[absent, 600],
				],
			},
		},
		...downTimes,
		firesThroughout: true,
		fires: [tunnelDown('june-gpu-1', {severity: 'warning', pool: 'june-gpu'})],
	},
	{
		alert: 'TunnelDown',
		title: 'its pool was taken out of the configuration a while ago: a page',
		series: {
			...during(downTunnel('june-gpu-1'), ({well, broken}) => [
				[well, 720],
				[broken, 1080],
			]),
			tailprobe_checks: always(10),
			...pooled('june-gpu-1', {well: 1, broken: absent, healed: absent}),
		},
		firesAfterSeconds: 765,
		resolvesAfterSeconds: 240,
		fires: [tunnelDown('june-gpu-1')],
	},
	{
		alert: 'TunnelDown',
		title: 'a check that is not critical is a ticket',
		series: downTunnel('livekit', {critical: 'false'}),
		...downTimes,
		fires: [tunnelDown('livekit', {severity: 'warning', critical: 'false'})],
	},
	{
		alert: 'TunnelDown',
		title: 'it went by a relay while headscale is down',
		series: {
			...downTunnel('livekit', {path: 'derp'}),
			'tailprobe_source_read_success{source="headscale-health"}': {well: 1, broken: 0},
		},
		...downTimes,
		fires: [tunnelDown('livekit', {path: 'derp'})],
	},
	{
		alert: 'TunnelDown',
		title: 'disco finds other paths while the tunnel is down: the path stays',
		series: {
			...downTunnel('livekit'),
			[`tailprobe_tunnel_path{${linkLabels('livekit')},path="direct"}`]: {
				well: 1,
				broken: 0,
				course: [
					[1, 300],
					[0, 300],
				],
			},
			[`tailprobe_tunnel_path{${linkLabels('livekit')},path="derp"}`]: {
				well: 0,
				broken: 1,
				course: [
					[0, 300],
					[1, 300],
				],
			},
		},
		...downTimes,
		firesThroughout: true,
		fires: [tunnelDown('livekit')],
	},
	{
		alert: 'TunnelDown',
		title: 'it never worked',
		series: {
			...downTunnel('livekit'),
			[`tailprobe_tunnel_path{${linkLabels('livekit')},path="direct"}`]: {well: absent, broken: absent},
		},
		...downTimes,
		fires: [tunnelDown('livekit', {path: 'none'})],
	},
	{
		alert: 'TunnelDown',
		title: 'its vantage dies while it is down: it goes on',
		series: {
			...downTunnel('livekit'),
			[`tailprobe_check_up{${linkLabels('livekit')}}`]: {
				well: 1,
				broken: 0,
				course: [
					[0, 300],
					[absent, 600],
				],
			},
		},
		...downTimes,
		firesThroughout: true,
		fires: [tunnelDown('livekit')],
	},
	{
		alert: 'TunnelDown',
		title: 'tailprobe restarts while it is down: it goes on',
		series: Object.fromEntries(
			Object.entries(downTunnel('livekit')).map(([name, levels]) => [
				name,
				levels.broken === absent
					? levels
					: {
							...levels,
							course: [
								[levels.broken, 300],
								[absent, 75],
								[levels.broken, 525],
							] as const,
						},
			]),
		),
		...downTimes,
		firesThroughout: true,
		fires: [tunnelDown('livekit')],
	},
	{
		alert: 'TunnelDown',
		title: 'one replica finds it down and the other one cannot look',
		scrapes: ['operated'],
		series: {
			...downTunnel('livekit'),
			[`tailprobe_check_state{${linkLabels('livekit')},state="up"}`]: {
				well: 1,
				broken: 0,
				second: {well: 1, broken: 0},
			},
			[`tailprobe_check_up{${linkLabels('livekit')}}`]: {well: 1, broken: 0, second: onlyWell(1)},
			[`tailprobe_check_down_since_timestamp_seconds{${linkLabels('livekit')}}`]: {
				...onlyBroken(brokenAt),
				second: {well: absent, broken: absent},
			},
		},
		...downTimes,
		fires: [tunnelDown('livekit')],
	},
	{
		alert: 'TunnelDown',
		title: 'one replica finds it down and the other one up',
		scrapes: ['operated'],
		series: {
			...downTunnel('livekit'),
			[`tailprobe_check_up{${linkLabels('livekit')}}`]: {well: 1, broken: 0, second: always(1)},
			[`tailprobe_check_down_since_timestamp_seconds{${linkLabels('livekit')}}`]: {
				...onlyBroken(brokenAt),
				second: {well: absent, broken: absent},
			},
		},
		fires: [],
	},
	{
		alert: 'TunnelDown',
		title: 'a node reconnects within half a minute',
		series: downTunnel('livekit'),
		brokenMinutes: 0.5,
		fires: [],
	},
	{
		alert: 'TunnelDown',
		title: 'a run is lost every other minute',
		series: Object.fromEntries(
			Object.entries(downTunnel('livekit')).map(([name, levels]) => [
				name,
				{
					...levels,
					course: [
						[levels.broken, 15],
						[levels.well, 105],
					] as const,
				},
			]),
		),
		fires: [],
	},
	{
		alert: 'TunnelDown',
		title: 'one run of a check that runs once a minute is lost',
		series: {...downTunnel('livekit'), ...onceAMinute},
		brokenMinutes: 1,
		fires: [],
	},
	{
		alert: 'TunnelDown',
		title: 'two runs of a check that runs once a minute fail',
		series: {...downTunnel('livekit'), ...onceAMinute},
		...downTimes,
		firesAfterSeconds: 75,
		firesThroughout: true,
		fires: [tunnelDown('livekit')],
	},
	{
		alert: 'TunnelDown',
		title: 'an ephemeral node left its pool, and headscale calls it offline',
		series: {
			...downTunnel('june-gpu-1'),
			...pooled('june-gpu-1', always(1)),
			...ephemeral('june-gpu-1', {well: 1, broken: 0}),
		},
		fires: [],
	},
	{
		alert: 'TunnelDown',
		title: 'an ephemeral node left its pool, and then headscale is down for long',
		series: {
			...downTunnel('june-gpu-1'),
			tailprobe_checks: always(10),
			...thenHeadscaleDown({
				...pooled('june-gpu-1', always(1)),
				...ephemeral('june-gpu-1', {well: 1, broken: 0}),
			}),
			'tailprobe_pool_min{pool="june-gpu"}': always(1),
		},
		brokenMinutes: 15,
		fires: [],
	},
	{
		alert: 'TunnelDown',
		title: 'an ephemeral node of no pool left, and headscale calls it offline: a ticket',
		series: {...downTunnel('livekit'), ...ephemeral('livekit', {well: 1, broken: 0})},
		...downTimes,
		firesThroughout: true,
		fires: [tunnelDown('livekit', {severity: 'warning', critical: 'false'})],
	},
	{
		alert: 'TunnelDown',
		title: 'an ephemeral node of no pool left, and then headscale is down for long: it stays a ticket',
		series: {
			...downTunnel('livekit'),
			tailprobe_checks: always(10),
			...thenHeadscaleDown(ephemeral('livekit', {well: 1, broken: 0})),
		},
		...downTimes,
		firesThroughout: true,
		fires: [tunnelDown('livekit', {severity: 'warning', critical: 'false'})],
	},
	{
		alert: 'TunnelDown',
		title: 'an ephemeral node died, and headscale goes on calling it online',
		series: {...downTunnel('june-gpu-1'), ...ephemeral('june-gpu-1', always(1))},
		...downTimes,
		fires: [tunnelDown('june-gpu-1')],
	},
	{
		alert: 'TunnelDown',
		title: 'nobody can look',
		series: unseenTunnel('livekit'),
		fires: [],
	},
	{
		alert: 'TunnelDown',
		title: 'replicas do not have the same configuration for a while',
		scrapes: ['operated'],
		series: {
			...downTunnel('livekit'),
			'tailprobe_check_info{check="tunnel",type="tunnel",via="tailnet",expect="answer",critical="false"}': {
				well: absent,
				broken: absent,
				second: always(1),
			},
		},
		...downTimes,
		fires: [tunnelDown('livekit')],
	},
];

/** The same series, which take this course during the fault. */
function during(series: Series, course: (levels: SeriesCase) => NonNullable<SeriesCase['course']>): Series {
	return Object.fromEntries(
		Object.entries(series).map(([name, levels]) => [name, {...levels, course: course(levels)}]),
	);
}

/** The same series for the first five minutes of a fault of fifteen, and then nothing that comes from headscale. */
function thenHeadscaleDown(series: Series): Series {
	return during(series, ({broken}) => [
		[broken, 300],
		[absent, 600],
	]);
}

/** The pool june-gpu with this machine. */
function pooled(peer: string, levels: SeriesCase): Series {
	return {
		'tailprobe_pool_min{pool="june-gpu"}': levels,
		'tailprobe_pool_members{pool="june-gpu",state="usable"}': levels,
		[`tailprobe_pool_member_state{pool="june-gpu",peer="${peer}",state="usable"}`]: levels,
	};
}

/** What headscale says of an ephemeral node, with the list that it stands in. */
function ephemeral(peer: string, online: SeriesCase): Series {
	return {
		[`tailprobe_headscale_node_info{peer="${peer}",owner="june",tags="",ephemeral="true",register_method="authkey"}`]:
			always(1),
		[`tailprobe_headscale_node_online{peer="${peer}"}`]: online,
		'tailprobe_headscale_nodes{state="online"}': always(4),
		'tailprobe_headscale_nodes{state="offline"}': always(1),
	};
}

const peers = ['auth', 'june-orchestrator', 'livekit', 'registry', 'storage'];

const tunnelsDown = (count: number): FiredAlert => ({
	labels: {severity: 'critical', monitor: 'tailprobe', vantage: 'cluster'},
	description: `From cluster the tunnels to ${count} nodes are down at once. Look at what they share: the vantage's own network, UDP, the relay, the policy of headscale.`,
});
const tunnelsDownTimes = {firesAfterSeconds: 30, resolvesAfterSeconds: 300, firesThroughout: true} as const;

/** So many tunnels, of which the first are down. */
function tunnels(count: number, downCount: number): Series {
	const names = Array.from({length: count}, (_, index) => `node-${index + 1}`);
	return Object.assign({}, ...names.map((peer, at) => (at < downCount ? downTunnel(peer) : soundTunnel(peer))));
}

const tunnelsDownCases: readonly AlertCase[] = [
	{
		alert: 'TunnelsDown',
		title: 'four of five tunnels are down',
		series: tunnels(5, 4),
		...tunnelsDownTimes,
		fires: [tunnelsDown(4)],
	},
	{
		alert: 'TunnelsDown',
		title: 'ten of forty tunnels are down',
		series: tunnels(40, 10),
		...tunnelsDownTimes,
		fires: [tunnelsDown(10)],
	},
	{
		alert: 'TunnelsDown',
		title: 'both of two tunnels are down',
		series: tunnels(2, 2),
		...tunnelsDownTimes,
		fires: [tunnelsDown(2)],
	},
	{
		alert: 'TunnelsDown',
		title: 'all of three tunnels are down',
		series: tunnels(3, 3),
		...tunnelsDownTimes,
		fires: [tunnelsDown(3)],
	},
	{
		alert: 'TunnelsDown',
		title: 'two of five tunnels are down',
		series: tunnels(5, 2),
		fires: [],
	},
	{
		alert: 'TunnelsDown',
		title: 'nine of forty tunnels are down',
		series: tunnels(40, 9),
		fires: [],
	},
	{
		alert: 'TunnelsDown',
		title: 'two of three tunnels are down, which page one by one',
		series: tunnels(3, 2),
		fires: [],
	},
	{
		alert: 'TunnelsDown',
		title: 'the only tunnel is down',
		series: tunnels(1, 1),
		fires: [],
	},
	{
		alert: 'TunnelsDown',
		title: 'the machines of a pool are down, which the pool tells',
		series: Object.assign(
			{},
			...peers.map(peer => ({
				...downTunnel(peer),
				[`tailprobe_pool_member_state{pool="june-gpu",peer="${peer}",state="usable"}`]: always(1),
			})),
		) as Series,
		fires: [],
	},
];

const goneFromCluster: FiredAlert = {
	labels: {severity: 'critical', monitor: 'tailprobe', vantage: 'cluster'},
	description:
		'The vantage cluster is not sound: its tailscaled does not run or is signed out, its network is gone, or it gets no processor. What it checks over the tailnet is unknown meanwhile.',
};
const goneMachine: FiredAlert = {
	labels: {severity: 'warning', monitor: 'tailprobe', vantage: 'june-gpu-1', peer: 'june-gpu-1'},
	description: 'june-gpu-1, from which checks run, cannot be reached by any of its ways: what it would see is unknown.',
};
const localInfo: Series = {'tailprobe_vantage_info{vantage="cluster",group="cluster",way="local"}': always(1)};
const machineInfo: Series = {
	'tailprobe_vantage_info{vantage="june-gpu-1",group="gpu",way="agent"}': onlyWell(1),
	'tailprobe_vantage_info{vantage="june-gpu-1",group="gpu",way="none"}': onlyBroken(1),
};

const vantageCases: readonly AlertCase[] = [
	{
		alert: 'VantageGone',
		title: 'the own tailscaled was stopped',
		series: {...localInfo, 'tailprobe_vantage_up{vantage="cluster"}': {well: 1, broken: 0}},
		firesAfterSeconds: 60,
		resolvesAfterSeconds: 300,
		firesThroughout: true,
		fires: [goneFromCluster],
	},
	{
		alert: 'VantageGone',
		title: 'the agent of a machine was killed',
		series: {
			...localInfo,
			...machineInfo,
			'tailprobe_vantage_up{vantage="cluster"}': always(1),
			'tailprobe_vantage_up{vantage="june-gpu-1"}': {well: 1, broken: 0},
		},
		firesAfterSeconds: 120,
		resolvesAfterSeconds: 120,
		firesThroughout: true,
		fires: [goneMachine],
	},
	{
		alert: 'VantageGone',
		title: 'one of two replicas is sick',
		scrapes: ['operated'],
		series: {...localInfo, 'tailprobe_vantage_up{vantage="cluster"}': {well: 1, broken: 0, second: always(1)}},
		fires: [],
	},
	{
		alert: 'VantageGone',
		title: 'tailscaled restarts within half a minute',
		series: {...localInfo, 'tailprobe_vantage_up{vantage="cluster"}': {well: 1, broken: 0}},
		brokenMinutes: 0.5,
		fires: [],
	},
	{
		alert: 'VantageGone',
		title: 'a machine was scaled down: headscale removed it, and its vantage stays for its grace',
		series: {
			...machineInfo,
			'tailprobe_vantage_up{vantage="june-gpu-1"}': {
				well: 1,
				broken: 0,
				course: [
					[0, 300],
					[absent, 600],
				],
				healed: absent,
			},
			...ephemeral('june-gpu-1', onlyWell(1)),
			'tailprobe_headscale_node_info{peer="june-gpu-1",owner="june",tags="",ephemeral="true",register_method="authkey"}':
				onlyWell(1),
		},
		fires: [],
	},
	{
		alert: 'VantageGone',
		title: 'a machine ended without a word, and headscale calls it offline',
		series: {
			...machineInfo,
			'tailprobe_vantage_up{vantage="june-gpu-1"}': {well: 1, broken: 0},
			...ephemeral('june-gpu-1', {well: 1, broken: 0}),
		},
		fires: [],
	},
];

const stunned = 'check="audio",type="http",vantage="edge",target="livekit",peer="livekit"';
const audioInfo: Series = {
	'tailprobe_check_info{check="audio",type="http",via="tailnet",expect="answer",critical="true"}': always(1),
};
const audioRuns: Series = {
	[`tailprobe_check_runs_total{${stunned},verdict="up"}`]: {well: '+1', broken: '+0'},
	[`tailprobe_check_runs_total{${stunned},verdict="unknown"}`]: {well: '+0', broken: '+1'},
};
const unknownAudio: Series = {
	...audioInfo,
	...audioRuns,
	[`tailprobe_check_state{${stunned},state="unknown"}`]: {well: 0, broken: 1},
};
const audioLabels = {
	monitor: 'tailprobe',
	check: 'audio',
	type: 'http',
	vantage: 'edge',
	target: 'livekit',
	peer: 'livekit',
	critical: 'true',
};
const comesToNoVerdict = 'The check audio from edge to livekit comes to no verdict: it is not known whether it is up.';
const noVerdict =
	'The check audio from edge to livekit has come to no verdict for 15 minutes. It may be down, and nobody would know.';

const unknownCases: readonly AlertCase[] = [
	{
		alert: 'LinkUnknown',
		title: 'no replica can look',
		series: unknownAudio,
		firesAfterSeconds: 300,
		resolvesAfterSeconds: 120,
		firesThroughout: true,
		fires: [{labels: {severity: 'warning', ...audioLabels}, description: comesToNoVerdict}],
	},
	{
		alert: 'LinkUnknown',
		title: 'the reason is named',
		series: {
			...unknownAudio,
			[`tailprobe_check_failures_total{${stunned},reason="denied"}`]: {well: 0, broken: '+1'},
		},
		firesAfterSeconds: 300,
		resolvesAfterSeconds: 120,
		fires: [{labels: {severity: 'warning', ...audioLabels}, description: `${comesToNoVerdict} Reason: denied.`}],
	},
	{
		alert: 'LinkUnknown',
		title: 'the other replica looks',
		scrapes: ['operated'],
		series: {
			...audioInfo,
			...audioRuns,
			[`tailprobe_check_state{${stunned},state="unknown"}`]: {well: 0, broken: 1, second: always(0)},
		},
		fires: [],
	},
	{
		alert: 'LinkUnknown',
		title: 'it was down before, which is told already',
		series: {
			...unknownAudio,
			[`tailprobe_check_down_since_timestamp_seconds{${stunned}}`]: onlyBroken(brokenAt),
		},
		fires: [],
	},
	{
		alert: 'LinkUnknown',
		title: 'the machine that looked left the tailnet',
		series: {...unknownAudio, ...ephemeral('edge', {well: 1, broken: 0})},
		fires: [],
	},
	...['LinkUnknown', 'LinkBlind'].map(alert => ({
		alert,
		title: 'an hourly check has not run since tailprobe started again',
		series: {
			...audioInfo,
			...during(unknownAudio, ({broken}) => [
				[absent, 75],
				[typeof broken === 'string' ? 0 : broken, 1725],
			]),
		},
		fires: [],
	})),
	{
		alert: 'LinkBlind',
		title: 'a critical link is unknown for a quarter of an hour',
		series: unknownAudio,
		firesAfterSeconds: 900,
		resolvesAfterSeconds: 120,
		firesThroughout: true,
		fires: [{labels: {severity: 'critical', ...audioLabels}, description: noVerdict}],
	},
	{
		alert: 'LinkBlind',
		title: 'it is unknown for ten minutes',
		series: unknownAudio,
		brokenMinutes: 10,
		fires: [],
	},
	{
		alert: 'LinkBlind',
		title: 'the link is not critical',
		series: {
			'tailprobe_check_info{check="audio",type="http",via="tailnet",expect="answer",critical="false"}': always(1),
			...audioRuns,
			[`tailprobe_check_state{${stunned},state="unknown"}`]: {well: 0, broken: 1},
		},
		fires: [],
	},
	{
		alert: 'LinkBlind',
		title: 'the machine that looks belongs to a pool',
		series: {
			...unknownAudio,
			'tailprobe_pool_member_state{pool="june-gpu",peer="edge",state="unknown"}': always(1),
		},
		fires: [],
	},
	{
		alert: 'LinkBlind',
		title: 'the machine that is looked at belongs to a pool',
		series: {
			...unknownAudio,
			'tailprobe_pool_member_state{pool="june-gpu",peer="livekit",state="unknown"}': always(1),
		},
		fires: [],
	},
	{
		alert: 'LinkBlind',
		title: 'two tunnels to the machine that looks are down',
		series: {...unknownAudio, ...downTunnel('edge'), ...downTunnel('edge', {vantage: 'june-gpu-1'})},
		fires: [],
	},
	{
		alert: 'LinkBlind',
		title: 'it cannot be looked at in that way',
		series: {
			...unknownAudio,
			[`tailprobe_check_failures_total{${stunned},reason="unsupported"}`]: {well: 0, broken: '+1'},
		},
		fires: [],
	},
];

const relayed = linkLabels('livekit');
const onRelay: Series = {
	...soundTunnel('livekit'),
	[`tailprobe_tunnel_path{${relayed},path="direct"}`]: {well: 1, broken: 0},
	[`tailprobe_tunnel_path{${relayed},path="derp"}`]: {well: 0, broken: 1},
};
const linkOnly = {
	monitor: 'tailprobe',
	check: 'tunnel',
	type: 'tunnel',
	vantage: 'cluster',
	target: 'livekit',
	peer: 'livekit',
};

const pathCases: readonly AlertCase[] = [
	{
		alert: 'TunnelRelayed',
		title: 'the path becomes a relay and stays so',
		series: onRelay,
		firesAfterSeconds: 900,
		resolvesAfterSeconds: 300,
		fires: [
			{
				labels: {severity: 'warning', ...linkOnly, path: 'derp'},
				description:
					'The tunnel from cluster to livekit has gone through a relay (DERP) for a quarter of an hour: it is slower, and lost as soon as that relay is. UDP is dropped on one side, or no way was found through its NAT.',
			},
		],
	},
	{alert: 'TunnelRelayed', title: 'a relay is used for ten minutes', series: onRelay, brokenMinutes: 10, fires: []},
	{
		alert: 'TunnelRelayed',
		title: 'one replica has a direct path',
		scrapes: ['operated'],
		series: {
			...soundTunnel('livekit'),
			[`tailprobe_tunnel_path{${relayed},path="direct"}`]: {well: 1, broken: 0, second: always(1)},
			[`tailprobe_tunnel_path{${relayed},path="derp"}`]: {well: 0, broken: 1, second: always(0)},
		},
		fires: [],
	},
	{
		alert: 'TunnelFlapping',
		title: 'the path changes every half minute',
		series: {[`tailprobe_tunnel_path_changes_total{${relayed}}`]: {well: '+0', broken: '+0.5'}},
		firesAfterSeconds: 915,
		brokenMinutes: 60,
		resolvesAfterSeconds: 3300,
		vanishedAfterSeconds: 3600,
		fires: [
			{
				labels: {severity: 'warning', ...linkOnly},
				description:
					'The tunnel from cluster to livekit changed its path more than twenty times within an hour. Each change costs packets and makes round trips jump.',
			},
		],
	},
	{
		alert: 'TunnelFlapping',
		title: 'the path changes every four minutes',
		series: {[`tailprobe_tunnel_path_changes_total{${relayed}}`]: {well: '+0', broken: '+0.0625'}},
		brokenMinutes: 60,
		fires: [],
	},
	{
		alert: 'TunnelLossy',
		title: 'every fifth ping is lost',
		series: {
			[`tailprobe_tunnel_pings_total{${relayed}}`]: {well: '+5', broken: '+5'},
			[`tailprobe_tunnel_pings_lost_total{${relayed}}`]: {well: '+0', broken: '+1'},
		},
		firesAfterSeconds: 705,
		resolvesAfterSeconds: 600,
		vanishedAfterSeconds: 900,
		fires: [
			{
				labels: {severity: 'warning', ...linkOnly},
				description:
					'More than one in twenty pings through the tunnel from cluster to livekit is lost. Voice breaks up, and connections slow down. The fault is in the network beneath, mostly on the side of a rented machine.',
			},
		],
	},
	{
		alert: 'TunnelLossy',
		title: 'a reconnect loses every ping of half a minute',
		series: {
			[`tailprobe_tunnel_pings_total{${relayed}}`]: {well: '+3', broken: '+3'},
			[`tailprobe_tunnel_pings_lost_total{${relayed}}`]: {well: '+0', broken: '+3'},
		},
		brokenMinutes: 0.5,
		fires: [],
	},
	{
		alert: 'TunnelLossy',
		title: 'every third ping is lost for some minutes, which is over before it is told',
		series: {
			[`tailprobe_tunnel_pings_total{${relayed}}`]: {well: '+3', broken: '+3'},
			[`tailprobe_tunnel_pings_lost_total{${relayed}}`]: {well: '+0', broken: '+1'},
		},
		brokenMinutes: 4.5,
		fires: [],
	},
	{
		alert: 'TunnelLossy',
		title: 'the tunnel is down, which is told already, and comes back',
		series: {
			...downTunnel('livekit'),
			[`tailprobe_tunnel_pings_total{${relayed}}`]: {well: '+3', broken: '+3'},
			[`tailprobe_tunnel_pings_lost_total{${relayed}}`]: {well: '+0', broken: '+3'},
		},
		fires: [],
	},
	{
		alert: 'TunnelLossy',
		title: 'an ephemeral machine of a pool leaves, and comes back',
		series: {
			...downTunnel('livekit'),
			...ephemeral('livekit', {well: 1, broken: 0}),
			...pooled('livekit', always(1)),
			[`tailprobe_tunnel_pings_total{${relayed}}`]: {well: '+3', broken: '+3'},
			[`tailprobe_tunnel_pings_lost_total{${relayed}}`]: {well: '+0', broken: '+3'},
		},
		fires: [],
	},
	{
		alert: 'TunnelOverhead',
		title: 'every fifth round takes longer than the objective',
		series: {
			'tailprobe_tunnel_overhead_rounds_total{check="tunnel",type="tunnel",vantage="cluster",within="true"}': {
				well: '+5',
				broken: '+4',
			},
			'tailprobe_tunnel_overhead_rounds_total{check="tunnel",type="tunnel",vantage="cluster",within="false"}': {
				well: '+0',
				broken: '+1',
			},
		},
		brokenMinutes: 60,
		firesAfterSeconds: 615,
		resolvesAfterSeconds: 2100,
		vanishedAfterSeconds: 3900,
		fires: [
			{
				labels: {severity: 'warning', monitor: 'tailprobe', check: 'tunnel', type: 'tunnel', vantage: 'cluster'},
				description:
					'From cluster more than a tenth of the rounds of tunnel within an hour took longer through the tunnel than beside it by more than the objective. A processor without time to encrypt is the usual reason.',
			},
		],
	},
	{
		alert: 'TunnelOverhead',
		title: 'one round in twenty takes longer than the objective',
		series: {
			'tailprobe_tunnel_overhead_rounds_total{check="tunnel",type="tunnel",vantage="cluster",within="true"}': {
				well: '+19',
				broken: '+19',
			},
			'tailprobe_tunnel_overhead_rounds_total{check="tunnel",type="tunnel",vantage="cluster",within="false"}': {
				well: '+1',
				broken: '+1',
			},
		},
		brokenMinutes: 60,
		fires: [],
	},
];

const own = {monitor: 'tailprobe', vantage: 'cluster'};

const tailscaledCases: readonly AlertCase[] = [
	{
		alert: 'TailscaledControlUnreachable',
		title: 'the own tailscaled is cut off from headscale',
		series: {
			'tailprobe_vantage_up{vantage="cluster"}': always(1),
			'tailprobe_vantage_control_reachable{vantage="cluster"}': {well: 1, broken: 0},
		},
		firesAfterSeconds: 300,
		resolvesAfterSeconds: 120,
		fires: [
			{
				labels: {severity: 'warning', ...own},
				description:
					'The tailscaled of cluster has not been connected to headscale for five minutes. Its tunnels live on; it hears of no new node, key or rule.',
			},
		],
	},
	{
		alert: 'TailscaledControlUnreachable',
		title: 'the vantage is gone, which is told already',
		series: {
			'tailprobe_vantage_up{vantage="cluster"}': {well: 1, broken: 0},
			'tailprobe_vantage_control_reachable{vantage="cluster"}': {well: 1, broken: 0},
		},
		fires: [],
	},
	{
		alert: 'TailscaledWarning',
		title: 'the own tailscaled warns for long',
		series: {
			'tailprobe_tailscaled_health_warning{vantage="cluster",code="dns-read-os-config-failed"}': onlyBroken(1),
		},
		firesAfterSeconds: 900,
		resolvesAfterSeconds: 120,
		fires: [
			{
				labels: {severity: 'info', ...own, code: 'dns-read-os-config-failed'},
				description: 'The tailscaled of cluster has warned of dns-read-os-config-failed for a quarter of an hour.',
			},
		],
	},
	{
		alert: 'OwnNodeKeyExpiring',
		title: 'the own key ends within two days, so within two weeks too',
		series: {'tailprobe_tailscaled_key_expiry_timestamp_seconds{vantage="cluster"}': {well: 1e9, broken: 100_000}},
		firesAfterSeconds: 75,
		resolvesAfterSeconds: 300,
		fires: [
			{
				labels: {severity: 'critical', ...own},
				description:
					'The key of the tailscaled of cluster ends at 1970-01-02 03:46:40 +0000 UTC. From then on nothing can be looked at over the tailnet from there.',
			},
			{
				labels: {severity: 'warning', ...own},
				description:
					'The key of the tailscaled of cluster ends at 1970-01-02 03:46:40 +0000 UTC. Renew it, or switch its expiry off in headscale.',
			},
		],
	},
	{
		alert: 'OwnNodeKeyExpiring',
		title: 'the own key ends within two weeks',
		series: {'tailprobe_tailscaled_key_expiry_timestamp_seconds{vantage="cluster"}': {well: 1e9, broken: 864_000}},
		firesAfterSeconds: 75,
		resolvesAfterSeconds: 300,
		fires: [
			{
				labels: {severity: 'warning', ...own},
				description:
					'The key of the tailscaled of cluster ends at 1970-01-11 00:00:00 +0000 UTC. Renew it, or switch its expiry off in headscale.',
			},
		],
	},
	{
		alert: 'RelayMapEmpty',
		title: 'the map of relays is empty',
		series: {'tailprobe_tailscaled_derp_map_regions{vantage="cluster"}': {well: 1, broken: 0}},
		firesAfterSeconds: 300,
		resolvesAfterSeconds: 120,
		fires: [
			{
				labels: {severity: 'warning', ...own},
				description:
					'The map of relays of cluster is empty. Direct tunnels live on; none can fall back to a relay, and new ones may never come.',
			},
		],
	},
	{
		alert: 'TailnetClientVersionSkew',
		title: 'a client is older than headscale accepts',
		series: {
			tailprobe_tailnet_clients_below_minimum: {well: 0, broken: 1},
			tailprobe_tailnet_client_version_skew: always(2),
		},
		brokenMinutes: 90,
		firesAfterSeconds: 3600,
		resolvesAfterSeconds: 300,
		fires: [
			{
				labels: {severity: 'info', monitor: 'tailprobe'},
				description:
					'Nodes of the tailnet run clients that headscale does not accept any more, or that are five releases or more behind the newest. One that headscale refuses cannot come back once it disconnects.',
			},
		],
	},
];

export const tunnelCases: readonly AlertCase[] = [
	...tunnelDownCases,
	...tunnelsDownCases,
	...vantageCases,
	...unknownCases,
	...pathCases,
	...tailscaledCases,
];
