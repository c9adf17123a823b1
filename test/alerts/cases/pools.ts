import {type AlertCase, absent, type SeriesCase} from '../../helpers/alert-cases.ts';

const own = {monitor: 'tailprobe'};
const always = (value: number): SeriesCase => ({well: value, broken: value});

const critical = {severity: 'critical', ...own, pool: 'june'};
const warning = {severity: 'warning', ...own};

/** A machine of the pool by its state. */
const member = (peer: string, usable: SeriesCase, unusable: SeriesCase = always(0)): Record<string, SeriesCase> => ({
	[`tailprobe_pool_member_state{pool="june",peer="${peer}",state="usable"}`]: usable,
	[`tailprobe_pool_member_state{pool="june",peer="${peer}",state="unusable"}`]: unusable,
});
const falls: SeriesCase = {well: 1, broken: 0};
const rises: SeriesCase = {well: 0, broken: 1};
const leaves: SeriesCase = {well: 1, broken: absent};
const minimum = {'tailprobe_pool_min{pool="june"}': always(2)};
const usable = (levels: SeriesCase) => ({'tailprobe_pool_usable{pool="june"}': levels});
const unknown = (levels: SeriesCase) => ({'tailprobe_pool_members{pool="june",state="unknown"}': levels});

const instance = 'vast_instance="27700001"';
const info = (peer: string) =>
	`tailprobe_vast_instance_info{${instance},gpu_model="RTX 4090",gpus="1",machine="12001",peer="${peer}"}`;
const rented: Record<string, SeriesCase> = {
	[info('gpu-1')]: always(1),
	[`tailprobe_vast_instance_price_dollars_per_hour{${instance}}`]: always(0.36),
};
const unreachable = (since: number): Record<string, SeriesCase> => ({
	[`tailprobe_vast_instance_unreachable_since_timestamp_seconds{${instance}}`]: {well: absent, broken: since},
});
const tunnel = 'tailprobe_check_up{check="tunnel",type="tunnel",vantage="cluster",target="gpu-1",peer="gpu-1"}';

export const poolCases: readonly AlertCase[] = [
	{
		alert: 'PoolBelowMinimum',
		title: 'one of two machines is unusable, for a known cause',
		series: {
			...minimum,
			...usable({well: 2, broken: 1}),
			...unknown(always(0)),
			...member('gpu-1', falls, rises),
			...member('gpu-2', always(1)),
			'tailprobe_incident_links{cause="node-silent",peer="gpu-1"}': {well: absent, broken: 3},
			'tailprobe_incident_links{cause="gpu-full",peer="gpu-9"}': always(9),
		},
		firesAfterSeconds: 60,
		resolvesAfterSeconds: 300,
		fires: [
			{
				labels: critical,
				description:
					'Pool june has at most 1 usable machines, and must have 2. Not usable: gpu-1. Likely cause: node-silent.',
			},
		],
	},
	{
		alert: 'PoolBelowMinimum',
		title: 'a machine is gone',
		series: {
			...minimum,
			...usable({well: 2, broken: 1}),
			...unknown(always(0)),
			...member('gpu-1', leaves, {well: 0, broken: absent}),
			...member('gpu-2', always(1)),
		},
		firesAfterSeconds: 60,
		resolvesAfterSeconds: 300,
		fires: [
			{
				labels: critical,
				description:
					'Pool june has at most 1 usable machines, and must have 2. None of those that are there is bad: there are too few.',
			},
		],
	},
	{
		alert: 'PoolBelowMinimum',
		title: 'the last machine is gone',
		series: {
			'tailprobe_pool_min{pool="june"}': always(1),
			...usable(falls),
			...unknown(always(0)),
			...member('gpu-1', leaves, {well: 0, broken: absent}),
		},
		firesAfterSeconds: 60,
		resolvesAfterSeconds: 300,
		fires: [
			{
				labels: critical,
				description:
					'Pool june has at most 0 usable machines, and must have 1. None of those that are there is bad: there are too few.',
			},
		],
	},
	{
		alert: 'PoolBelowMinimum',
		title: 'a replica that cannot look does not vouch for what the other one finds unusable',
		series: {
			...minimum,
			...usable({well: 2, broken: 1, second: {well: 2, broken: 0}}),
			...unknown({well: 0, broken: 0, second: {well: 0, broken: 2}}),
			...member('gpu-1', falls, {well: 0, broken: 1, second: always(0)}),
			...member('gpu-2', {well: 1, broken: 1, second: falls}),
		},
		scrapes: ['operated'],
		firesAfterSeconds: 60,
		resolvesAfterSeconds: 300,
		fires: [
			{
				labels: critical,
				description: 'Pool june has at most 1 usable machines, and must have 2. Not usable: gpu-1.',
			},
		],
	},
	{
		alert: 'PoolBelowMinimum',
		title: 'each replica reaches another machine, and together they reach both',
		series: {
			...minimum,
			...usable({well: 2, broken: 1}),
			...unknown(always(0)),
			...member('gpu-1', {well: 1, broken: 0, second: always(1)}, {well: 0, broken: 1, second: always(0)}),
			...member('gpu-2', {well: 1, broken: 1, second: falls}, {well: 0, broken: 0, second: rises}),
		},
		scrapes: ['operated'],
		fires: [],
	},
	...[
		{alert: 'PoolBelowMinimum', unknownCount: 0},
		{alert: 'PoolUncertain', unknownCount: 25},
	].map(({alert, unknownCount}) => ({
		alert,
		title: 'a pool has more machines than have a state of their own',
		series: {
			'tailprobe_pool_min{pool="june"}': always(220),
			...usable(always(250)),
			...unknown(always(unknownCount)),
			...Object.fromEntries(
				Array.from({length: 200}, (_, index) => Object.entries(member(`gpu-${index}`, always(1)))).flat(),
			),
		},
		fires: [],
	})),
	{
		alert: 'PoolBelowMinimum',
		title: 'a pool is scaled down to its minimum',
		series: {
			...minimum,
			...usable({well: 3, broken: 2, healed: 2}),
			...unknown(always(0)),
			...member('gpu-1', leaves, {well: 0, broken: absent}),
			...member('gpu-2', always(1)),
			...member('gpu-3', always(1)),
		},
		fires: [],
	},
	{
		alert: 'PoolBelowMinimum',
		title: 'nobody could look at a machine',
		series: {
			...minimum,
			...usable({well: 2, broken: 1}),
			...unknown(rises),
			...member('gpu-1', falls),
			...member('gpu-2', always(1)),
		},
		fires: [],
	},
	{
		alert: 'PoolBelowMinimum',
		title: 'one failed run of a service',
		brokenMinutes: 0.75,
		series: {
			...minimum,
			...usable({well: 2, broken: 1}),
			...unknown(always(0)),
			...member('gpu-1', falls, rises),
			...member('gpu-2', always(1)),
		},
		fires: [],
	},
	{
		alert: 'PoolUncertain',
		title: 'nobody could look at one of two machines',
		series: {
			...minimum,
			...usable({well: 2, broken: 1}),
			...unknown(rises),
			...member('gpu-1', falls),
			...member('gpu-2', always(1)),
		},
		firesAfterSeconds: 900,
		resolvesAfterSeconds: 120,
		fires: [
			{
				labels: {...warning, pool: 'june'},
				description:
					'Only 1 machines of pool june are known to be usable, it must have 2, and for more than 15 minutes nobody could look at 1 others.',
			},
		],
	},
	{
		alert: 'PoolUncertain',
		title: 'it is not known who belongs to the pool',
		series: {
			...minimum,
			...usable({well: 2, broken: absent}),
			...unknown({well: 0, broken: absent}),
			...member('gpu-1', leaves, {well: 0, broken: absent}),
			...member('gpu-2', leaves, {well: 0, broken: absent}),
		},
		firesAfterSeconds: 900,
		resolvesAfterSeconds: 120,
		fires: [
			{
				labels: {...warning, pool: 'june'},
				description: 'It has not been known for more than 15 minutes which machines belong to pool june.',
			},
		],
	},
	{
		alert: 'PoolUncertain',
		title: 'too few for certain is a page of its own',
		series: {
			...minimum,
			...usable({well: 2, broken: 1}),
			...unknown(always(0)),
			...member('gpu-1', falls, rises),
			...member('gpu-2', always(1)),
		},
		fires: [],
	},
	{
		alert: 'VastInstanceUnreachable',
		title: 'its tunnel is down, and then its node leaves the tailnet',
		series: {
			[info('gpu-1')]: {
				well: 1,
				broken: 1,
				course: [
					[1, 900],
					[absent, 900],
				],
			},
			[info('')]: {
				well: absent,
				broken: 1,
				course: [
					[absent, 900],
					[1, 900],
				],
			},
			[`tailprobe_vast_instance_price_dollars_per_hour{${instance}}`]: always(0.36),
			...unreachable(300),
			[tunnel]: falls,
			[`tailprobe_vast_instance_mismatch{${instance},kind="offline"}`]: {well: absent, broken: 1},
		},
		firesThroughout: true,
		firesAfterSeconds: 600,
		resolvesAfterSeconds: 120,
		fires: [
			{
				labels: {...warning, vast_instance: '27700001', peer: 'gpu-1'},
				description: unreached('10m 0s', '0.06'),
				later: {atEnd: unreached('29m 45s', '0.18'), beforeResolving: unreached('29m 45s', '0.18')},
			},
		],
	},
	{
		alert: 'VastInstanceUnreachable',
		title: 'it never joined, and vast.ai tells no price',
		series: {
			[info('')]: always(1),
			...unreachable(0),
			[`tailprobe_vast_instance_mismatch{${instance},kind="never_joined"}`]: {well: absent, broken: 1},
			[`tailprobe_vast_instance_mismatch{${instance},kind="instance_without_pod"}`]: always(1),
		},
		firesAfterSeconds: 600,
		resolvesAfterSeconds: 120,
		fires: [
			{
				labels: {...warning, vast_instance: '27700001'},
				description: neverJoined('15m 0s'),
				later: {atEnd: neverJoined('34m 45s'), beforeResolving: neverJoined('34m 45s')},
			},
		],
	},
	{
		alert: 'VastInstanceUnreachable',
		title: 'the other replica of tailprobe reaches it',
		series: {
			...rented,
			[`tailprobe_vast_instance_unreachable_since_timestamp_seconds{${instance}}`]: {
				well: absent,
				broken: 300,
				second: {well: absent, broken: absent},
			},
			[tunnel]: {well: 1, broken: 0, second: always(1)},
		},
		scrapes: ['operated'],
		fires: [],
	},
	{
		alert: 'VastMoneyWasted',
		title: 'two of three machines, for more than a dollar per hour',
		series: {
			...rented,
			[`tailprobe_vast_instance_price_dollars_per_hour{${instance}}`]: always(0.36),
			'tailprobe_vast_instance_info{vast_instance="2",gpu_model="H100",gpus="1",machine="2",peer=""}': always(1),
			'tailprobe_vast_instance_price_dollars_per_hour{vast_instance="2"}': always(2.4),
			'tailprobe_vast_instance_info{vast_instance="3",gpu_model="H100",gpus="1",machine="3",peer="gpu-3"}': always(1),
			'tailprobe_vast_instance_price_dollars_per_hour{vast_instance="3"}': always(2.4),
			...unreachable(300),
			'tailprobe_vast_instance_unreachable_since_timestamp_seconds{vast_instance="2"}': {well: absent, broken: 300},
		},
		brokenMinutes: 60,
		firesAfterSeconds: 1800,
		resolvesAfterSeconds: 120,
		fires: [
			{
				labels: warning,
				description: wasted('1.38'),
				later: {atEnd: wasted('2.75'), beforeResolving: wasted('2.75')},
			},
		],
	},
	{
		alert: 'VastMoneyWasted',
		title: 'one cheap machine',
		series: {...rented, ...unreachable(300)},
		brokenMinutes: 60,
		fires: [],
	},
	{
		alert: 'VastMismatch',
		title: 'an instance that no pod stands for',
		series: {
			'tailprobe_vast_mismatches{kind="instance_without_pod"}': rises,
			'tailprobe_vast_mismatches{kind="pod_without_instance"}': always(0),
			[`tailprobe_vast_instance_mismatch{${instance},kind="instance_without_pod"}`]: {well: absent, broken: 1},
		},
		firesAfterSeconds: 600,
		resolvesAfterSeconds: 120,
		fires: [
			{
				labels: {...warning, kind: 'instance_without_pod'},
				description:
					'1 times instance_without_pod among the instances of vast.ai, for more than 10 minutes: 27700001. An instance without a pod is paid for nothing; a pod without an instance serves nobody.',
			},
		],
	},
	{
		alert: 'VastMismatch',
		title: 'one of two never joined, and it cannot be told which',
		series: {
			'tailprobe_vast_mismatches{kind="never_joined"}': rises,
			'tailprobe_vast_mismatches{kind="left"}': rises,
		},
		firesAfterSeconds: 600,
		resolvesAfterSeconds: 120,
		fires: [
			{
				labels: {...warning, kind: 'never_joined'},
				description:
					'1 times never_joined among the instances of vast.ai, for more than 10 minutes. An instance without a pod is paid for nothing; a pod without an instance serves nobody.',
			},
		],
	},
	{
		alert: 'VastMismatch',
		title: 'what is named is told by VastInstanceUnreachable',
		series: {
			'tailprobe_vast_mismatches{kind="never_joined"}': rises,
			[`tailprobe_vast_instance_mismatch{${instance},kind="never_joined"}`]: {well: absent, broken: 1},
		},
		fires: [],
	},
	{
		alert: 'VastInstanceEnding',
		title: 'less than a day is left',
		series: {
			...rented,
			[`tailprobe_vast_instance_end_timestamp_seconds{${instance}}`]: {well: 1e9, broken: 86_000},
		},
		firesAfterSeconds: 300,
		resolvesAfterSeconds: 120,
		fires: [
			{
				labels: {...warning, vast_instance: '27700001', peer: 'gpu-1'},
				description: ending('23h 43m 20s'),
				later: {atEnd: ending('23h 18m 35s'), beforeResolving: ending('23h 18m 35s')},
			},
		],
	},
	{
		alert: 'VastListIncomplete',
		title: 'there are more instances than are read',
		series: {tailprobe_vast_list_complete: falls},
		firesAfterSeconds: 900,
		resolvesAfterSeconds: 120,
		fires: [
			{
				labels: {severity: 'info', ...own},
				description:
					'There are more instances than vast.max_instances, or entries that cannot be used: prices and mismatches are of the others alone.',
			},
		],
	},
];

function unreached(time: string, dollars: string): string {
	return `Instance 27700001 of vast.ai (gpu-1 in the tailnet) has been paid for without being reachable for ${time} (offline). It costs 0.36 dollars per hour, ${dollars} dollars since.`;
}

function neverJoined(time: string): string {
	return `Instance 27700001 of vast.ai has been paid for without being reachable for ${time} (never_joined).`;
}

function wasted(dollars: string): string {
	return `2.76 dollars per hour are paid for 2 instances that nobody can reach: ${dollars} dollars so far.`;
}

function ending(time: string): string {
	return `The offer of instance 27700001 of vast.ai (gpu-1 in the tailnet) ends in ${time}: the machine is lost then, with all that is on it.`;
}
