import {type AlertCase, absent, type SeriesCase} from '../../helpers/alert-cases.ts';

const own = {monitor: 'tailprobe'};
const critical = {severity: 'critical', ...own};
const warning = {severity: 'warning', ...own};
const always = (value: number): SeriesCase => ({well: value, broken: value});
const falls: SeriesCase = {well: 1, broken: 0};
const leaves: SeriesCase = {well: 1, broken: absent};

/** What is there of tailprobe whatever it does, by which its job is found. */
const build = 'tailprobe_build_info{version="0.1.0",node_version="v26.10.0"}';
const inCluster = (cluster: string) => build.replace('}', `,cluster="${cluster}"}`);
const down = 'Nobody watches the tailnet, and nothing else of tailprobe can page until one is back.';

/** A counter that grows some times at first, and stays. */
const grows = (times: number): SeriesCase => ({
	well: '+0',
	broken: '+0',
	course: [
		['+1', times * 15],
		['+0', 1800 - times * 15],
	],
});

/** What differs between the two ways of scraping: an operator tells the namespace too. */
const bareDown: AlertCase = {
	alert: 'TailprobeDown',
	title: 'it is killed, and does not come back',
	series: {up: falls, [build]: leaves},
	scrapes: ['bare'],
	firesAfterSeconds: 90,
	resolvesAfterSeconds: 120,
	fires: [{labels: critical, description: `No target of job tailprobe that is tailprobe answers Prometheus. ${down}`}],
};
const operatedDown: AlertCase = {
	...bareDown,
	scrapes: ['operated'],
	title: 'both replicas are killed',
	fires: [
		{
			labels: critical,
			description: `No target of job tailprobe in monitoring that is tailprobe answers Prometheus. ${down}`,
		},
	],
};

const startedRuns = 'tailprobe_vantage_runs_started_total{vantage="cluster"}';
const looking: Record<string, SeriesCase> = {
	'tailprobe_vantage_up{vantage="cluster"}': always(1),
	'tailprobe_vantage_info{vantage="cluster",group="cluster",way="local"}': always(1),
	'tailprobe_check_state{check="tunnel",type="tunnel",vantage="cluster",target="gpu-1",peer="gpu-1",state="up"}':
		always(1),
};

export const tailprobeCases: readonly AlertCase[] = [
	{
		alert: 'TailprobeWatchdog',
		title: 'always',
		series: {},
		firesFromTheStart: true,
		fires: [
			{
				labels: {severity: 'none', ...own},
				description: 'Prometheus evaluates the rules of tailprobe, and Alertmanager gets what they find.',
				withoutScrape: true,
			},
		],
	},
	bareDown,
	operatedDown,
	{
		...operatedDown,
		title: 'the one replica is replaced by one that never comes up',
		series: {
			up: {well: 1, broken: absent, healed: absent, second: {well: absent, broken: 0, healed: 1}},
			[build]: {well: 1, broken: absent, healed: absent, second: {well: absent, broken: absent, healed: 1}},
		},
	},
	{
		...bareDown,
		title: 'one of two installations is dead for longer than six hours: it goes on',
		series: {
			'up{cluster="berlin"}': always(1),
			[inCluster('berlin')]: always(1),
			'up{cluster="lisbon"}': falls,
			[inCluster('lisbon')]: leaves,
		},
		brokenMinutes: 420,
		healedMinutes: 30,
		firesThroughout: true,
		fires: bareDown.fires.map(fired => ({...fired, labels: {...fired.labels, cluster: 'lisbon'}})),
	},
	{
		alert: 'TailprobeDown',
		title: 'one of two replicas is down',
		series: {
			up: {well: 1, broken: 0, second: always(1)},
			[build]: {well: 1, broken: absent, second: always(1)},
		},
		scrapes: ['operated'],
		fires: [],
	},
	{
		alert: 'TailprobeDown',
		title: 'a restart that takes a minute',
		brokenMinutes: 1,
		series: {up: falls, [build]: leaves},
		fires: [],
	},
	{
		alert: 'TailprobeDown',
		title: 'what else a job scrapes may be down',
		series: {'up{app="other"}': falls, up: always(1), [build]: always(1)},
		fires: [],
	},
	{
		alert: 'TailprobeAbsent',
		title: 'nothing of it is scraped any more',
		series: {up: leaves, [build]: leaves},
		firesAfterSeconds: 90,
		resolvesAfterSeconds: 120,
		vanishedAfterSeconds: 'never',
		fires: [
			{
				labels: critical,
				description:
					'Job tailprobe had targets that were tailprobe within the last 6 hours, and has none now. Nobody watches the tailnet, and nothing else of tailprobe can page.',
			},
		],
	},
	{
		alert: 'TailprobeAbsent',
		title: 'it was never there',
		series: {'up{app="other"}': always(1)},
		firesFromTheStart: true,
		firesAfterSeconds: 90,
		fires: [
			{
				labels: critical,
				description:
					'No target was tailprobe within the last 6 hours. Nobody watches the tailnet, and nothing else of tailprobe can page.',
				withoutScrape: true,
			},
		],
	},
	{
		alert: 'TailprobeAbsent',
		title: 'it is scaled down from two replicas to one',
		series: {
			up: {well: 1, broken: 1, second: {well: 1, broken: absent, healed: absent}},
			[build]: {well: 1, broken: 1, second: {well: 1, broken: absent, healed: absent}},
		},
		fires: [],
	},
	{
		alert: 'TailprobeAbsent',
		title: 'its pod is replaced by another one, which comes up after a minute',
		series: {
			up: {
				...{well: 1, broken: absent, healed: absent},
				second: {
					well: absent,
					broken: 1,
					healed: 1,
					course: [
						[absent, 60],
						[1, 1740],
					],
				},
			},
			[build]: {
				...{well: 1, broken: absent, healed: absent},
				second: {
					well: absent,
					broken: 1,
					healed: 1,
					course: [
						[absent, 60],
						[1, 1740],
					],
				},
			},
		},
		scrapes: ['operated'],
		fires: [],
	},
	{
		alert: 'TailprobeReplicaDown',
		title: 'one of two',
		series: {
			up: {well: 1, broken: 1, second: falls},
			[build]: {well: 1, broken: 1, second: leaves},
		},
		scrapes: ['operated'],
		firesAfterSeconds: 300,
		resolvesAfterSeconds: 120,
		fires: [
			{
				labels: warning,
				description:
					'1 targets of job tailprobe that were tailprobe are down: 10.0.0.2:9753. The tailnet is watched by the others.',
			},
		],
	},
	{
		alert: 'TailprobeReplicaDown',
		title: 'all of them are down, which is a page of its own',
		series: {up: falls, [build]: leaves},
		fires: [],
	},
	{
		alert: 'TailprobeInventoryUnexported',
		title: 'somebody who is not scraped holds the lease',
		series: {tailprobe_inventory_exported: {well: 1, broken: 0, second: always(0)}},
		scrapes: ['operated'],
		firesAfterSeconds: 300,
		resolvesAfterSeconds: 120,
		fires: [
			{
				labels: warning,
				description:
					'Each replica of job tailprobe leaves the inventories to another that holds the lease, and none of those that Prometheus scrapes does. What is read of headscale, Kubernetes and vast.ai has no series, and alerts on it are silent.',
			},
		],
	},
	{
		alert: 'TailprobeInventoryUnexported',
		title: 'the lease goes from one replica to the other',
		series: {tailprobe_inventory_exported: {well: 1, broken: 0, second: {well: 0, broken: 1}}},
		scrapes: ['operated'],
		fires: [],
	},
	{
		alert: 'TailprobeInventoryUnexported',
		title: 'for a minute nobody does, as the holder was killed',
		series: {
			tailprobe_inventory_exported: {
				...{well: 1, broken: absent, healed: absent},
				second: {
					...{well: 0, broken: 0, healed: 1},
					course: [
						[0, 60],
						[1, 1740],
					],
				},
			},
		},
		scrapes: ['operated'],
		fires: [],
	},
	{
		alert: 'TailprobeRunsStopped',
		title: 'it is sound, has checks, and starts none',
		series: {
			...looking,
			'tailprobe_check_interval_seconds{check="tunnel"}': always(15),
			[startedRuns]: {well: '+8', broken: '+0'},
		},
		firesAfterSeconds: 135,
		resolvesAfterSeconds: 135,
		fires: [
			{
				labels: {...critical, vantage: 'cluster'},
				description:
					'cluster has started no run for 2 minutes although it has checks for at least each 30 seconds and calls itself sound. What its series say is what was so before.',
			},
		],
	},
	{
		alert: 'TailprobeRunsStopped',
		title: 'on a GPU machine, which is a ticket',
		series: {
			'tailprobe_vantage_up{vantage="gpu-1"}': always(1),
			'tailprobe_vantage_info{vantage="gpu-1",group="gpu",way="agent"}': always(1),
			'tailprobe_check_state{check="webhook",type="http",vantage="gpu-1",target="livekit",peer="livekit",state="up"}':
				always(1),
			'tailprobe_check_interval_seconds{check="webhook"}': always(30),
			'tailprobe_vantage_runs_started_total{vantage="gpu-1"}': {well: '+8', broken: '+0'},
		},
		firesAfterSeconds: 135,
		resolvesAfterSeconds: 135,
		fires: [
			{
				labels: {...warning, vantage: 'gpu-1'},
				description:
					'gpu-1 has started no run for 2 minutes although it has checks for at least each 30 seconds and calls itself sound. What its series say is what was so before.',
			},
		],
	},
	{
		alert: 'TailprobeRunsStopped',
		title: 'its only check runs each five minutes',
		series: {
			...looking,
			'tailprobe_check_interval_seconds{check="tunnel"}': always(300),
			[startedRuns]: {well: '+8', broken: '+0'},
		},
		fires: [],
	},
	{
		alert: 'TailprobeRunsStopped',
		title: 'a vantage that is gone has an alert of its own',
		series: {
			...looking,
			'tailprobe_vantage_up{vantage="cluster"}': falls,
			'tailprobe_check_interval_seconds{check="tunnel"}': always(15),
			[startedRuns]: {well: '+8', broken: '+0'},
		},
		fires: [],
	},
	{
		alert: 'TailprobeStarved',
		title: 'a fifth of its runs come late',
		series: {
			'tailprobe_vantage_runs_total{vantage="cluster",verdict="up"}': {well: '+10', broken: '+9'},
			'tailprobe_vantage_runs_total{vantage="cluster",verdict="unknown"}': {well: '+0', broken: '+1'},
			'tailprobe_vantage_late_runs_total{vantage="cluster",outcome="answered"}': {well: '+0', broken: '+1'},
			'tailprobe_vantage_late_runs_total{vantage="cluster",outcome="timed_out"}': {well: '+0', broken: '+1'},
		},
		firesAfterSeconds: 465,
		resolvesAfterSeconds: 270,
		fires: [
			{
				labels: {...warning, vantage: 'cluster'},
				description: late('20%'),
				later: {atEnd: late('20%'), beforeResolving: late('11%')},
			},
		],
	},
	{
		alert: 'TailprobeStarved',
		title: 'a few runs of many',
		series: {
			'tailprobe_vantage_runs_total{vantage="cluster",verdict="up"}': {well: '+100', broken: '+100'},
			'tailprobe_vantage_late_runs_total{vantage="cluster",outcome="answered"}': {well: '+0', broken: '+3'},
		},
		fires: [],
	},
	{
		alert: 'TailprobeReloadFailed',
		title: 'of one replica',
		series: {
			tailprobe_config_last_reload_successful: {well: 1, broken: 1, second: falls},
			tailprobe_config_last_reload_success_timestamp_seconds: always(100),
		},
		scrapes: ['operated'],
		firesAfterSeconds: 300,
		resolvesAfterSeconds: 120,
		fires: [
			{
				labels: warning,
				description:
					'The last reload failed, and tailprobe goes on with the configuration of 1970-01-01 00:01:40 +0000 UTC. A restart would end it.',
			},
		],
	},
	{
		alert: 'TailprobePlanProblems',
		title: 'two targets',
		series: {tailprobe_plan_problems: {well: 0, broken: 2}},
		firesAfterSeconds: 600,
		resolvesAfterSeconds: 120,
		fires: [
			{
				labels: warning,
				description:
					'2 targets of the configuration cannot be checked as they stand; the status page says which and why.',
			},
		],
	},
	{
		alert: 'TailprobeSeriesLimit',
		title: 'checks are left without series',
		series: {
			tailprobe_checks_without_series: {well: 0, broken: 7},
			tailprobe_series: always(59_000),
			tailprobe_series_limit: {well: 70_000, broken: 60_000},
		},
		firesAfterSeconds: 600,
		resolvesAfterSeconds: 120,
		fires: [{labels: warning, description: '7 checks run without series of their own: no alert can see them.'}],
	},
	{
		alert: 'TailprobeSeriesLimit',
		title: 'little is left',
		series: {
			tailprobe_checks_without_series: always(0),
			tailprobe_series: {well: 10_000, broken: 55_000},
			tailprobe_series_limit: always(60_000),
		},
		firesAfterSeconds: 600,
		resolvesAfterSeconds: 120,
		fires: [
			{
				labels: warning,
				description:
					'More than 90 % of limits.max_series are taken: beyond it checks have no series, and no alert can see them.',
			},
		],
	},
	{
		alert: 'TailprobeSourceFailing',
		title: 'vast.ai refuses; headscale has alerts of its own',
		series: {
			'tailprobe_source_read_success{source="vast-instances"}': falls,
			'tailprobe_source_read_success{source="headscale-nodes"}': falls,
			'tailprobe_source_last_success_timestamp_seconds{source="vast-instances"}': always(290),
		},
		firesAfterSeconds: 300,
		resolvesAfterSeconds: 120,
		fires: [
			{
				labels: {...warning, source: 'vast-instances'},
				description:
					'vast-instances has not been read for more than 5 minutes; it was last read at 1970-01-01 00:04:50 +0000 UTC. What comes from it is withdrawn after three intervals, and alerts on it are silent then.',
			},
		],
	},
	{
		alert: 'TailprobeThreadRestarting',
		title: 'four times',
		series: {'tailprobe_vantage_thread_restarts_total{vantage="cluster"}': grows(4)},
		firesAfterSeconds: 45,
		resolvesAfterSeconds: 1950,
		vanishedAfterSeconds: 3600,
		fires: [
			{
				labels: {...warning, vantage: 'cluster'},
				description: restarts(3),
				later: {atEnd: restarts(4), beforeResolving: restarts(3)},
			},
		],
	},
	{
		alert: 'TailprobeThreadRestarting',
		title: 'twice',
		series: {'tailprobe_vantage_thread_restarts_total{vantage="cluster"}': grows(2)},
		fires: [],
	},
	{
		alert: 'TailprobeInternalErrors',
		title: 'four errors in an hour',
		series: {tailprobe_internal_errors_total: grows(4)},
		firesAfterSeconds: 45,
		resolvesAfterSeconds: 1950,
		vanishedAfterSeconds: 3600,
		fires: [{labels: warning, description: errors(3), later: {atEnd: errors(4), beforeResolving: errors(3)}}],
	},
	{
		alert: 'TailprobeInternalErrors',
		title: 'two errors in an hour',
		series: {tailprobe_internal_errors_total: grows(2)},
		fires: [],
	},
	{
		alert: 'TailprobeReadingsRejected',
		title: 'an agent sends what it was not asked for',
		series: {
			'tailprobe_vantage_rejected_readings_total{vantage="gpu-1",reason="foreign"}': {well: '+0', broken: '+3'},
			'tailprobe_vantage_rejected_readings_total{vantage="gpu-1",reason="excess"}': always(0),
		},
		firesAfterSeconds: 30,
		resolvesAfterSeconds: 705,
		vanishedAfterSeconds: 900,
		fires: [
			{
				labels: {...warning, vantage: 'gpu-1'},
				description: rejected(6),
				later: {atEnd: rejected(120), beforeResolving: rejected(6)},
			},
		],
	},
	{
		alert: 'TailprobeReadingsRejected',
		title: 'one reading that crossed a change of its list',
		series: {
			'tailprobe_vantage_rejected_readings_total{vantage="gpu-1",reason="foreign"}': grows(1),
		},
		fires: [],
	},
	{
		alert: 'TailprobeRestarting',
		title: 'three times in half an hour, and another program of the job as well',
		series: {
			[build]: always(1),
			process_start_time_seconds: {
				well: 0,
				broken: 3,
				healed: 3,
				course: [
					[300, 300],
					[600, 300],
					[900, 1200],
				],
			},
			'process_start_time_seconds{app="other"}': {
				well: 0,
				broken: 0,
				course: [
					[1, 60],
					[2, 60],
				],
			},
		},
		firesAfterSeconds: 600,
		resolvesAfterSeconds: 2220,
		fires: [
			{
				labels: warning,
				description:
					'A replica of job tailprobe restarted 3 times in the last hour. Nobody looked meanwhile, and what it remembered is lost.',
			},
		],
	},
	{
		alert: 'TailprobeReadingsLost',
		title: 'an agent was cut off for hours',
		series: {'tailprobe_vantage_lost_readings_total{vantage="gpu-1"}': grows(20)},
		firesAfterSeconds: 165,
		resolvesAfterSeconds: 2070,
		vanishedAfterSeconds: 3600,
		fires: [
			{
				labels: {severity: 'info', ...own, vantage: 'gpu-1'},
				description: lost(11),
				later: {atEnd: lost(20), beforeResolving: lost(11)},
			},
		],
	},
];

function late(share: string): string {
	return `${share} of the runs of cluster in the last 5 minutes were spoiled by its own lateness: their times are not counted, and those that timed out are unknown.`;
}

function restarts(count: number): string {
	return `The thread of cluster was started anew about ${count} times in the last hour; its checks are unknown meanwhile.`;
}

function errors(count: number): string {
	return `About ${count} errors of tailprobe itself were caught in the last hour. Each is in its log.`;
}

function rejected(count: number): string {
	return `About ${count} readings of the agent on gpu-1 were dropped in the last 10 minutes (foreign). It runs another version, or somebody else speaks for it.`;
}

function lost(count: number): string {
	return `About ${count} readings of the agent on gpu-1 were lost in the last hour: the history has a gap there.`;
}
