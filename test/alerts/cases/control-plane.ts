/** Cases of alerts about headscale, its relay, keys and certificates. */

import {type AlertCase, absent, brokenAt, type FiredAlert, type SeriesCase} from '../../helpers/alert-cases.ts';

type Series = Record<string, SeriesCase>;

const always = (value: number): SeriesCase => ({well: value, broken: value});
const onlyBroken = (value: number): SeriesCase => ({well: absent, broken: value});
const onlyWell = (value: number): SeriesCase => ({well: value, broken: absent});
const fails: SeriesCase = {well: 1, broken: 0};

const source = (name: string): string => `tailprobe_source_read_success{source="headscale-${name}"}`;
const lastSuccess = (name: string): string =>
	`tailprobe_source_last_success_timestamp_seconds{source="headscale-${name}"}`;
const keptTwoMinutes = {resolvesAfterSeconds: 120};
const keptFiveMinutes = {resolvesAfterSeconds: 300};

function alertOf(severity: string, description: string, labels: Record<string, string> = {}): FiredAlert {
	return {labels: {severity, monitor: 'tailprobe', ...labels}, description};
}

/** What is exported while headscale answers nothing: its values are withdrawn. */
const silent: Series = {
	[source('health')]: fails,
	[source('nodes')]: fails,
	[source('users')]: fails,
	[source('metrics')]: fails,
	tailprobe_headscale_health: onlyWell(1),
	tailprobe_headscale_control_key_answered: onlyWell(1),
};

const down = alertOf(
	'critical',
	'headscale answers neither its health page nor its list of nodes. Direct tunnels live on; nobody can sign in, and tunnels over its own relay are at risk.',
);

const answerCases: readonly AlertCase[] = [
	{
		alert: 'HeadscaleDown',
		title: 'headscale is frozen',
		series: silent,
		brokenMinutes: 15,
		firesAfterSeconds: 45,
		resolvesAfterSeconds: 360,
		firesThroughout: true,
		fires: [down],
	},
	{
		alert: 'HeadscaleDown',
		title: 'its cause is named, and that its metrics answer',
		series: {
			...silent,
			[source('metrics')]: always(1),
			'tailprobe_incidents{cause="headscale-proxy"}': {...onlyBroken(1), healed: 1},
		},
		brokenMinutes: 15,
		firesAfterSeconds: 45,
		resolvesAfterSeconds: 360,
		fires: [
			{
				...down,
				description: `${down.description} Its metrics answer, so it runs: look at what stands before it. Likely cause: headscale-proxy.`,
			},
		],
	},
	{
		alert: 'HeadscaleDown',
		title: 'no list can be read anyhow, for want of a key',
		series: {[source('health')]: fails},
		brokenMinutes: 15,
		firesAfterSeconds: 45,
		resolvesAfterSeconds: 360,
		fires: [down],
	},
	{
		alert: 'HeadscaleDown',
		title: 'tailprobe restarts meanwhile',
		series: Object.fromEntries(
			[source('health'), source('nodes')].map(name => [
				name,
				{
					...fails,
					course: [
						[0, 300],
						[absent, 75],
						[0, 525],
					] as const,
				},
			]),
		),
		brokenMinutes: 15,
		firesAfterSeconds: 45,
		resolvesAfterSeconds: 360,
		firesThroughout: true,
		fires: [down],
	},
	{
		alert: 'HeadscaleDown',
		title: 'headscale restarts within half a minute',
		series: silent,
		brokenMinutes: 0.5,
		fires: [],
	},
	{
		alert: 'HeadscaleDown',
		title: 'one of two replicas reaches it',
		scrapes: ['operated'],
		series: {
			[source('health')]: {...fails, second: always(1)},
			[source('nodes')]: {...fails, second: always(1)},
		},
		fires: [],
	},
	{
		alert: 'HeadscaleDown',
		title: 'only its lists fail',
		series: {[source('health')]: always(1), [source('nodes')]: fails},
		fires: [],
	},
	{
		alert: 'HeadscaleProxyError',
		title: 'its command line lists nodes, and its address does not answer',
		series: {[source('health')]: fails, [source('nodes')]: always(1)},
		brokenMinutes: 15,
		firesAfterSeconds: 45,
		resolvesAfterSeconds: 360,
		fires: [
			alertOf(
				'critical',
				'headscale lists its nodes, and its health page does not answer at the address that clients use. Look at the proxy, the name and the certificate before it. Nobody can sign in meanwhile.',
			),
		],
	},
	{alert: 'HeadscaleProxyError', title: 'headscale is frozen', series: silent, fires: []},
	{
		alert: 'HeadscaleUnhealthy',
		title: 'its database does not answer',
		series: {tailprobe_headscale_health: fails, [source('health')]: always(1), [source('nodes')]: fails},
		brokenMinutes: 15,
		firesAfterSeconds: 75,
		resolvesAfterSeconds: 180,
		firesThroughout: true,
		fires: [
			alertOf(
				'critical',
				'The health page of headscale says fail: its database does not answer. Tunnels that stand live on; nothing new can join, and no change reaches anybody.',
			),
		],
	},
	{
		alert: 'HeadscaleApiFailing',
		title: 'its lists hang and its health page passes',
		series: {
			tailprobe_headscale_health: always(1),
			[source('health')]: always(1),
			[source('nodes')]: fails,
			[source('users')]: fails,
			[source('pre-auth-keys')]: always(1),
			[lastSuccess('nodes')]: always(60),
		},
		brokenMinutes: 15,
		firesAfterSeconds: 180,
		...keptTwoMinutes,
		fires: [
			{
				...alertOf('warning', failingLists(' headscale-nodes headscale-users')),
				later: {
					atEnd: failingLists(' headscale-nodes headscale-users'),
					beforeResolving: failingLists(' headscale-nodes headscale-users'),
				},
			},
		],
	},
	{
		alert: 'HeadscaleApiFailing',
		title: 'tailprobe started with a wrong key, and has never read the nodes',
		series: {
			tailprobe_headscale_health: always(1),
			[source('nodes')]: {well: absent, broken: 0, healed: 1},
			[lastSuccess('nodes')]: {well: absent, broken: absent, healed: 1200},
		},
		brokenMinutes: 15,
		firesAfterSeconds: 180,
		...keptTwoMinutes,
		firesThroughout: true,
		fires: [
			alertOf(
				'critical',
				'headscale says that it is healthy, and since tailprobe started the list of its nodes could not be read: no node is checked, and nothing about one can page. The API key may be wrong or have expired.',
			),
			alertOf('warning', failingLists(' headscale-nodes')),
		],
	},
	{
		alert: 'HeadscaleApiFailing',
		title: 'one of two replicas has a wrong key',
		scrapes: ['operated'],
		series: {
			tailprobe_headscale_health: always(1),
			[source('nodes')]: {...fails, second: always(1)},
		},
		brokenMinutes: 15,
		firesAfterSeconds: 180,
		...keptTwoMinutes,
		fires: [alertOf('warning', failingLists(' headscale-nodes'))],
	},
	{alert: 'HeadscaleApiFailing', title: 'nothing of headscale answers', series: silent, fires: []},
	{
		alert: 'HeadscaleApiFailing',
		title: 'headscale restarts',
		series: {tailprobe_headscale_health: always(1), [source('nodes')]: fails},
		brokenMinutes: 1,
		fires: [],
	},
	{
		alert: 'HeadscaleMetricsMissing',
		title: 'only its metrics fail',
		series: {[source('health')]: always(1), [source('metrics')]: fails},
		firesAfterSeconds: 600,
		...keptTwoMinutes,
		fires: [
			alertOf(
				'warning',
				'headscale answers, and its own metrics do not. Restarts, load and file descriptors of headscale go unseen.',
			),
		],
	},
	{alert: 'HeadscaleMetricsMissing', title: 'nothing of headscale answers', series: silent, fires: []},
	{
		alert: 'HeadscaleKeyMissing',
		title: 'something else answers for /key',
		series: {tailprobe_headscale_health: always(1), tailprobe_headscale_control_key_answered: fails},
		brokenMinutes: 15,
		firesAfterSeconds: 75,
		...keptTwoMinutes,
		fires: [
			alertOf(
				'critical',
				'The health page of headscale answers, and /key, with which every client begins its login, does not answer as a control server would. Clients that are connected go on; none can sign in or come back.',
			),
		],
	},
	{
		alert: 'HeadscaleKeyMissing',
		title: 'a proxy answers everything with an error',
		series: {...silent, tailprobe_headscale_control_key_answered: fails},
		fires: [],
	},
];

function failingLists(names: string): string {
	return `headscale says that it is healthy, and these lists cannot be read:${names}. The API key may be wrong or have expired, or the API hangs. What is known of nodes and keys grows old.`;
}

const nodeInfo = (peer: string, ephemeral: 'true' | 'false'): string =>
	`tailprobe_headscale_node_info{peer="${peer}",owner="june",tags="",ephemeral="${ephemeral}",register_method="authkey"}`;
/** Somebody wants a tunnel to the node; how it is does not matter here. */
const tunnelPlanned = (peer: string): Series => ({
	'tailprobe_check_info{check="tunnel",type="tunnel",via="tailnet",expect="answer",critical="true"}': always(1),
	[`tailprobe_check_state{check="tunnel",type="tunnel",vantage="cluster",target="${peer}",peer="${peer}",state="up"}`]:
		always(1),
});
const tunnelUp = (peer: string): Series => ({
	[`tailprobe_check_up{check="tunnel",type="tunnel",vantage="cluster",target="${peer}",peer="${peer}"}`]: always(1),
});
const disagreeing = 'tailprobe_headscale_nodes_disagreeing{kind="offline_but_reachable"}';
const online = (peer: string): string => `tailprobe_headscale_node_online{peer="${peer}"}`;
const disagreement = (peer: string): string =>
	`tailprobe_headscale_node_disagreement{peer="${peer}",kind="offline_but_reachable"}`;

const nodeCases: readonly AlertCase[] = [
	{
		alert: 'HeadscaleClientsDropped',
		title: 'three of four nodes that answer are listed as offline',
		series: {
			[disagreeing]: {well: 0, broken: 3},
			...tunnelUp('auth'),
			...tunnelUp('june-orchestrator'),
			...tunnelUp('livekit'),
			...tunnelUp('storage'),
		},
		brokenMinutes: 15,
		firesAfterSeconds: 60,
		resolvesAfterSeconds: 180,
		firesThroughout: true,
		fires: [
			alertOf(
				'critical',
				'headscale lists 3 nodes as offline that answer through their tunnels. Their connections to headscale are cut: a proxy before it drops long ones or the Upgrade header. No change reaches them, and keys cannot be renewed.',
			),
		],
	},
	{
		alert: 'HeadscaleClientsDropped',
		title: 'one of two nodes is listed as offline',
		series: {[disagreeing]: {well: 0, broken: 1}, ...tunnelUp('auth'), ...tunnelUp('livekit')},
		fires: [],
	},
	{
		alert: 'HeadscaleClientsDropped',
		title: 'two of four nodes are listed as offline',
		series: {
			[disagreeing]: {well: 0, broken: 2},
			...tunnelUp('auth'),
			...tunnelUp('june-orchestrator'),
			...tunnelUp('livekit'),
			...tunnelUp('storage'),
		},
		fires: [],
	},
	{
		alert: 'HeadscaleClientsDropped',
		title: 'all nodes are offline for half a minute after a restart',
		series: {[disagreeing]: {well: 0, broken: 2}, ...tunnelUp('auth'), ...tunnelUp('livekit')},
		brokenMinutes: 0.5,
		fires: [],
	},
	{
		alert: 'HeadscaleNodeOffline',
		title: 'a node is offline',
		series: {[online('livekit')]: fails, [nodeInfo('livekit', 'false')]: always(1), ...tunnelPlanned('livekit')},
		brokenMinutes: 15,
		firesAfterSeconds: 300,
		resolvesAfterSeconds: 120,
		fires: [
			alertOf('warning', 'headscale calls livekit offline, and no tunnel of ours reaches it.', {peer: 'livekit'}),
		],
	},
	{
		alert: 'HeadscaleNodeOffline',
		title: 'headscale restarts while the node is offline: it goes on',
		series: {
			[online('livekit')]: {
				...fails,
				course: [
					[0, 600],
					[absent, 60],
					[0, 240],
				],
			},
			[nodeInfo('livekit', 'false')]: always(1),
			...tunnelPlanned('livekit'),
		},
		brokenMinutes: 15,
		firesAfterSeconds: 300,
		resolvesAfterSeconds: 120,
		firesThroughout: true,
		fires: [
			alertOf('warning', 'headscale calls livekit offline, and no tunnel of ours reaches it.', {peer: 'livekit'}),
		],
	},
	{
		alert: 'HeadscaleNodeOffline',
		title: 'an ephemeral node left',
		series: {
			[online('june-gpu-1')]: fails,
			[nodeInfo('june-gpu-1', 'true')]: always(1),
			...tunnelPlanned('june-gpu-1'),
		},
		fires: [],
	},
	{
		alert: 'HeadscaleNodeOffline',
		title: 'a laptop is closed, to which nobody wants a tunnel',
		series: {[online('laptop')]: fails, [nodeInfo('laptop', 'false')]: always(1), ...tunnelPlanned('livekit')},
		fires: [],
	},
	{
		alert: 'HeadscaleNodeOffline',
		title: 'the node answers, which is another alert',
		series: {
			[online('livekit')]: fails,
			[nodeInfo('livekit', 'false')]: always(1),
			[disagreement('livekit')]: onlyBroken(1),
			...tunnelPlanned('livekit'),
		},
		fires: [],
	},
	{
		alert: 'HeadscaleNodeDisagreement',
		title: 'a node that answers is listed as offline',
		series: {[disagreement('livekit')]: onlyBroken(1)},
		firesAfterSeconds: 600,
		resolvesAfterSeconds: 120,
		fires: [
			alertOf(
				'warning',
				'headscale calls livekit offline, and it answers through its tunnel. Its connection to headscale is cut, so that no change reaches it.',
				{peer: 'livekit', kind: 'offline_but_reachable'},
			),
		],
	},
	{
		alert: 'HeadscaleNodeDisagreement',
		title: 'a node that is listed as online does not answer, which its tunnel tells',
		series: {
			'tailprobe_headscale_node_disagreement{peer="livekit",kind="online_but_unreachable"}': onlyBroken(1),
		},
		fires: [],
	},
	{
		alert: 'HeadscaleNodesLingering',
		title: 'records of machines that are gone stay',
		series: {'tailprobe_headscale_nodes_lingering{ephemeral="false"}': {well: 0, broken: 4}},
		brokenMinutes: 90,
		firesAfterSeconds: 3600,
		...keptFiveMinutes,
		fires: [
			alertOf(
				'info',
				'4 nodes have been offline for so long that they are hardly coming back; each holds a name and an address.',
				{ephemeral: 'false'},
			),
		],
	},
];

// Timestamps of 100,000 and 864,000 s: a good day and ten days after the clock of these cases begins.
const aDay = '1970-01-02 03:46:40 +0000 UTC';
const tenDays = '1970-01-11 00:00:00 +0000 UTC';
const ownKey = 'tailprobe_headscale_own_api_key_expiry_timestamp_seconds';
const certificate = 'tailprobe_headscale_certificate_expiry_timestamp_seconds';
const nodeKey = 'tailprobe_headscale_node_key_expiry_timestamp_seconds{peer="livekit"}';

const noPreAuthKey = alertOf(
	'warning',
	'A pre-auth key with which machines join has expired or is used up, and none like it replaced it. New machines that are set up with it are never seen; those that joined stay.',
);

const ownKeySoon = (when: string): string =>
	`The API key with which tailprobe reads headscale ends at ${when}. From then on nodes, users and keys are not known.`;
const ownKeyWarning = (when: string): string =>
	`The API key with which tailprobe reads headscale ends at ${when}. Make another one, and put it where tailprobe reads it; no restart is needed.`;

const expiryCases: readonly AlertCase[] = [
	{
		alert: 'HeadscaleApiKeyExpiring',
		title: 'the key ends within two days, so within two weeks too',
		series: {[ownKey]: {well: 1e9, broken: 100_000}},
		firesAfterSeconds: 75,
		...keptFiveMinutes,
		firesThroughout: true,
		fires: [alertOf('critical', ownKeySoon(aDay)), alertOf('warning', ownKeyWarning(aDay))],
	},
	{
		alert: 'HeadscaleApiKeyExpiring',
		title: 'the key ends within two weeks',
		series: {[ownKey]: {well: 1e9, broken: 864_000}},
		firesAfterSeconds: 75,
		...keptFiveMinutes,
		fires: [alertOf('warning', ownKeyWarning(tenDays))],
	},
	{
		alert: 'HeadscaleApiKeyExpiring',
		title: 'the key has expired, so that keys cannot be listed any more',
		series: {
			[ownKey]: {
				well: 1e9,
				broken: 900,
				course: [
					[900, 600],
					[absent, 1200],
				],
			},
			[source('api-keys')]: {
				well: 1,
				broken: 0,
				course: [
					[1, 600],
					[0, 1200],
				],
			},
		},
		firesAfterSeconds: 75,
		...keptFiveMinutes,
		firesThroughout: true,
		fires: [
			alertOf('critical', ownKeySoon('1970-01-01 00:15:00 +0000 UTC')),
			alertOf('warning', ownKeyWarning('1970-01-01 00:15:00 +0000 UTC')),
		],
	},
	{
		alert: 'HeadscaleApiKeyExpiring',
		title: 'a key that never expires took its place',
		series: {[ownKey]: onlyBroken(1e9), [source('api-keys')]: always(1)},
		fires: [],
	},
	{
		alert: 'HeadscalePreAuthKeyExpiring',
		title: 'the key of the machines ends soon',
		series: {
			'tailprobe_incidents{cause="pre-auth-key-expiring"}': onlyBroken(1),
			tailprobe_headscale_pre_auth_keys_earliest_expiry_timestamp_seconds: always(100_000),
		},
		firesAfterSeconds: 600,
		...keptFiveMinutes,
		fires: [
			alertOf(
				'warning',
				`A pre-auth key with which machines join ends soon, and no other one like it lasts longer. Machines that are set up with it cannot join from then on; those that joined stay. The first of the usable keys ends at ${aDay}.`,
			),
		],
	},
	{
		alert: 'HeadscalePreAuthKeysUnusable',
		title: 'the last key expired',
		series: {
			'tailprobe_headscale_pre_auth_keys{state="usable"}': {well: 1, broken: 0},
			'tailprobe_headscale_pre_auth_keys{state="expired"}': {well: 0, broken: 1},
		},
		brokenMinutes: 15,
		firesAfterSeconds: 300,
		...keptFiveMinutes,
		fires: [noPreAuthKey],
	},
	{
		alert: 'HeadscalePreAuthKeysUnusable',
		title: 'the key of the machines expired and others are left',
		series: {
			'tailprobe_incidents{cause="pre-auth-key-expired"}': onlyBroken(1),
			'tailprobe_headscale_pre_auth_keys{state="usable"}': {well: 3, broken: 2},
			'tailprobe_headscale_pre_auth_keys{state="expired"}': {well: 0, broken: 1},
		},
		brokenMinutes: 15,
		firesAfterSeconds: 300,
		...keptFiveMinutes,
		fires: [noPreAuthKey],
	},
	{
		alert: 'HeadscalePreAuthKeysUnusable',
		title: 'there never was a key',
		series: {
			'tailprobe_headscale_pre_auth_keys{state="usable"}': always(0),
			'tailprobe_headscale_pre_auth_keys{state="expired"}': always(0),
		},
		fires: [],
	},
	{
		alert: 'HeadscaleUserMissing',
		title: 'a user was deleted',
		series: {'tailprobe_headscale_expected_user_present{user="june"}': fails},
		brokenMinutes: 15,
		firesAfterSeconds: 120,
		...keptFiveMinutes,
		fires: [
			alertOf(
				'warning',
				'headscale has no user june. Its machines cannot join, and rules of the policy that name it do not hold.',
				{user: 'june'},
			),
		],
	},
	{
		alert: 'HeadscaleCertificateExpiring',
		title: 'the certificate ends within three days, so within two weeks too',
		series: {[certificate]: {well: 1e9, broken: 100_000}},
		firesAfterSeconds: 75,
		...keptFiveMinutes,
		fires: [
			alertOf(
				'critical',
				`The certificate of headscale ends at ${aDay}. From then on no client can sign in or come back.`,
			),
			alertOf('warning', certificateWarning(aDay)),
		],
	},
	{
		alert: 'HeadscaleCertificateExpiring',
		title: 'the certificate ends within two weeks',
		series: {[certificate]: {well: 1e9, broken: 864_000}},
		firesAfterSeconds: 75,
		...keptFiveMinutes,
		fires: [alertOf('warning', certificateWarning(tenDays))],
	},
	{
		alert: 'HeadscaleCertificateUntrusted',
		title: 'the certificate is of an authority that nobody knows',
		series: {tailprobe_headscale_certificate_trusted: fails},
		brokenMinutes: 15,
		firesAfterSeconds: 75,
		resolvesAfterSeconds: 180,
		fires: [
			alertOf(
				'critical',
				'The certificate of headscale has expired, is made out to another name, or nobody that is trusted here vouches for it. Clients that do not trust it either cannot sign in or come back.',
			),
		],
	},
	{
		alert: 'NodeKeyExpiring',
		title: 'the key of a node ends within a day, so within a week too',
		series: {
			[nodeKey]: {well: 1e9, broken: 86_400},
			[nodeInfo('livekit', 'false')]: always(1),
			...tunnelPlanned('livekit'),
		},
		firesAfterSeconds: 75,
		...keptFiveMinutes,
		fires: [
			alertOf(
				'critical',
				'The key of livekit ends at 1970-01-02 00:00:00 +0000 UTC. From then on nothing reaches it through the tailnet, although headscale goes on calling it online.',
				{peer: 'livekit'},
			),
			nodeKeyWarning('1970-01-02 00:00:00 +0000 UTC'),
		],
	},
	{
		alert: 'NodeKeyExpiring',
		title: 'the key of an ephemeral node ends within a day',
		series: {
			[nodeKey]: {well: 1e9, broken: 86_400},
			[nodeInfo('livekit', 'true')]: always(1),
			...tunnelPlanned('livekit'),
		},
		firesAfterSeconds: 75,
		...keptFiveMinutes,
		fires: [nodeKeyWarning('1970-01-02 00:00:00 +0000 UTC')],
	},
	{
		alert: 'NodeKeyExpiring',
		title: 'the key of a node has expired, which its tunnel tells',
		series: {[nodeKey]: {well: 1e9, broken: 200}, ...tunnelPlanned('livekit')},
		fires: [],
	},
	{
		alert: 'NodeKeyExpiring',
		title: 'the key of a laptop ends, to which nobody wants a tunnel',
		series: {
			'tailprobe_headscale_node_key_expiry_timestamp_seconds{peer="laptop"}': {well: 1e9, broken: 86_400},
			[nodeInfo('laptop', 'false')]: always(1),
			...tunnelPlanned('livekit'),
		},
		fires: [],
	},
];

function certificateWarning(when: string): string {
	return `The certificate of headscale ends at ${when}. What should have renewed it has not, or headscale has not loaded the new one.`;
}

function nodeKeyWarning(when: string): FiredAlert {
	return alertOf(
		'warning',
		`The key of livekit ends at ${when}. From then on nothing reaches it through the tailnet.`,
		{peer: 'livekit'},
	);
}

const processCases: readonly AlertCase[] = [
	{
		alert: 'HeadscalePolicyUnreadable',
		title: 'the policy cannot be read',
		series: {tailprobe_headscale_policy_readable: fails},
		brokenMinutes: 15,
		firesAfterSeconds: 300,
		resolvesAfterSeconds: 120,
		fires: [
			alertOf(
				'warning',
				'headscale cannot read its policy. What it told the nodes before still holds; after its next restart it may let everybody reach everything, nobody reach anything, or not start.',
			),
		],
	},
	{
		alert: 'HeadscaleOverloaded',
		title: 'writes wait without a break',
		series: {tailprobe_headscale_store_queue_depth: {well: 0, broken: 40}},
		firesAfterSeconds: 900,
		...keptFiveMinutes,
		fires: [
			alertOf(
				'warning',
				'Writes have waited for the node store of headscale without a break for more than ten minutes. Changes reach nodes late, and nodes that come back wait.',
			),
		],
	},
	{
		alert: 'HeadscaleOverloaded',
		title: 'writes wait now and then',
		series: {
			tailprobe_headscale_store_queue_depth: {
				well: 0,
				broken: 40,
				course: [
					[40, 240],
					[0, 15],
				],
			},
		},
		fires: [],
	},
	{
		alert: 'HeadscaleRestarting',
		title: 'headscale starts anew every five minutes, and is away for a while each time',
		series: {
			tailprobe_headscale_process_start_timestamp_seconds: {
				well: 1000,
				broken: 1300,
				course: [
					[1300, 240],
					[absent, 60],
					[1600, 240],
					[absent, 60],
					[1900, 240],
					[absent, 60],
				],
				healed: 2500,
			},
		},
		brokenMinutes: 15,
		firesAfterSeconds: 660,
		resolvesAfterSeconds: 3315,
		vanishedAfterSeconds: 3300,
		fires: [
			alertOf(
				'warning',
				'headscale was restarted three times or more within an hour. Each time every node loses its connection for some seconds.',
			),
		],
	},
	{
		alert: 'HeadscaleRestarting',
		title: 'the boot time of the machine moves to and fro by a second',
		series: {
			tailprobe_headscale_process_start_timestamp_seconds: {
				well: 1000,
				broken: 1001,
				course: [
					[1001, 30],
					[1000, 30],
				],
			},
		},
		fires: [],
	},
	{
		alert: 'HeadscaleFileDescriptors',
		title: 'nine tenths of its file descriptors are open',
		series: {
			tailprobe_headscale_process_open_fds: {well: 100, broken: 900},
			tailprobe_headscale_process_max_fds: always(1000),
		},
		brokenMinutes: 15,
		firesAfterSeconds: 300,
		...keptFiveMinutes,
		fires: [
			alertOf(
				'warning',
				'headscale has 90% of its file descriptors open. Each connected node holds some; when none is left, no node can come back.',
			),
		],
	},
];

const since = '1970-01-01 00:05:00 +0000 UTC';
const relayed = 'check="tunnel",type="tunnel",vantage="cluster",target="livekit",peer="livekit"';

/** A check of a relay that is down while broken. */
function relayCheck(type: 'derp' | 'stun'): Series {
	const link = `check="${type}",type="${type}",vantage="cluster",target="headscale",peer=""`;
	return {
		[`tailprobe_check_info{check="${type}",type="${type}",via="direct",expect="answer",critical="true"}`]: always(1),
		[`tailprobe_check_up{${link}}`]: fails,
		[`tailprobe_check_down_since_timestamp_seconds{${link}}`]: onlyBroken(brokenAt),
	};
}

function relayDown(severity: 'critical' | 'warning', type: 'derp' | 'stun'): FiredAlert {
	const description =
		severity === 'critical'
			? `From cluster the relay headscale has not worked since ${since}, and tunnels of that vantage had no direct path. They are dead, or will be.`
			: `From cluster the ${type} server headscale has not worked since ${since}. Direct tunnels live on; new ones are slow to come, and none can fall back.`;
	return alertOf(severity, description, {
		check: type,
		type,
		vantage: 'cluster',
		target: 'headscale',
		expect: 'answer',
		critical: 'true',
	});
}

/** A tunnel by that path, which dies with the relay where it goes by it. */
function tunnelBy(path: 'direct' | 'derp'): Series {
	const level = path === 'derp' ? fails : always(1);
	return {
		[`tailprobe_check_state{${relayed},state="up"}`]: level,
		[`tailprobe_check_up{${relayed}}`]: level,
		[`tailprobe_tunnel_path{${relayed},path="${path}"}`]: path === 'derp' ? onlyWell(1) : always(1),
	};
}

const relayCases: readonly AlertCase[] = [
	{
		alert: 'RelayDown',
		title: 'tunnels are direct',
		series: {...relayCheck('derp'), ...relayCheck('stun'), ...tunnelBy('direct')},
		brokenMinutes: 15,
		firesAfterSeconds: 120,
		...keptTwoMinutes,
		fires: [relayDown('warning', 'derp'), relayDown('warning', 'stun')],
	},
	{
		alert: 'RelayDown',
		title: 'a tunnel went by the relay',
		series: {...relayCheck('derp'), ...tunnelBy('derp')},
		brokenMinutes: 15,
		firesAfterSeconds: 45,
		resolvesAfterSeconds: 300,
		firesThroughout: true,
		fires: [relayDown('critical', 'derp')],
	},
	{
		alert: 'RelayDown',
		title: 'headscale restarts with its relay',
		series: {...relayCheck('derp'), ...relayCheck('stun'), ...tunnelBy('direct')},
		brokenMinutes: 0.5,
		fires: [],
	},
];

export const controlPlaneCases: readonly AlertCase[] = [
	...answerCases,
	...nodeCases,
	...expiryCases,
	...processCases,
	...relayCases,
];
