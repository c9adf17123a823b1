import test from 'ava';
import type {Outcome} from '../../../src/engine/types.ts';
import {groupSources, groupTroubles} from '../../../src/server/page/causes.ts';
import type {Snapshot} from '../../../src/server/page/snapshot.ts';
import type {CheckView, SourceView} from '../../../src/server/types.ts';
import {aCheck, aCheckView, anOutcome, aVantage, someTime} from '../../helpers/fake-daemon.ts';
import {aSnapshot} from '../../helpers/status-page.ts';

function view(name: string, peer: string, part: Partial<CheckView> = {}, vantage = 'cluster'): CheckView {
	const type = name.startsWith('tunnel') ? 'tunnel' : 'http';
	const target = {name: peer, address: peer, via: 'tailnet', peer} as const;
	return aCheckView({check: aCheck({key: `${name}/${vantage}/${peer}`, name, type, vantage, target}), ...part});
}

function down(name: string, peer: string, vantage?: string): CheckView {
	return view(name, peer, {verdict: 'down', downSince: someTime, last: anOutcome({verdict: 'down'})}, vantage);
}

function blind(name: string, reason: Outcome['reason'] = 'vantage', vantage?: string): CheckView {
	const last = anOutcome({verdict: 'unknown', ...(reason ? {reason} : {})});
	return view(name, 'x', {verdict: 'unknown', last}, vantage);
}

function snapshot(checks: readonly CheckView[], part: Partial<Snapshot> = {}): Snapshot {
	return aSnapshot({nowMs: someTime + 600_000, checks, vantages: [aVantage()], ...part});
}

const keys = (views: readonly CheckView[]) => views.map(({check}) => check.key);

test('checks of a node whose tunnel is down stand behind it, seen from the same vantage', t => {
	const checks = [
		down('tts', 'gpu-1'),
		down('tunnel', 'gpu-1'),
		down('stt', 'gpu-1'),
		down('tts', 'gpu-1', 'other'),
		down('tts', 'gpu-2'),
		view('tunnel', 'gpu-2'),
	];

	const {down: troubles} = groupTroubles(snapshot(checks));

	t.deepEqual(
		troubles.map(({view: {check}, behind, tunnel}) => [check.key, keys(behind), tunnel?.check.key]),
		[
			['tunnel/cluster/gpu-1', ['stt/cluster/gpu-1', 'tts/cluster/gpu-1'], undefined],
			['tts/cluster/gpu-2', [], 'tunnel/cluster/gpu-2'],
			['tts/other/gpu-1', [], undefined],
		],
	);
});

test('checks without a node behind them, and a second tunnel check of a node, have cards of their own', t => {
	const checks = [down('tunnel', ''), down('site', ''), down('tunnel', 'gpu'), down('tunnel-icmp', 'gpu')];

	t.deepEqual(
		groupTroubles(snapshot(checks)).down.map(({behind}) => behind.length),
		[0, 0, 0, 0],
	);
});

test('a tunnel that never ran, or that nobody could look at, is not called up', t => {
	const checks = [
		down('a', 'x'),
		view('tunnel', 'x', {ran: false}),
		down('a', 'y'),
		view('tunnel', 'y', {verdict: 'unknown', ran: false}),
	];

	t.true(groupTroubles(snapshot(checks)).down.every(({tunnel}) => tunnel === undefined));
});

test('the unknowns of a vantage that is sick are one trouble, those with a reason of their own are not', t => {
	const checks = [blind('a'), blind('b'), blind('c', 'denied'), blind('d', 'vantage', 'other'), view('e', 'x')];
	const vantages = [aVantage({condition: 'sick'}), aVantage({name: 'other'})];

	const {vantages: sick, unknown} = groupTroubles(snapshot(checks, {vantages}));

	t.deepEqual(
		sick.map(trouble => [trouble.state.name, keys(trouble.blind), trouble.total]),
		[['cluster', ['a/cluster/x', 'b/cluster/x'], 4]],
	);
	t.deepEqual(keys(unknown.map(each => each.view)), ['c/cluster/x', 'd/other/x']);
});

test('a vantage is sick since the first run that could not look', t => {
	const since = (ms: number) => ({unknownSince: {ms, atLeast: false}});
	const checks = [
		{...blind('a'), ...since(8000)},
		{...blind('b'), ...since(7500)},
	];

	const [sick] = groupTroubles(snapshot(checks, {vantages: [aVantage({condition: 'sick'})]})).vantages;

	t.deepEqual(sick?.since, {ms: 7500, atLeast: false});
});

test('a check that nobody ever could look at dates no fault that others saw begin', t => {
	const newborn = {...blind('a'), unknownSince: {ms: 7000, atLeast: true}};
	const other = {...blind('b'), unknownSince: {ms: 7500, atLeast: false}};
	const vantages = [aVantage({condition: 'sick'})];
	const sinceOf = (...checks: CheckView[]) => groupTroubles(snapshot(checks, {vantages})).vantages[0]?.since;

	t.deepEqual(sinceOf(newborn, other), {ms: 7500, atLeast: false});
	t.deepEqual(sinceOf(newborn), {ms: 7000, atLeast: true});
	t.is(sinceOf(blind('c')), undefined);
});

test('sources of one system that fail for the same reason are one trouble', t => {
	const failing = (name: string, detail: string) => ({name, ok: false, detail});
	const silent = (path: string) =>
		`GET https://headscale.example${path}: connected, but no answer came within 2 s. It hangs.`;

	const sources: SourceView[] = [
		failing('headscale-key', silent('/health')),
		failing('headscale-nodes', silent('/api/v1/node')),
		failing('headscale-metrics', 'GET http://headscale.example:50480/metrics: nothing listens there (ECONNREFUSED).'),
		failing('other-nodes', silent('/health')),
		{name: 'headscale-version', ok: true},
		{name: 'headscale-later', ok: undefined},
	];

	const groups = groupSources(snapshot([], {sources}));

	t.deepEqual(
		groups.map(({name, sources}) => [name, sources.map(source => source.name)]),
		[
			['headscale', ['headscale-key', 'headscale-nodes']],
			['headscale-metrics', ['headscale-metrics']],
			['other-nodes', ['other-nodes']],
		],
	);
});

test('while headscale says nothing of its health, what else is read of it fails behind that', t => {
	const sources = [
		{name: 'headscale-metrics', ok: false, detail: 'Nothing listens there.'},
		{name: 'headscale-health', ok: false, detail: 'It did not answer.'},
	];

	t.deepEqual(
		groupSources(snapshot([], {sources})).map(({name, sources: group}) => [name, group.length]),
		[['headscale', 2]],
	);
});

test('what fails of the tailscaled of a vantage that cannot look is the vantage’s trouble; of one that can it is one trouble', t => {
	const failing = (name: string): SourceView => ({name, ok: false, detail: `${name} says something of its own.`});
	const sources = [
		failing('tailscaled-status-a'),
		failing('tailscaled-health-a'),
		failing('tailscaled-status-b-a'),
		failing('tailscaled-metrics-b-a'),
		failing('tailscaled-whois'),
		failing('headscale-nodes'),
		{name: 'tailscaled-metrics-a', ok: true},
	];
	const vantages = [aVantage({name: 'a', condition: 'sick'}), aVantage({name: 'b-a'})];
	const platform = {tailscaled: [{vantage: 'a'}, {vantage: 'b-a'}]};

	const troubles = groupTroubles(snapshot([], {vantages, sources, platform}));

	const names = (from: readonly SourceView[]) => from.map(({name}) => name);
	t.deepEqual(
		troubles.vantages.map(({state, sources: own}) => [state.name, names(own)]),
		[['a', ['tailscaled-status-a', 'tailscaled-health-a']]],
	);
	t.deepEqual(
		troubles.sources.map(({name, sources: own}) => [name, names(own)]),
		[
			['tailscaled', ['tailscaled-status-b-a', 'tailscaled-metrics-b-a']],
			['tailscaled-whois', ['tailscaled-whois']],
			['headscale-nodes', ['headscale-nodes']],
		],
	);
});

test('where one vantage only has a tailscaled, all of its sources are that vantage’s', t => {
	const sources = ['tailscaled-status', 'tailscaled-whois'].map(name => ({name, ok: false, detail: name}));
	const vantages = [aVantage({name: 'a', condition: 'gone'}), aVantage({name: 'b', condition: 'sick'})];

	const troubles = groupTroubles(snapshot([], {vantages, sources, platform: {tailscaled: [{vantage: 'a'}]}}));

	t.deepEqual(
		troubles.vantages.map(({sources: own}) => own.length),
		[2, 0],
	);
	t.deepEqual(troubles.sources, []);
});
