/** The example for Alertmanager: checked by amtool, and run by a real Alertmanager whose notifications are counted. */

import {spawnSync} from 'node:child_process';
import {existsSync, readdirSync} from 'node:fs';
import {fileURLToPath} from 'node:url';
import test from 'ava';
import {execa} from 'execa';
import {partFile} from '../../scripts/parts.ts';
import {type Rule, readRules} from '../helpers/alert-cases.ts';
import {alternatives, type Labels, matches} from '../helpers/alert-matching.ts';
import {type AlertSink, type Notification, startAlertSink} from '../helpers/alert-sink.ts';
import {
	type Alertmanager,
	alertmanagerCommand,
	example,
	exampleFile,
	type InhibitRule,
	type Route,
	startAlertmanager,
} from '../helpers/alertmanager.ts';
import {until} from '../helpers/until.ts';
import {fired, type Muting, mutings} from './cases/muting.ts';

const built = await partFile('amtool');
const amtools = ['amtool', ...(existsSync(built) ? [built] : [])];
const hasAmtool = spawnSync('amtool', ['--version']).status === 0;

const directory = fileURLToPath(new URL('../../alerts/', import.meta.url));
const alerts = readdirSync(directory)
	.filter(name => name.endsWith('.yaml'))
	.flatMap(name => readRules(`${directory}${name}`))
	.flatMap(rule =>
		rule.alert === undefined ? [] : [{rule, labels: {...rule.labels, alertname: rule.alert} as Labels}],
	);
/** These tell that tailprobe itself does not look. */
const watchers = ['TailprobeWatchdog', 'TailprobeDown', 'TailprobeAbsent', 'TailprobeReplicaDown'];

/** Of an installation as an operator scrapes it. */
const scraped: Labels = {monitor: 'tailprobe', job: 'tailprobe', namespace: 'monitoring'};

// What the file says.

test('all that the example says is about alerts of tailprobe', t => {
	const below = (route: Route): Route[] => [route, ...(route.routes ?? []).flatMap(below)];

	for (const {matchers = []} of below(example.route).slice(1)) t.true(matchers.includes('monitor="tailprobe"'));
	for (const {source_matchers, target_matchers, equal} of example.inhibit_rules) {
		t.true(source_matchers.includes('monitor="tailprobe"'));
		t.true(target_matchers.includes('monitor="tailprobe"'));
		t.deepEqual(equal.slice(0, 3), ['cluster', 'namespace', 'job']);
	}
});

test('every alert that the example names is there', t => {
	const named = example.inhibit_rules.flatMap(({source_matchers, target_matchers}) =>
		[source_matchers, target_matchers].flatMap(matchers => alternatives(matchers, 'alertname')),
	);

	const unknown = named.filter(
		name => !alerts.some(({labels}) => new RegExp(`^(?:${name})$`).test(labels['alertname'] ?? '')),
	);

	t.deepEqual([...new Set(unknown)], []);
});

test('every inhibition has a case, and each case is one inhibition', t => {
	const used = mutings.map(muting => rulesOf(muting));

	for (const [index, found] of used.entries()) {
		t.is(found.length, 1, mutings[index]?.title);
		t.deepEqual(found[0]?.equal, ['cluster', 'namespace', 'job', ...(mutings[index]?.by ?? [])], mutings[index]?.title);
	}
	for (const [index, rule] of example.inhibit_rules.entries())
		t.true(
			used.some(([found]) => found === rule),
			`inhibit_rules[${index}]`,
		);
});

test('no chain of inhibitions ends where it began, so something is always told', t => {
	// Of kinds of alerts: which machine they are about is left open, as two machines may look at each other.
	const kind = ['alertname', 'severity', 'scope', 'path'];
	const names = (labels: Labels) => kind.map(label => labels[label]).join(' ');
	const told = new Set(Object.values(fired).map(({alertname}) => alertname));
	const others = alerts.map(({labels}) => labels).filter(({alertname}) => !told.has(alertname ?? ''));
	const all = [...Object.values(fired), ...others].map(labels => ({...scraped, ...labels}));
	const mutes = new Map<string, Set<string>>();
	for (const source of all)
		for (const target of all)
			for (const {equal, ...rule} of example.inhibit_rules)
				if (isMuted({...rule, equal: equal.filter(label => kind.includes(label))}, source, target))
					mutes.set(names(source), (mutes.get(names(source)) ?? new Set()).add(names(target)));

	const reachable = (from: string, seen = new Set<string>()): Set<string> => {
		for (const next of mutes.get(from) ?? []) if (!seen.has(next)) reachable(next, seen.add(next));
		return seen;
	};

	t.deepEqual(
		[...mutes.keys()].filter(name => reachable(name).has(name)),
		[],
	);
});

test('what mutes fires before what it mutes is told, and holds on for as long as that', t => {
	const evaluationsApart = 15;
	const wrong: string[] = [];
	for (const {source, targets, afterwards} of mutings.filter(one => !watchers.includes(one.source['alertname'] ?? '')))
		for (const target of targets) {
			const name = `${source['alertname']} and ${target['alertname']} (${target['severity']})`;
			const [mutes, muted] = [ruleOf(source), ruleOf(target)];
			const toldAfter = seconds(muted?.for) + (target['severity'] === 'critical' ? 30 : 60);
			if (afterwards === undefined && seconds(mutes?.for) + evaluationsApart > toldAfter)
				wrong.push(`${name}: fires too late`);
			// Otherwise what was muted throughout a fault is told when the fault is healed.
			if (afterwards === undefined && seconds(mutes?.keep_firing_for) < seconds(muted?.keep_firing_for))
				wrong.push(`${name}: ends too early`);
		}

	t.deepEqual(wrong, []);
});

test('what is told holds on until a dead tailprobe is told', t => {
	const needed = Math.max(...[fired.tailprobeDown, fired.tailprobeAbsent].map(one => seconds(ruleOf(one)?.for))) + 30;
	const short = alerts
		.filter(({labels}) => !watchers.includes(labels['alertname'] ?? ''))
		.filter(({rule}) => seconds(rule.keep_firing_for) < needed);

	t.deepEqual(
		short.map(({labels}) => labels['alertname']),
		[],
	);
});

test('every alert of the cases is as the rules make it', t => {
	const invented = Object.values(fired).filter(labels => ruleOf(labels) === undefined);

	t.deepEqual(invented, []);
});

// amtool.

const amtoolTest = hasAmtool ? test : test.skip;
const amtoolTitle = (title: string) => (hasAmtool ? title : `${title} (amtool is not installed)`);

amtoolTest(amtoolTitle('amtool finds nothing to object to in the example'), async t => {
	for (const amtool of amtools) {
		const {exitCode, all} = await execa(amtool, ['check-config', exampleFile], {reject: false, all: true});

		t.is(exitCode, 0, `${amtool}: ${all}`);
		t.notRegex(all, /warn|deprecat|UTF-8/i);
	}
});

const receivers: ReadonlyArray<[receiver: string, labels: Labels]> = [
	['dead-mans-switch', {...scraped, ...fired.watchdog}],
	['dead-mans-switch', {monitor: 'tailprobe', alertname: 'TailprobeWatchdog', severity: 'critical'}],
	['page', {...scraped, ...fired.headscaleDown}],
	['page', {...scraped, ...fired.directDown}],
	['page', {...scraped, ...fired.poolTooSmall}],
	['ticket', {...scraped, ...fired.metricsMissing}],
	['ticket', {...scraped, ...fired.directTicket}],
	['ticket', {...scraped, ...fired.poolUncertain}],
	['chat', {...scraped, ...fired.clientWarning}],
	['ticket', {...scraped, alertname: 'SomethingOfYours'}],
	// Not of tailprobe: what this file is a part of decides, here its top.
	['ticket', {alertname: 'HeadscaleDown', severity: 'critical'}],
	['ticket', {monitor: 'other', alertname: 'TailprobeWatchdog', severity: 'critical'}],
];

amtoolTest(amtoolTitle('amtool finds the receiver of each kind of alert'), async t => {
	for (const amtool of amtools)
		for (const [receiver, labels] of receivers) {
			const pairs = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
			const args = ['config', 'routes', 'test', `--config.file=${exampleFile}`, `--verify.receivers=${receiver}`];

			const {exitCode, all} = await execa(amtool, [...args, ...pairs], {reject: false, all: true});

			t.is(exitCode, 0, `${amtool}, ${pairs.join(' ')}: ${all}`);
		}
});

// A real Alertmanager. Each scene is a cluster of its own: none hears of another.

let sink: AlertSink;
let alertmanager: Alertmanager;
const realTest = alertmanagerCommand === undefined ? test.skip : test;
const realTitle = (title: string) =>
	alertmanagerCommand === undefined ? `${title} (Alertmanager is not installed)` : title;

test.before(async () => {
	if (alertmanagerCommand === undefined) return;
	sink = await startAlertSink();
	alertmanager = await startAlertmanager(sink.url);
});

test.after.always(async () => {
	await alertmanager?.stop();
	sink?.stop();
});

for (const muting of mutings)
	realTest(realTitle(`${muting.title}, and only there`), async t => {
		const {source, targets} = muting;
		const [first = {}] = targets;
		const [rule] = rulesOf(muting);
		const together = aCluster();
		const alone = targets.map(() => aCluster());
		const apart = (rule?.equal ?? []).map(label => ({label, cluster: aCluster()}));

		await fire(together, source, ...targets);
		for (const [index, target] of targets.entries()) await fire(alone[index] ?? '', target);
		for (const {label, cluster} of apart)
			await alertmanager.fire(
				{...scraped, cluster, ...source},
				{...scraped, cluster, ...first, [label]: `${{cluster, ...scraped, ...first}[label] ?? ''}-other`},
			);
		await settle();

		t.deepEqual(told(together), [source.alertname]);
		for (const [index, target] of targets.entries()) t.deepEqual(told(alone[index] ?? ''), [target.alertname]);
		for (const {label, cluster} of apart) {
			const names = [...told(cluster), ...told(`${cluster}-other`)].sort();
			const wanted = [source.alertname, label === 'alertname' ? `${first['alertname']}-other` : first['alertname']];
			t.deepEqual(names, wanted.sort(), `with another ${label}`);
		}
	});

realTest(realTitle('with headscale frozen and TTS killed both are told, each once'), async t => {
	const cluster = aCluster();

	await fire(cluster, fired.headscaleDown, fired.ttsDown, fired.gpuOffline, fired.relayDown, fired.controlUnreachable);
	await settle();

	t.deepEqual(summaries(cluster), ['page: HeadscaleDown', 'page: ServiceDown']);
});

realTest(realTitle('with headscale down a direct tunnel is told, and one over its relay is not'), async t => {
	const cluster = aCluster();
	const direct = {...fired.directDown, peer: 'gpu-2', target: 'gpu-2'};

	await fire(cluster, fired.headscaleDown, fired.derpDown, direct);
	await settle();

	t.deepEqual(
		notificationsOf(cluster)
			.flatMap(({alerts: all}) => all.map(({labels}) => labels['peer'] ?? 'headscale'))
			.sort(),
		['gpu-2', 'headscale'],
	);
});

/** All that fires when a machine of a pool dies. */
const deadMachine = [
	fired.directTicket,
	fired.ttsTicket,
	fired.sttTicket,
	fired.gpuGone,
	fired.webhookUnknown,
	fired.gpuUnhealthy,
	fired.gpuThrottled,
	fired.gpuOffline,
	fired.nameMissing,
	fired.vastUnreachable,
];

realTest(realTitle('a dead machine of a pool is one ticket'), async t => {
	const cluster = aCluster();

	await fire(cluster, ...deadMachine);
	await settle();

	t.deepEqual(summaries(cluster), ['ticket: TunnelDown']);
});

realTest(realTitle('a dead machine that the pool cannot spare is one page'), async t => {
	const cluster = aCluster();

	await fire(cluster, ...deadMachine, fired.poolTooSmall);
	await settle();

	t.deepEqual(summaries(cluster), ['page: PoolBelowMinimum']);
});

realTest(realTitle('a dead node outside of pools is one page, however many vantages miss it'), async t => {
	const cluster = aCluster();
	const missed = ['cluster', 'gpu-1', 'gpu-2'].map(vantage => ({...fired.directDown, vantage}));

	await fire(cluster, ...missed, fired.ttsDown, fired.ttsBurns, fired.gpuOffline, fired.nameMissing);
	await settle();

	t.deepEqual(summaries(cluster), ['page: TunnelDown TunnelDown TunnelDown']);
});

realTest(realTitle('a relay that one vantage misses does not mute the tunnels of another'), async t => {
	const cluster = aCluster();

	await fire(cluster, fired.relayDown, {...fired.derpDown, vantage: 'gpu-2'});
	await settle();

	t.deepEqual(summaries(cluster), ['page: RelayDown', 'page: TunnelDown']);
});

realTest(realTitle('with headscale down a relay of somebody else is told, and its own is not'), async t => {
	const cluster = aCluster();

	await fire(cluster, fired.headscaleDown, fired.relayDown, {...fired.relayDown, target: 'relay-1'});
	await settle();

	t.deepEqual(
		notificationsOf(cluster)
			.flatMap(({alerts: all}) => all.map(({labels}) => labels['target'] ?? labels['alertname']))
			.sort(),
		['HeadscaleDown', 'relay-1'],
	);
});

realTest(realTitle('a service beside the tailnet and a relay are told while the local vantage is gone'), async t => {
	const cluster = aCluster();
	const beside = {...fired.ttsDown, target: 'web', peer: ''};

	await fire(cluster, fired.clusterGone, beside, fired.relayDown, fired.ttsDown);
	await settle();

	t.deepEqual(summaries(cluster), ['page: RelayDown', 'page: ServiceDown', 'page: VantageGone']);
});

realTest(realTitle('a certificate that expires and a service that is down on one node are two pages'), async t => {
	const cluster = aCluster();
	const certificate = {...fired.ttsCertificateNow, check: 'certificate', type: 'tls'};

	await fire(cluster, certificate, fired.ttsDown);
	await settle();

	t.deepEqual(summaries(cluster), ['page: CertificateExpiring', 'page: ServiceDown']);
});

realTest(realTitle('what a dead agent cannot look at is one page'), async t => {
	const cluster = aCluster();
	const blind = ['orchestrator', 'livekit', 'auth'].map(peer => ({...fired.webhookBlind, target: peer, peer}));

	await fire(cluster, ...blind);
	await settle();

	t.deepEqual(summaries(cluster), ['page: LinkBlind LinkBlind LinkBlind']);
});

realTest(realTitle('when everything fires, somebody is told'), async t => {
	const everything = aCluster();
	const seeing = aCluster();
	const tailprobe = [fired.tailprobeDown, fired.tailprobeAbsent, fired.replicaDown];

	await fire(everything, ...Object.values(fired));
	await fire(seeing, ...Object.values(fired).filter(one => !tailprobe.includes(one)));
	await settle();

	t.deepEqual(summariesOfPeople(everything), ['page: TailprobeDown']);
	t.true(summariesOfPeople(seeing).includes('page: HeadscaleDown'), summariesOfPeople(seeing).join('; '));
	t.true(summariesOfPeople(seeing).includes('page: VantageGone'));
});

realTest(realTitle('the watchdog comes again and again, whatever else fires'), async t => {
	const cluster = aCluster();

	await fire(cluster, fired.watchdog, fired.tailprobeDown, fired.tailprobeAbsent);

	await until(() => notificationsOf(cluster).filter(({receiver}) => receiver === 'dead-mans-switch').length >= 3);
	await settle();
	t.deepEqual(summariesOfPeople(cluster), ['page: TailprobeDown']);
});

realTest(realTitle('alerts of others mute nothing and are not muted'), async t => {
	const cluster = aCluster();
	const {monitor: _, ...others} = scraped;

	await alertmanager.fire(
		{...others, cluster, ...fired.headscaleDown},
		{...scraped, cluster, ...fired.derpDown, peer: 'gpu-2'},
		{...others, cluster, ...fired.directDown},
		{...scraped, cluster, ...fired.ttsDown},
	);
	await settle();

	t.deepEqual(told(cluster), ['HeadscaleDown', 'ServiceDown', 'TunnelDown', 'TunnelDown']);
});

realTest(realTitle('what has healed is told once'), async t => {
	const cluster = aCluster();
	await fire(cluster, fired.directDown);
	await until(() => notificationsOf(cluster).length > 0);

	await resolve(cluster, fired.directDown);
	await until(() => notificationsOf(cluster).length > 1);
	await settle();

	t.deepEqual(
		notificationsOf(cluster).map(({status}) => status),
		['firing', 'resolved'],
	);
});

const deaths: ReadonlyArray<[who: string, death: Labels, open: Labels]> = [
	['tailprobe', fired.tailprobeDown, fired.directDown],
	['tailprobe without a trace', fired.tailprobeAbsent, fired.directDown],
	['the local vantage', fired.clusterGone, fired.directDown],
	['a remote vantage', fired.gpuGone, fired.gpuLinkDown],
];

for (const [who, death, open] of deaths)
	realTest(realTitle(`a tunnel that is down does not recover by the death of ${who}`), async t => {
		const cluster = aCluster();
		await fire(cluster, open);
		await until(() => told(cluster).includes(open['alertname'] ?? ''));

		await fire(cluster, death);
		await until(() => told(cluster).includes(death['alertname'] ?? ''));
		await resolve(cluster, open);
		await settle();

		t.deepEqual(
			notificationsOf(cluster).map(({status, alerts: all}) => `${status}: ${all[0]?.labels['alertname']}`),
			[`firing: ${open['alertname']}`, `firing: ${death['alertname']}`],
		);
	});

function rulesOf({source, targets: [first = {}]}: Muting): InhibitRule[] {
	return example.inhibit_rules.filter(rule => isMuted(rule, {...scraped, ...source}, {...scraped, ...first}));
}

function isMuted({source_matchers, target_matchers, equal}: InhibitRule, source: Labels, target: Labels): boolean {
	return (
		matches(source_matchers, source) &&
		matches(target_matchers, target) &&
		equal.every(label => (source[label] ?? '') === (target[label] ?? ''))
	);
}

function ruleOf({alertname, severity}: Labels): Rule | undefined {
	return alerts.find(({labels}) => labels['alertname'] === alertname && labels['severity'] === severity)?.rule;
}

function seconds(time = '0s'): number {
	const parts = [...time.matchAll(/(\d+)([smhd])/g)];
	return parts.reduce(
		(sum, [, number, unit]) => sum + Number(number) * ({s: 1, m: 60, h: 3600}[unit ?? ''] ?? 86_400),
		0,
	);
}

let clusters = 0;
function aCluster(): string {
	clusters += 1;
	return `c${clusters}`;
}

function fire(cluster: string, ...labels: readonly Labels[]): Promise<void> {
	return alertmanager.fire(...labels.map(one => ({...scraped, cluster, ...one})));
}

function resolve(cluster: string, ...labels: readonly Labels[]): Promise<void> {
	return alertmanager.resolve(...labels.map(one => ({...scraped, cluster, ...one})));
}

/**
 * Returns when all that was posted before has been told if it ever will: a ticket, which waits longest, that was posted after it has
 * come, and while it waited nothing else did.
 */
async function settle(): Promise<void> {
	for (let turn = 0, before = -1; ; turn += 1) {
		const others = sink.notifications.filter(
			({receiver, groupLabels}) => receiver !== 'dead-mans-switch' && !groupLabels['cluster']?.startsWith('marker'),
		).length;
		if (turn >= 2 && others === before) return;
		before = others;
		clusters += 1;
		const marker = `marker${clusters}`;
		await fire(marker, fired.metricsMissing);
		await until(() => notificationsOf(marker).length > 0);
	}
}

function notificationsOf(cluster: string): Notification[] {
	return sink.notifications.filter(({groupLabels}) => groupLabels['cluster'] === cluster);
}

/** The alerts that were told, each time that they were, by name. */
function told(cluster: string): string[] {
	return notificationsOf(cluster)
		.flatMap(({alerts: all}) => all.map(({labels}) => labels['alertname'] ?? ''))
		.sort();
}

/** Each notification: to whom, and which alerts. */
function summaries(cluster: string): string[] {
	return notificationsOf(cluster)
		.map(({receiver, alerts: all}) => `${receiver}: ${all.map(({labels}) => labels['alertname']).join(' ')}`)
		.sort();
}

function summariesOfPeople(cluster: string): string[] {
	return summaries(cluster).filter(summary => !summary.startsWith('dead-mans-switch'));
}
