/** An hour in which a platform lives as platforms do, under all rules at once: nobody is paged; and who fails half the time pages once. */

import test from 'ava';
import {type ScrapeKind, scrapes} from '../helpers/alert-cases.ts';
import {type Events, inputSeries, keyOf, links, stepSeconds} from '../helpers/alert-world.ts';
import {withHandOvers} from '../helpers/hand-overs.ts';
import {askAfter, hasPromtool} from '../helpers/promtool-queries.ts';

const promtoolTest = hasPromtool ? test : test.skip;
const title = (text: string) => (hasPromtool ? text : `${text} (promtool is not installed)`);

const minutes = 75;
const minute = 60;
/** True in each period for so many seconds from its offset on. */
const within = (seconds: number, every: number, offset: number, lasts: number) =>
	seconds >= offset && (seconds - offset) % every < lasts;

const pathChanges: Events = (seconds, {relayed}) => {
	if (within(seconds, 4 * minute, 60, 75)) relayed.add('gpu-1');
	if (within(seconds, 9 * minute, 120, 2 * minute)) relayed.add('livekit');
};

const reconnects: Events = (seconds, {reconnecting}) => {
	if (within(seconds, 7 * minute, 90, 30)) reconnecting.add('cluster');
	if (within(seconds, 5 * minute, 150, 15)) reconnecting.add('gpu-2');
};

const headscaleRestarts: Events = (seconds, conditions) => {
	conditions.headscaleDown = within(seconds, 30 * minute, 20 * minute, 30);
	conditions.headscaleGrace = within(seconds, 30 * minute, 20 * minute + 30, 2 * minute);
	// All come back one after the other.
	for (const [index, node] of ['orchestrator', 'livekit', 'auth', 'gpu-1', 'gpu-2', 'gpu-3'].entries())
		if (within(seconds, 30 * minute, 20 * minute, 45 + 15 * index)) conditions.offline.add(node);
};

const tailprobeRestarts: Events = (seconds, {replicasDown}) => {
	if (within(seconds, 40 * minute, 12 * minute, 60)) replicasDown.add(0);
	if (within(seconds, 40 * minute, 14 * minute, 45)) replicasDown.add(1);
};

/** One run of each link every ten minutes, each replica's at another time. */
const lostProbes: Events = (seconds, {failing}, replica) => {
	for (const [index, link] of links.entries())
		if (
			within(seconds, 10 * minute, ((index * 7 + replica * 3) % 40) * stepSeconds, stepSeconds) &&
			link.type !== 'gpu'
		)
			failing.add(keyOf(link));
};

const unknownRuns: Events = (seconds, {unknown}, replica) => {
	for (const [index, link] of links.entries())
		if (within(seconds, 13 * minute, ((index * 5 + replica) % 52) * stepSeconds, stepSeconds)) unknown.add(keyOf(link));
};

/** An ephemeral machine that the pool can spare ends; headscale notices at once, and forgets it five minutes later. */
const scaleDown: Events = (seconds, {dead, offline, removed}) => {
	if (seconds >= 31 * minute) dead.add('gpu-3');
	if (seconds >= 31 * minute + 15) offline.add('gpu-3');
	if (seconds >= 36 * minute) removed.add('gpu-3');
};

const keysRotated: Events = (seconds, {rotated, offline}) => {
	if (seconds >= 40 * minute) rotated.add('livekit');
	if (within(seconds, 1e9, 40 * minute, 30)) offline.add('livekit');
};

const parts = [
	pathChanges,
	reconnects,
	headscaleRestarts,
	tailprobeRestarts,
	lostProbes,
	unknownRuns,
	scaleDown,
	keysRotated,
];
const ordinaryLife: Events = (seconds, conditions, replica) => {
	for (const part of parts) part(seconds, conditions, replica);
};

/** What fired, by name and severity. */
const fired = (matchers: string) =>
	`count by (alertname, severity) (count_over_time(ALERTS{alertstate="firing",${matchers}}[2h]))`;
const pages = fired('severity="critical"');
/** One lost run in forty is more than an objective of 99 % allows, and paths that change every four minutes flap. */
const unexpected = fired('alertname!~"TailprobeWatchdog|ServiceBudgetBurn|TunnelFlapping|TunnelLossy"');

/** Half of its runs fail, for an hour. */
const halfFailing: Events = (seconds, {failing}) => {
	if (within(seconds, 1e9, 10 * minute, 60 * minute) && seconds % (2 * stepSeconds) === 0)
		failing.add('livekit/cluster/livekit');
};

/** The lease changes hands where its holder ends, around restarts of headscale, when a machine leaves, and in between. */
const handOvers = [5, 9, 12, 14, 20.25, 33, 36, 41, 52, 54, 60, 65].map(each => each * minute);

for (const kind of Object.keys(scrapes) as ScrapeKind[]) {
	promtoolTest(title(`nobody is paged in an hour of an ordinary life (${kind})`), async t => {
		t.timeout(300_000);
		const life = kind === 'leased' ? withHandOvers(ordinaryLife, handOvers) : ordinaryLife;

		const failure = await askAfter(minutes, inputSeries(minutes, life, scrapes[kind]), [
			{expr: pages, samples: []},
			{expr: unexpected, samples: []},
		]);

		t.is(failure, '');
	});

	if (kind === 'leased') continue;
	promtoolTest(title(`a service that fails half of its probes for an hour pages once (${kind})`), async t => {
		t.timeout(300_000);
		const firing = 'ALERTS{alertstate="firing",severity="critical"}';

		const failure = await askAfter(minutes, inputSeries(minutes, halfFailing, scrapes[kind]), [
			{expr: pages, samples: [{labels: '{alertname="ServiceBudgetBurn", severity="critical"}', value: 1}]},
			// Times that a page began.
			{
				expr: `sum(count_over_time((${firing} unless ${firing} offset ${stepSeconds}s)[100m:${stepSeconds}s]))`,
				samples: [{labels: '{}', value: 1}],
			},
		]);

		t.is(failure, '');
	});
}
