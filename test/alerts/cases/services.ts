import type {AlertCase} from '../../helpers/alert-cases.ts';
import {
	configured,
	down,
	downLabels,
	failures,
	type Link,
	leftEphemeral,
	member,
	of,
	rounds,
	up,
	withRestart,
} from '../../helpers/alert-links.ts';

const livekit: Link = {check: 'livekit', type: 'http', target: 'livekit', peer: 'livekit'};
const slowLivekit: Link = {...livekit, intervalSeconds: 300};
const tts: Link = {check: 'tts', type: 'http', target: 'june-gpu-1', peer: 'june-gpu-1'};
const certificate: Link = {check: 'certificate', type: 'tls', target: 'auth', peer: 'auth'};
const exposed: Link = {check: 'not-public', type: 'tcp', target: 'public-8080', peer: '', expect: 'unreachable'};

/** When the fault begins, as templates tell it. */
const since = '1970-01-01 00:05:00 +0000 UTC';
const cause = {'tailprobe_incident_links{cause="service-refused",peer="livekit"}': {well: '_', broken: 3}} as const;

export const serviceCases: readonly AlertCase[] = [...downCases(), ...quietCases(), ...exposedCases(), ...nameCases()];

function downCases(): AlertCase[] {
	const alert = 'ServiceDown';
	const refused = {...down(livekit), ...failures(livekit, 'refused'), ...cause};
	const told = `cluster gets no right answer from livekit (check livekit) since ${since}. Commonest reason of late: refused. Likely cause: service-refused.`;
	const fires = [{labels: downLabels(livekit, 'critical'), description: told}];
	const times = {firesAfterSeconds: 75, resolvesAfterSeconds: 180};
	const laterTimes = {firesAfterSeconds: 120, resolvesAfterSeconds: 180};
	const unwatched = {...livekit, critical: false};
	return [
		{alert, title: 'the port of a service is closed', series: refused, fires, firesThroughout: true, ...times},
		{
			alert,
			title: 'one replica finds it down and the other cannot look',
			series: {...refused, ...down(livekit, 'unknown')},
			scrapes: ['operated'],
			fires,
			...times,
		},
		{
			alert,
			title: 'nobody can look any more while it is down: it is not up again',
			series: {
				...refused,
				[of('tailprobe_check_up', livekit)]: {
					well: 1,
					broken: 0,
					course: [
						[0, 600],
						['_', 1200],
					],
				},
			},
			firesThroughout: true,
			fires,
			...times,
		},
		{
			alert,
			title: 'tailprobe restarts while it is down: no end and no second page',
			series: {
				...withRestart({...configured(livekit), ...cause}),
				...withRestart({...down(livekit), ...failures(livekit, 'refused')}, 135),
				...withRestart(configured(livekit)),
			},
			firesThroughout: true,
			fires,
			...times,
		},
		{
			alert,
			title: 'tailprobe restarts while a service is down that is asked once a minute',
			series: {
				...withRestart(cause),
				...withRestart({...down(livekit), ...failures(livekit, 'refused')}, 165),
				...withRestart(configured({...livekit, intervalSeconds: 60})),
			},
			firesThroughout: true,
			fires,
			firesAfterSeconds: 90,
			resolvesAfterSeconds: 180,
		},
		{
			alert,
			title: 'two runs of a check that runs every five minutes fail',
			series: {...refused, ...configured(slowLivekit)},
			fires,
			firesAfterSeconds: 330,
			resolvesAfterSeconds: 180,
		},
		{
			alert,
			title: 'its check need not wake anybody',
			series: {...down(unwatched), ...failures(livekit, 'refused'), ...cause},
			fires: [{labels: downLabels(unwatched, 'warning'), description: told}],
			...laterTimes,
		},
		{
			alert,
			title: 'it is on a machine of a pool',
			series: {...down(tts), ...member(tts.peer)},
			fires: [
				{
					labels: {...downLabels(tts, 'warning'), pool: 'june'},
					description: `cluster gets no right answer from june-gpu-1 (check tts, pool june) since ${since}.`,
				},
			],
			...laterTimes,
		},
		{
			alert,
			title: 'it is on an ephemeral node of no pool, which left: a ticket',
			series: {...refused, ...leftEphemeral(livekit.peer)},
			fires: [{labels: downLabels(unwatched, 'warning'), description: told}],
			...laterTimes,
		},
		{
			alert,
			title: 'a server that is asked for its certificate does not listen',
			series: down(certificate),
			fires: [
				{
					labels: downLabels(certificate, 'critical'),
					description: `cluster gets no right answer from auth (check certificate) since ${since}.`,
				},
			],
			...times,
		},
	];
}

function quietCases(): AlertCase[] {
	const quiet = {alert: 'ServiceDown', fires: []};
	const otherTypes = ['tunnel', 'dns', 'derp', 'stun', 'gpu'];
	return [
		{
			...quiet,
			title: 'one replica finds it down and the other up',
			series: down(livekit, 'up'),
			scrapes: ['operated'],
		},
		{...quiet, title: 'it is down for a minute', series: down(livekit), brokenMinutes: 1},
		{
			...quiet,
			title: 'tailprobe restarts while all is well',
			series: {...withRestart(configured(livekit)), ...withRestart(up(livekit), 90)},
		},
		{
			...quiet,
			title: 'a single run fails every ten minutes',
			series: rounds(livekit, [
				['up', 585],
				['down', 15],
			]),
			brokenMinutes: 60,
		},
		{
			...quiet,
			title: 'every other run of a check that runs every five minutes fails',
			series: rounds(slowLivekit, [
				['down', 300],
				['up', 300],
			]),
			brokenMinutes: 60,
		},
		{...quiet, title: 'nobody can look', series: rounds(livekit, [['unknown', 1800]])},
		{...quiet, title: 'somebody answers where nobody may, which has an alert of its own', series: down(exposed)},
		{
			...quiet,
			title: 'its certificate is refused, which has an alert of its own',
			series: {
				...down(certificate),
				[of('tailprobe_tls_certificate_fault', certificate, 'fault="expired"')]: {well: 0, broken: 1},
			},
		},
		...otherTypes.map(type => ({
			...quiet,
			title: `a check of type ${type} is down, which has alerts of its own`,
			series: down({...livekit, type}),
		})),
	];
}

function exposedCases(): AlertCase[] {
	const alert = 'ServiceExposed';
	const unwatched = {...exposed, critical: false};
	const description = `cluster is answered by public-8080 since ${since}: check not-public wants it to be out of reach, and so does whoever relies on it.`;
	return [
		{
			alert,
			title: 'a public address answers',
			series: down(exposed),
			fires: [{labels: downLabels(exposed, 'critical'), description}],
			firesAfterSeconds: 30,
			resolvesAfterSeconds: 180,
		},
		{
			alert,
			title: 'a public address answers, which need not wake anybody',
			series: down(unwatched),
			fires: [{labels: downLabels(unwatched, 'warning'), description}],
			firesAfterSeconds: 120,
			resolvesAfterSeconds: 180,
		},
		{alert, title: 'a service that is to answer is down', series: down(livekit), fires: []},
	];
}

function nameCases(): AlertCase[] {
	const name = (target: string): Link => ({check: 'magicdns', type: 'dns', target, peer: target});
	const first = name('livekit');
	const second = name('june-gpu-1');
	const none = 'cluster gets no right answer for any of the 2 names that check magicdns asks for.';
	const goOn =
		"Checks with `via: tailnet` go on by tailscaled's own list of peers; programs that resolve names do not.";
	const {target: _, peer: __, ...labels} = downLabels(first, 'critical');
	return [
		{
			alert: 'NameNotResolved',
			title: 'one name of two is unknown',
			series: {...down(first), ...up(second), ...failures(first, 'content')},
			fires: [
				{
					labels: downLabels(first, 'warning'),
					description: `cluster gets no right answer for the name of livekit (check magicdns) since ${since}. Commonest reason of late: content.`,
				},
			],
			firesAfterSeconds: 120,
			resolvesAfterSeconds: 120,
		},
		{
			alert: 'MagicDnsDown',
			title: 'one name of two is unknown',
			series: {...down(first), ...up(second)},
			fires: [],
		},
		{alert: 'MagicDnsDown', title: 'the only name that is asked for is unknown', series: down(first), fires: []},
		{
			alert: 'MagicDnsDown',
			title: 'MagicDNS does not answer',
			series: {...down(first), ...down(second), ...failures(first, 'timeout'), ...failures(second, 'timeout')},
			fires: [{labels, description: `${none} Commonest reason of late: timeout. ${goOn}`}],
			firesAfterSeconds: 60,
			resolvesAfterSeconds: 180,
		},
		{
			alert: 'MagicDnsDown',
			title: 'MagicDNS does not answer, which need not wake anybody',
			series: {...down({...first, critical: false}), ...down({...second, critical: false})},
			fires: [{labels: {...labels, critical: 'false', severity: 'warning'}, description: `${none} ${goOn}`}],
			firesAfterSeconds: 120,
			resolvesAfterSeconds: 180,
		},
	];
}
