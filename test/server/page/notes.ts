import test from 'ava';
import type {Check, Outcome} from '../../../src/engine/types.ts';
import type {Note} from '../../../src/notes/types.ts';
import {findNotes} from '../../../src/server/page/notes.ts';
import type {Snapshot} from '../../../src/server/page/snapshot.ts';
import type {CheckView, StripBucket} from '../../../src/server/types.ts';
import {aCheck, aNode, aNodeView, anOutcome, aReading, aVantage, someTime} from '../../helpers/fake-daemon.ts';
import {aCause, anIncident, aSnapshot} from '../../helpers/status-page.ts';

/** Each check with its outcomes, newest first. */
type Told = [check: Check, recent: readonly Outcome[], part?: Partial<CheckView>];

function snapshot(told: readonly Told[], part: Partial<Snapshot> = {}): Snapshot {
	const recents = new Map(told.map(([check, recent]) => [check.key, recent]));
	const checks = told.map(([check, recent, rest]): CheckView => {
		const [last] = recent;
		return {check, verdict: last?.verdict ?? 'unknown', ran: true, last, confirmed: false, strip: [], ...rest};
	});
	return aSnapshot({
		checks,
		vantages: [aVantage({facts: {tun: 'true'}})],
		recent: key => recents.get(key) ?? [],
		...part,
	});
}

function says(notes: readonly Note[]): string[] {
	return notes.map(({about, from, says: text}) => `${about}${from ? ` from ${from}` : ''}: ${text}`);
}

function http(name: string, peer = '', part: Partial<Check> = {}): Check {
	const target = {name: peer || name, address: `http://${name}/`, via: 'tailnet', peer} as const;
	return aCheck({key: `${name}/cluster/${peer || name}`, name, target, ...part});
}

function tunnel(peer: string): Check {
	return http('tunnel', peer, {type: 'tunnel'});
}

/** Runs that took so long, newest first, five seconds apart. */
function runs(durationsMs: readonly number[], part: Partial<Outcome> = {}): Outcome[] {
	return durationsMs.map((durationMs, at) => anOutcome({durationMs, startedAt: someTime - at * 5000, ...part}));
}

function tunnelRuns(...each: {lost?: number; path?: string; seconds?: number}[]): Outcome[] {
	return each.map(({lost = 0, path = 'direct', seconds = 0.001}, at) =>
		anOutcome({
			startedAt: someTime - at * 5000,
			reading: aReading({
				values: {pings_sent: 3, pings_lost: lost, loss_ratio: lost / 3, tsmp_seconds: seconds},
				facts: {path, resolved_by: 'magicdns', ...(path === 'derp' ? {derp_region: 'fra'} : {})},
			}),
		}),
	);
}

const usual = [4, 5, 4, 4, 5, 4];

test('without anything odd there is no note', t => {
	const told: Told[] = [
		[http('livekit'), runs([5, ...usual])],
		[tunnel('gpu-1'), tunnelRuns({}, {}, {})],
	];

	t.deepEqual(findNotes(snapshot(told)), []);
});

test('loss is counted over the last six runs', t => {
	const told: Told[] = [[tunnel('gpu-1'), tunnelRuns({}, {lost: 3}, {}, {lost: 1}, {}, {}, {lost: 3})]];

	t.deepEqual(says(findNotes(snapshot(told))), ['tunnel gpu-1 from cluster: Lost 4 of 18 pings in the last 6 runs.']);
});

test('pings that were lost while nobody could look are the loss of nobody', t => {
	const ownFault = tunnelRuns({lost: 3}, {lost: 3}).map(
		(run): Outcome => ({...run, verdict: 'unknown', reason: 'vantage'}),
	);
	const told: Told[] = [[tunnel('gpu-1'), [...tunnelRuns({}), ...ownFault, ...tunnelRuns({}, {})]]];

	t.deepEqual(says(findNotes(snapshot(told))), []);
});

test('a tunnel whose round trip is many times the usual is told though that is milliseconds', t => {
	const slow = (...seconds: number[]) =>
		says(findNotes(snapshot([[tunnel('gpu-1'), tunnelRuns(...seconds.map(each => ({seconds: each})))]])));
	const before = [0.0007, 0.0008, 0.0007, 0.0007, 0.0009, 0.0007];

	t.deepEqual(slow(0.032, 0.033, ...before), [
		'tunnel gpu-1 from cluster: The round trip takes 32.0 ms, usually 0.70 ms.',
	]);
	t.deepEqual(slow(0.032, 0.0007, ...before), [], 'once is no trend');
	t.deepEqual(slow(0.009, 0.009, ...before), [], 'hardly anybody notices');
});

test('a relayed tunnel says through what, and until when it was direct', t => {
	const told: Told[] = [
		[tunnel('gpu-1'), tunnelRuns({path: 'derp'}, {path: 'derp'}, {}, {path: 'derp'})],
		[tunnel('gpu-2'), tunnelRuns({path: 'peer_relay'}, {path: 'peer_relay'})],
	];

	t.deepEqual(says(findNotes(snapshot(told))), [
		'tunnel gpu-1 from cluster: Goes through a DERP relay (fra), direct until 22:13:10 UTC.',
		'tunnel gpu-2 from cluster: Goes through a peer relay.',
	]);
});

test('a run beyond the objective says both, and where the time went', t => {
	const reading = aReading({phases: {connect: 0.002, processing: 0.8}});
	const told: Told[] = [[http('livekit', '', {objectiveMs: 100}), runs([803], {reading})]];

	t.deepEqual(says(findNotes(snapshot(told))), [
		'livekit livekit from cluster: Took 802 ms, beyond the objective of 100 ms, 800 ms of it in the phase processing.',
	]);
});

test('a check that takes far longer than usual says so, from the second such run on', t => {
	const slow = (...durations: number[]) => says(findNotes(snapshot([[http('livekit'), runs(durations)]])));

	t.deepEqual(slow(803, 801, ...usual), ['livekit livekit from cluster: Took 803 ms, usually 4.00 ms.']);
	t.deepEqual(slow(803, ...usual), []);
});

test('what is only some times as long, or only some milliseconds longer, is not odd', t => {
	const told: Told[] = [
		[http('a'), runs([54, 54, 6, 6, 6, 6, 6, 6])],
		[http('b'), runs([450, 450, 100, 100, 100, 100, 100])],
		[http('c'), runs([800, 800, 4, 4])],
	];

	t.deepEqual(says(findNotes(snapshot(told))), []);
});

test('what lasts longer than the outcomes reach back is still held against the minutes before', t => {
	const strip: StripBucket[] = Array.from({length: 60}, (_, at) => ({
		up: 12,
		down: 0,
		unknown: 0,
		worstSeconds: at < 50 ? 0.006 : 0.81,
	}));
	const told: Told[] = [[http('livekit'), runs(Array(20).fill(803)), {strip}]];

	t.deepEqual(says(findNotes(snapshot(told))), ['livekit livekit from cluster: Took 803 ms, usually 6.00 ms.']);
});

test('one slow run after many that were down is not enough', t => {
	const strip: StripBucket[] = Array.from({length: 60}, () => ({up: 1, down: 3, unknown: 0, worstSeconds: 0.006}));
	const recent = [...runs([803]), ...runs(Array(19).fill(5), {verdict: 'down'})];

	t.deepEqual(findNotes(snapshot([[http('livekit'), recent, {strip}]])), []);
});

test('times of a run in which we were late count for nothing', t => {
	const late = runs([900], {late: true});

	t.deepEqual(findNotes(snapshot([[http('livekit'), [...late, ...runs([5, ...usual])]]])), []);
	t.is(findNotes(snapshot([[http('livekit'), [...late, ...runs([803, 801, ...usual])]]])).length, 1);
});

test('checks of a node whose tunnel is odd come with the tunnel', t => {
	const told: Told[] = [
		[http('tts', 'gpu-1'), runs([203, 201, ...usual])],
		[tunnel('gpu-1'), tunnelRuns({path: 'derp'})],
		[http('tts', 'gpu-2'), runs([203, 201, ...usual])],
	];

	const notes = findNotes(snapshot(told));

	t.deepEqual(
		notes.map(({about, also}) => [about, also.map(({name, target}) => `${name} ${target}`)]),
		[
			['tunnel gpu-1', ['tts gpu-1']],
			['tts gpu-2', []],
		],
	);
});

test('a silent MagicDNS is told once per vantage, and what is slow because of it comes with it', t => {
	const reading = aReading({phases: {resolve: 0.7}, facts: {resolved_by: 'peers'}});
	const told: Told[] = [
		[http('a'), [...runs([705, 704], {reading}), ...runs(usual)]],
		[http('b'), runs([3], {reading})],
		[http('c'), runs([3], {reading: aReading({facts: {resolved_by: 'literal'}})})],
	];

	const notes = findNotes(snapshot(told));

	t.deepEqual(says(notes), [
		"MagicDNS from cluster: MagicDNS does not answer; addresses come from tailscaled's own list of peers.",
	]);
	t.deepEqual(
		notes[0]?.also.map(({name}) => name),
		['a'],
	);
});

test('a MagicDNS that answered others is not called silent', t => {
	const by = (resolved: string) => runs([3], {reading: aReading({facts: {resolved_by: resolved}})});
	const told: Told[] = [
		[http('a'), by('peers')],
		[http('b'), by('magicdns')],
	];

	t.regex(says(findNotes(snapshot(told))).join(), /MagicDNS did not answer 1 of 2 checks in the last run;/);
});

test('without a tunnel device MagicDNS is not asked, so its silence is no news', t => {
	const reading = aReading({facts: {resolved_by: 'peers'}});
	const vantages = [aVantage({facts: {tun: 'false'}})];

	t.deepEqual(findNotes(snapshot([[http('a'), runs([3], {reading})]], {vantages})), []);
});

test('what a vantage that is sick still sees is no news', t => {
	const told: Told[] = [[tunnel('gpu-1'), tunnelRuns({path: 'derp', lost: 1})]];

	t.deepEqual(findNotes(snapshot(told, {vantages: [aVantage({condition: 'sick'})]})), []);
});

test('checks that are down or unknown, or never ran, have no note', t => {
	const odd = tunnelRuns({path: 'derp', lost: 1});
	const told: Told[] = [
		[tunnel('a'), odd, {verdict: 'down'}],
		[tunnel('b'), odd, {verdict: 'unknown'}],
		[tunnel('c'), odd, {ran: false}],
		[tunnel('d'), [], {verdict: 'up'}],
	];

	t.deepEqual(findNotes(snapshot(told)), []);
});

test('nodes that headscale calls offline though a tunnel answers are told, apart those that a restart excuses', t => {
	const offline = (name: string) => aNode({name, online: false});
	const nodes = [
		aNodeView({node: offline('odd'), disagreement: 'offline_but_reachable'}),
		aNodeView({node: offline('excused')}),
		aNodeView({node: offline('dead'), tunnels: [{vantage: 'cluster', verdict: 'down'}]}),
		aNodeView(),
	];

	t.deepEqual(says(findNotes(snapshot([], {nodes}))), [
		'headscale: Calls odd offline, though a tunnel there answers. Was restarted and calls 1 node offline whose tunnels answer; that is not held against them for a while.',
	]);
	t.deepEqual(findNotes(snapshot([], {nodes, sources: [{name: 'headscale-nodes', ok: false}]})), []);
});

test('what was left out of the plan is told as one note', t => {
	t.deepEqual(says(findNotes(snapshot([], {problems: ['The node x has no address']}))), [
		'left out: The node x has no address.',
	]);
	t.deepEqual(says(findNotes(snapshot([], {problems: ['One.', 'Two.']}))), [
		'left out: 2 entries were left out. The first: One.',
	]);
});

test('what an incident says of a check is not said again: neither its path nor its loss nor its pace', t => {
	const relayed = {path: 'derp', lost: 1};
	const told: Told[] = [[tunnel('gpu-1'), tunnelRuns(relayed, relayed)]];
	const shown = snapshot(told);
	const incident = (id: string) => anIncident({state: 'degraded', cause: aCause({id}), checks: shown.checks});
	const saysBeside = (...ids: string[]) => says(findNotes({...shown, incidents: ids.map(incident)}));

	t.deepEqual(saysBeside('udp-blocked'), ['tunnel gpu-1 from cluster: Lost 2 of 6 pings in the last 2 runs.']);
	t.deepEqual(saysBeside('udp-blocked', 'tunnel-lossy'), []);
	t.deepEqual(saysBeside('service-slow').length, 1);
});

test('a node that an incident calls offline though it answers is named once', t => {
	const node = aNodeView({
		node: aNode({name: 'gpu-1', online: false}),
		tunnels: [{vantage: 'cluster', verdict: 'up'}] as never,
		disagreement: 'offline_but_reachable',
	});
	const cause = aCause({id: 'node-listed-offline', about: 'node gpu-1'});

	t.is(findNotes(snapshot([], {nodes: [node]})).length, 1);
	t.deepEqual(findNotes(snapshot([], {nodes: [node], incidents: [anIncident({state: 'degraded', cause})]})), []);
});

test('what is odd where tailprobe itself runs is a note too', t => {
	const ownNotes: Note[] = [{about: 'metrics', says: 'Nobody has read /metrics.', also: []}];

	t.deepEqual(says(findNotes(snapshot([], {ownNotes}))), ['metrics: Nobody has read /metrics.']);
});
