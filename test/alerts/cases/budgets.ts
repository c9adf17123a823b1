import type {AlertCase, Level} from '../../helpers/alert-cases.ts';
import {
	configured,
	failures,
	type Link,
	member,
	of,
	plainLabels,
	type Round,
	rounds,
	type Series,
	thenGone,
} from '../../helpers/alert-links.ts';

const livekit: Link = {check: 'livekit', type: 'http', target: 'livekit', peer: 'livekit', objective: 0.99};
const unpromised: Link = {check: 'livekit', type: 'http', target: 'livekit', peer: 'livekit'};
const tts: Link = {...livekit, check: 'tts', target: 'june-gpu-1', peer: 'june-gpu-1'};
const unwatched: Link = {...livekit, check: 'metrics', critical: false};
const singles: readonly Round[] = [
	['up', 585],
	['down', 15],
];
const everyOther: readonly Round[] = [
	['down', 15],
	['up', 15],
];

export const budgetCases: readonly AlertCase[] = [...pagedCases(), ...quietCases(), ...ticketCases(), ...slowCases()];

function pagedCases(): AlertCase[] {
	const alert = 'ServiceBudgetBurn';
	const labels = plainLabels(livekit, 'critical');
	const hour = {brokenMinutes: 60, firesThroughout: true} as const;
	const tell = (times: string, share = `${times}%`) =>
		`cluster gets no right answer from livekit (check livekit) again and again, never for long enough to call it down: ${times} times as often as promised. ${share} of the runs of the last hour failed.`;
	const reason = ' Commonest reason of late: timeout.';
	return [
		{
			alert,
			title: 'every other run fails for an hour: one page, though it is never down for long',
			series: {...rounds(livekit, everyOther), ...failures(livekit, 'timeout')},
			fires: [
				{
					labels,
					description: tell('22.54') + reason,
					later: {atEnd: tell('47.73') + reason, beforeResolving: tell('32.83', '28.01%') + reason},
				},
			],
			firesAfterSeconds: 375,
			resolvesAfterSeconds: 2040,
			...hour,
		},
		{
			alert,
			title: 'every other run fails as one replica sees it, and the other cannot look',
			series: rounds(livekit, everyOther, [['unknown', 3600]]),
			scrapes: ['operated'],
			fires: [
				{
					labels,
					description: tell('18.9'),
					later: {atEnd: tell('45.56'), beforeResolving: tell('25.59', '21.76%')},
				},
			],
			firesAfterSeconds: 495,
			resolvesAfterSeconds: 1875,
			...hour,
		},
		{
			alert,
			title: 'every other run fails, and tailprobe restarts meanwhile',
			series: rounds(livekit, [...Array.from({length: 60}, () => everyOther).flat(), ['gone', 60], ['unknown', 30]]),
			scrapes: ['bare'],
			fires: [
				{
					labels,
					description: tell('22.54'),
					later: {atEnd: tell('47.88'), beforeResolving: tell('32.64', '27.58%')},
				},
			],
			firesAfterSeconds: 375,
			resolvesAfterSeconds: 2040,
			...hour,
		},
		{
			alert,
			title: 'every other run fails of a check that runs once a minute',
			series: rounds({...livekit, intervalSeconds: 60}, [
				['down', 60],
				['up', 60],
			]),
			scrapes: ['bare'],
			fires: [
				{
					labels,
					description: tell('35.87'),
					later: {atEnd: tell('46.37', '48.01%'), beforeResolving: tell('35.24', '32.82%')},
				},
			],
			firesAfterSeconds: 765,
			resolvesAfterSeconds: 1665,
			...hour,
		},
	];
}

function quietCases(): AlertCase[] {
	const quiet = {alert: 'ServiceBudgetBurn', fires: []};
	const relay = {...livekit, type: 'derp'};
	const outage = [['down', 1800]] as const;
	return [
		{
			...quiet,
			title: 'it is down for half an hour, which ServiceDown tells, and is healed',
			series: rounds(livekit, outage),
		},
		{
			...quiet,
			title: 'the tunnel beneath it is down for half an hour, which TunnelDown tells, and is healed',
			series: {...rounds(relay, outage), ...tunnelDown({scope: 'node', vantage: 'gpu'})},
		},
		{
			...quiet,
			title: 'the tunnel from its vantage is down, while others have one',
			series: {...rounds(relay, outage), ...tunnelDown({scope: 'link', vantage: 'cluster'})},
		},
		{
			...quiet,
			title: 'a single run fails every ten minutes',
			series: rounds(livekit, singles),
			brokenMinutes: 45,
		},
		{...quiet, title: 'nobody can look', series: rounds(livekit, [['unknown', 3600]])},
		{
			...quiet,
			title: 'every other run fails as one replica sees it, and none as the other does',
			series: rounds(livekit, everyOther, [['up', 3600]]),
			brokenMinutes: 60,
			scrapes: ['operated'],
		},
		{...quiet, title: 'every other run fails and nothing is promised', series: rounds(unpromised, everyOther)},
		{
			...quiet,
			title: 'tailprobe restarts six times in an hour',
			series: rounds(livekit, [
				['up', 510],
				['gone', 60],
				['unknown', 30],
			]),
			brokenMinutes: 60,
		},
	];
}

function ticketCases(): AlertCase[] {
	const alert = 'ServiceBudgetBurn';
	const tell = (target: string, check: string, times: string, share = `${times}%`) =>
		`cluster gets no right answer from ${target} (check ${check}) again and again: ${times} times as often as promised. ${share} of the runs of the last six hours failed.`;
	const fired = (link: Link, description: string, atEnd: string, beforeResolving: string) => ({
		labels: plainLabels(link, 'warning'),
		description,
		later: {atEnd, beforeResolving},
	});
	const long = {scrapes: ['bare'], vanishedAfterSeconds: 1500, firesThroughout: true} as const;
	return [
		{
			alert,
			title: 'every other run fails on a machine of a pool, and of a check that need not wake anybody',
			series: thenGone({...rounds(tts, everyOther), ...member('june-gpu-1'), ...rounds(unwatched, everyOther)}),
			fires: [
				fired(
					tts,
					tell('june-gpu-1', 'tts', '38.86'),
					tell('june-gpu-1', 'tts', '42.47'),
					tell('june-gpu-1', 'tts', '43.21'),
				),
				fired(
					unwatched,
					tell('livekit', 'metrics', '38.86'),
					tell('livekit', 'metrics', '42.47'),
					tell('livekit', 'metrics', '43.21'),
				),
			],
			firesAfterSeconds: 1155,
			resolvesAfterSeconds: 1185,
			...long,
		},
		{
			alert,
			title: 'a single run fails every ten minutes, for an hour and a half',
			series: rounds(livekit, singles),
			brokenMinutes: 90,
			healedMinutes: 180,
			fires: [
				fired(
					livekit,
					tell('livekit', 'livekit', '2.147'),
					tell('livekit', 'livekit', '2.165'),
					tell('livekit', 'livekit', '1.001'),
				),
			],
			firesAfterSeconds: 4035,
			resolvesAfterSeconds: 8850,
			...long,
		},
		{
			alert,
			title: 'every other run fails of a check that runs every five minutes',
			series: thenGone(
				rounds({...livekit, intervalSeconds: 300}, [
					['down', 300],
					['up', 300],
				]),
			),
			brokenMinutes: 90,
			fires: [
				fired(
					livekit,
					tell('livekit', 'livekit', '48'),
					tell('livekit', 'livekit', '47.49'),
					tell('livekit', 'livekit', '47.36'),
				),
			],
			firesAfterSeconds: 3450,
			resolvesAfterSeconds: 1185,
			...long,
		},
	];
}

function slowCases(): AlertCase[] {
	const alert = 'ServiceSlow';
	const tell = (share: string) =>
		`${share} of the answers that cluster got from livekit lately (check livekit) took longer than promised, which is 100ms. The last one took 800ms.`;
	const fires = (description: string, atEnd: string, beforeResolving: string) => [
		{
			labels: plainLabels(livekit, 'warning'),
			description: tell(description),
			later: {atEnd: tell(atEnd), beforeResolving: tell(beforeResolving)},
		},
	];
	return [
		{
			alert,
			title: 'every answer takes longer than promised',
			series: answers('+1', '+0'),
			fires: fires('75%', '100%', '55%'),
			firesAfterSeconds: 225,
			resolvesAfterSeconds: 330,
		},
		{
			alert,
			title: 'every answer takes longer than promised of a check that runs every five minutes',
			series: {...answers('+0.05', '+0', '+0.05'), ...configured({...livekit, intervalSeconds: 300})},
			brokenMinutes: 60,
			fires: fires('78.95%', '100%', '50%'),
			firesAfterSeconds: 1125,
			resolvesAfterSeconds: 1095,
		},
		{
			alert,
			title: 'every answer takes longer than promised, as no name is resolved, which is told',
			series: {
				...answers('+1', '+0'),
				'ALERTS{alertname="MagicDnsDown",alertstate="firing",monitor="tailprobe",severity="critical",check="magicdns",type="dns",vantage="cluster"}':
					{
						well: '_',
						broken: 1,
						course: [
							['_', 75],
							[1, 1725],
						],
					},
			},
			fires: [],
		},
		{alert, title: 'every third answer takes longer than promised', series: answers('+1', '+2'), fires: []},
		{
			alert,
			title: 'four answers take longer than promised, and no other comes',
			series: {
				...answers('+0', '+0'),
				[of('tailprobe_check_objective_runs_total', livekit, 'within="false"')]: {
					well: '+0',
					broken: '+0',
					course: [
						['+0', 600],
						['+1', 60],
						['+0', 1140],
					],
				},
			},
			fires: [],
		},
	];
}

/** Growth of the runs that kept the promised latency, and of those that did not. */
function answers(slow: Level, quick: Level, usual: Level = '+1'): Series {
	return {
		...configured(livekit),
		[of('tailprobe_check_objective_runs_total', livekit, 'within="false"')]: {well: '+0', broken: slow},
		[of('tailprobe_check_objective_runs_total', livekit, 'within="true"')]: {well: usual, broken: quick},
		'tailprobe_check_latency_objective_seconds{check="livekit"}': {well: 0.1, broken: 0.1},
		[of('tailprobe_check_duration_seconds', livekit)]: {well: 0.8, broken: 0.8},
	};
}

/** That TunnelDown fires, as Prometheus says it itself. */
function tunnelDown({scope, vantage}: {scope: string; vantage: string}): Series {
	const labels = `alertname="TunnelDown",alertstate="firing",monitor="tailprobe",severity="critical",scope="${scope}"`;
	return {
		[`ALERTS{${labels},check="tunnel",type="tunnel",vantage="${vantage}",target="livekit",peer="livekit"}`]: {
			well: '_',
			broken: 1,
			course: [
				['_', 45],
				[1, 1755],
			],
		},
	};
}
