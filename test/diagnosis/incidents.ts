import test from 'ava';
import {diagnose} from '../../src/diagnosis/diagnose.ts';
import {findIncidents} from '../../src/diagnosis/incidents.ts';
import type {PoolView} from '../../src/pools/types.ts';
import type {CheckView} from '../../src/server/types.ts';
import {aNode, aNodeView, anOutcome, aVantage} from '../helpers/fake-daemon.ts';
import {aMachines, anInstanceView, anotherIsUp, listed} from '../helpers/machine-scenes.ts';
import {
	type Around,
	aFailingSource,
	aLink,
	aTunnel,
	aWorld,
	isDown,
	isUnknown,
	isUp,
	someTime,
} from '../helpers/scenes.ts';
import {aFresh, pastRuns, relayed, tunnelUp} from '../helpers/tunnels.ts';

const incidentsOf = (checks: readonly CheckView[], around: Around = {}) => findIncidents(aWorld(checks, around));
const keysOf = (views: readonly CheckView[]) => views.map(({check}) => check.key);

const tunnel = aTunnel();
const tts = aLink();
const stt = aLink({name: 'stt', target: {address: 'http://june-gpu-1:8001/healthz'}});
const livekit = aLink({
	name: 'livekit',
	target: {name: 'livekit', peer: 'livekit', address: 'http://livekit:7880/'},
});
const agent = aVantage({name: 'june-gpu-1', type: 'agent', group: 'gpus', condition: 'gone', sinceMs: someTime - 5000});

test('nothing is wrong while everything is up, and what has not run yet is no fault', t => {
	const pending = {...isUnknown(tts, 'vantage'), ran: false};

	t.deepEqual(incidentsOf([isUp(tunnel), pending]), []);
});

test('a dead machine is one incident with its tunnel, its services and its own vantage', t => {
	const fromThere = aLink({
		name: 'webhook',
		vantage: 'june-gpu-1',
		target: {name: 'june-orchestrator', peer: 'june-orchestrator', address: 'http://june-orchestrator:8080/healthz'},
	});
	const checks = [
		isDown(tts, 'timeout'),
		isUnknown(fromThere, 'vantage'),
		isDown(tunnel, 'timeout'),
		isDown(stt, 'unreachable'),
		isUp(aTunnel({target: {name: 'livekit', peer: 'livekit', address: 'livekit'}})),
	];

	const incidents = incidentsOf(checks, {vantages: () => [aVantage(), agent]});

	t.is(incidents.length, 1);
	t.like(incidents[0], {state: 'down', about: 'june-gpu-1', sinceMs: someTime - 60_000});
	t.deepEqual(keysOf(incidents[0]?.checks ?? []), [tunnel.key, stt.key, tts.key, fromThere.key]);
});

test('several vantages that see one machine dead make one incident', t => {
	const fromAgent = aTunnel({vantage: 'june-gpu-2'});

	const incidents = incidentsOf([isDown(tunnel, 'timeout'), isDown(fromAgent, 'unreachable')]);

	t.is(incidents.length, 1);
	t.is(incidents[0]?.checks.length, 2);
});

test('a dead machine that only other machines look at is one incident with its own vantage, whatever the cause is about', t => {
	const fromThere = aLink({...livekit, key: 'livekit/june-gpu-1/livekit', vantage: 'june-gpu-1'});
	const fromOther = isDown(aTunnel({vantage: 'june-gpu-2'}), 'timeout');
	const vantages = () => [aVantage(), agent, {...agent, name: 'june-gpu-2', condition: 'sound' as const}];
	const machines = () => aMachines({instance: anInstanceView({status: 'exited'})});

	for (const [around, about] of [
		[{vantages, ...listed()}, 'node june-gpu-1'],
		[{vantages, ...listed(), machines}, 'instance 7000001'],
	] as const) {
		const incidents = incidentsOf([fromOther, isUnknown(fromThere, 'vantage'), anotherIsUp], around);

		t.is(incidents.length, 1);
		t.like(incidents[0], {state: 'down', cause: {about}});
		t.not(incidents[0]?.cause.id, 'vantage-machine-down');
		t.deepEqual(keysOf(incidents[0]?.checks ?? []), [fromOther.check.key, fromThere.key]);
	}
});

test('that one machine cannot reach another is no reason for its vantage to be gone while ours does', t => {
	const fromThere = aLink({...livekit, key: 'livekit/june-gpu-1/livekit', vantage: 'june-gpu-1'});
	const fromOther = isDown(aTunnel({vantage: 'june-gpu-2'}), 'timeout');
	const vantages = () => [aVantage(), agent, {...agent, name: 'june-gpu-2', condition: 'sound' as const}];

	const incidents = incidentsOf([isUp(tunnel), fromOther, isUnknown(fromThere, 'vantage')], {vantages, ...listed()});

	t.is(incidents.length, 2);
	t.true(incidents.some(({cause}) => cause.id === 'vantage-gone'));
});

test('a vantage that is gone while the tunnel to its machine is up is a fault of its own', t => {
	const fromThere = aLink({...livekit, key: 'livekit/june-gpu-1/livekit', vantage: 'june-gpu-1'});

	const incidents = incidentsOf([isUp(tunnel), isUnknown(fromThere, 'vantage')], {vantages: () => [aVantage(), agent]});

	t.is(incidents.length, 1);
	t.like(incidents[0], {state: 'unknown', sinceMs: someTime - 5000});
});

test('a sick local vantage is one incident with its unknowns and those of the vantages behind it', t => {
	const sick = aVantage({condition: 'sick', detail: 'tailscaled does not answer.', sinceMs: someTime - 1000});
	const behind = {...agent, behind: 'cluster'};
	const fromThere = aLink({...livekit, key: 'livekit/june-gpu-1/livekit', vantage: 'june-gpu-1'});
	const checks = [isUnknown(tunnel, 'vantage'), isUnknown(tts, 'vantage'), isUnknown(fromThere, 'vantage')];

	const incidents = incidentsOf(checks, {vantages: () => [sick, behind]});

	t.is(incidents.length, 1);
	t.like(incidents[0], {state: 'unknown', sinceMs: someTime - 60_000});
	t.is(incidents[0]?.checks.length, 3);
});

test('two services that do not listen on one machine that is up are two incidents, named by their check', t => {
	const incidents = incidentsOf([isUp(tunnel), isDown(tts, 'refused'), isUp(stt), isDown(livekit, 'refused')]);

	t.deepEqual(incidents.map(({about}) => about).toSorted(), ['livekit on livekit', 'tts on june-gpu-1']);
});

test('the same service seen from two vantages is one incident', t => {
	const elsewhere = aLink({vantage: 'june-gpu-2'});

	const incidents = incidentsOf([isUp(tunnel), isDown(tts, 'refused'), isDown(elsewhere, 'refused')]);

	t.is(incidents.length, 1);
	t.is(incidents[0]?.checks.length, 2);
});

test('what nothing on the list explains is told all the same, with its own sentence', t => {
	const odd = aLink({name: 'odd', target: {peer: '', via: 'direct', address: 'odd.example.com:70'}, type: 'tcp'});

	const incidents = incidentsOf([isDown(odd, 'proxy', 'Something that nobody foresaw.')]);

	t.is(incidents.length, 1);
	t.regex(incidents[0]?.cause.says ?? '', /nobody foresaw|proxy/i);
	t.true((incidents[0]?.cause.next.length ?? 0) > 0);
});

test('checks that cannot run where they are asked to, and those whose next run tells, are left out', t => {
	const back = {...agent, condition: 'sound' as const};
	const fromThere = aLink({...livekit, key: 'livekit/june-gpu-1/livekit', vantage: 'june-gpu-1'});

	const incidents = incidentsOf([isUnknown(tts, 'unsupported'), isUnknown(fromThere, 'vantage')], {
		vantages: () => [aVantage(), back],
	});

	t.deepEqual(incidents, []);
});

test('a service that was down for hours before its machine died does not date the death', t => {
	const old = {...isDown(tts, 'timeout'), downSince: someTime - 7_200_000, reasonSince: someTime - 7_200_000};
	const quicker = {...isDown(stt, 'timeout'), downSince: someTime - 75_000, reasonSince: someTime - 75_000};

	const [incident] = incidentsOf([isDown(tunnel, 'timeout'), old, quicker]);

	t.is(incident?.sinceMs, someTime - 75_000);
});

test('a check that nobody ever could look at dates no fault that another saw begin', t => {
	const never = {...isUnknown(tts, 'vantage'), unknownSince: {ms: someTime - 999_000, atLeast: true}};
	const sick = aVantage({condition: 'sick', sinceMs: someTime - 500});

	const [incident] = incidentsOf([never, isUnknown(tunnel, 'vantage')], {vantages: () => [sick]});

	t.is(incident?.sinceMs, someTime - 60_000);
});

test('a source that fails is an incident of what nobody can read, once for a system', t => {
	const sources = ['kubernetes-nodes', 'kubernetes-pods'].map(name => ({
		name,
		ok: false,
		detail: 'The API server did not answer.',
		failingSince: someTime - 30_000,
	}));

	const incidents = incidentsOf([isUp(tunnel)], {sources: () => sources});

	t.is(incidents.length, 1);
	t.like(incidents[0], {state: 'unknown', about: 'kubernetes', sinceMs: someTime - 30_000, checks: []});
	t.is(incidents[0]?.cause.evidence.length, 2);
});

test('sources of headscale that fail are told by the fault of headscale where there is one', t => {
	const sources = ['headscale-health', 'headscale-nodes', 'headscale-metrics'].map(name => ({
		name,
		ok: false,
		obstacle: 'refused' as const,
		detail: 'The connection was refused.',
		failingSince: someTime - 30_000,
	}));

	const incidents = incidentsOf([isUp(tunnel)], {sources: () => sources});

	t.deepEqual(
		incidents.map(({about, sinceMs}) => ({about, sinceMs})),
		[{about: 'headscale', sinceMs: someTime - 30_000}],
	);
	t.not(incidents[0]?.cause.id, 'source-unreadable');
});

test('headscale that went with its relay is not dated by the tunnels that died with it, nor blamed for those dead long before', t => {
	const dead = (peer: string, forMs: number): CheckView => {
		const view = isDown(aTunnel({target: {name: peer, peer, address: peer}}), 'timeout');
		return {...view, downSince: someTime - forMs, reasonSince: someTime - forMs};
	};
	const relay = aLink({
		name: 'derp',
		type: 'derp',
		target: {name: 'headscale', peer: '', address: 'https://hs.example.com', via: 'direct'},
	});
	const checks = [
		dead('june-gpu-1', 3 * 86_400_000),
		dead('june-gpu-2', 5 * 86_400_000),
		dead('june-gpu-3', 200_000),
		isDown(relay, 'refused'),
	];
	const refused = {obstacle: 'refused', failure: 'unanswered'} as const;

	const incidents = incidentsOf(checks, {
		history: pastRuns([{facts: relayed}]),
		landmarks: () => ({headscale: ['hs.example.com'], dnsServer: ''}),
		sources: () => [aFailingSource('headscale-health', refused), aFailingSource('headscale-nodes', refused)],
	});

	const fault = incidents.find(({id}) => id === 'headscale-unreachable headscale');
	t.is(fault?.sinceMs, someTime - 300_000);
	t.deepEqual(new Set(fault?.checks.map(({check}) => check.target.name)), new Set(['june-gpu-3', 'headscale']));
});

test('a pool that is short is degraded, and lists what its machines lack', t => {
	const pool: PoolView = {
		name: 'gpus',
		min: 2,
		usable: 1,
		unusable: 1,
		unknown: 0,
		sinceMs: someTime - 10_000,
		members: [{name: 'june-gpu-1', nodeId: '1', state: 'unusable', why: 'its tunnel is down'}],
	};

	const [incident] = incidentsOf([isUp(tunnel)], {pools: () => [pool, {...pool, name: 'rest', usable: 2}]});

	t.like(incident, {id: 'pool-short pool gpus', state: 'degraded', sinceMs: someTime - 10_000});
	t.regex(incident?.cause.says ?? '', /1 of at least 2 are usable/);
	t.deepEqual(
		incident?.cause.evidence.map(({says}) => says),
		['june-gpu-1: its tunnel is down.'],
	);
	t.is(incident?.cause.next[0].run, 'tailprobe diagnose june-gpu-1');
});

test('down comes before unknown before degraded, and the newest first within each', t => {
	const older = {...isDown(livekit, 'refused'), downSince: someTime - 600_000, reasonSince: someTime - 600_000};
	const pool: PoolView = {name: 'gpus', min: 1, usable: 0, unusable: 0, unknown: 0, members: []};
	const sources = [{name: 'kubernetes-nodes', ok: false, detail: 'It did not answer.', failingSince: someTime}];

	const incidents = incidentsOf([older, isUp(tunnel), isDown(tts, 'refused')], {
		pools: () => [pool],
		sources: () => sources,
	});

	t.deepEqual(
		incidents.map(({state, about}) => `${state} ${about}`),
		['down tts on june-gpu-1', 'down livekit on livekit', 'unknown kubernetes-nodes', 'degraded pool gpus'],
	);
});

test('a thousand dead machines with ten checks each are a thousand incidents, explained once each', t => {
	const checks = Array.from({length: 1000}, (_, index) => `june-gpu-${index}`).flatMap(peer => [
		isDown(aTunnel({target: {name: peer, peer, address: peer}}), 'timeout'),
		...Array.from({length: 9}, (_, port) =>
			isDown(
				aLink({name: `s${port}`, target: {name: peer, peer, address: `http://${peer}:${8000 + port}/`}}),
				'timeout',
			),
		),
	]);

	const incidents = incidentsOf(checks);

	t.is(incidents.length, 1000);
	t.true(incidents.every(({checks: own}) => own.length === 10 && own[0]?.check.type === 'tunnel'));
});

test('a dead machine stays one incident while more is learned of it', t => {
	const list = (online: boolean) => () => [aNodeView({node: aNode({name: 'june-gpu-1', online}), tunnels: []})];
	const checks = [
		isDown(tunnel, 'timeout'),
		isDown(tts, 'timeout'),
		isUp(aTunnel({target: {name: 'livekit', peer: 'livekit', address: 'livekit'}})),
	];

	const silent = incidentsOf(checks, {nodes: list(true)});
	const noticed = incidentsOf(checks, {nodes: list(false)});

	t.deepEqual(
		[silent, noticed].map(found => found.map(({id}) => id)),
		[['node june-gpu-1'], ['node june-gpu-1']],
	);
	t.not(silent[0]?.cause.id, noticed[0]?.cause.id);
});

test('a service that refuses stays the same incident when another one of its machine begins to', t => {
	const alone = incidentsOf([isUp(tunnel), isDown(tts, 'refused'), isUp(stt)]);
	const both = incidentsOf([isUp(tunnel), isDown(tts, 'refused'), isDown(stt, 'refused')]);

	t.deepEqual(
		alone.map(({id}) => id),
		['service-refused port 8000 on june-gpu-1'],
	);
	t.deepEqual(both.map(({id}) => id).toSorted(), [
		'service-refused port 8000 on june-gpu-1',
		'service-refused port 8001 on june-gpu-1',
	]);
});

test('each check of a dead machine, and its node, have the cause of their incident', t => {
	const services = [8001, 8002, 8003].map(port =>
		aLink({name: `s${port}`, target: {address: `http://june-gpu-1:${port}/healthz`}}),
	);
	const checks = [
		isDown(tunnel, 'timeout'),
		isDown(tts, 'refused'),
		...services.map((check, at) => isDown(check, at === 0 ? 'unreachable' : 'timeout')),
	];
	const world = aWorld(checks, {
		nodes: () => [aNodeView({node: aNode({name: 'june-gpu-1', online: false}), tunnels: []})],
	});

	for (const incident of findIncidents(world)) {
		for (const {check} of incident.checks) t.is(diagnose(world, {kind: 'check', check}).cause, incident.cause);
	}
	t.is(diagnose(world, {kind: 'node', node: 'june-gpu-1'}).cause, findIncidents(world)[0]?.cause);
});

test('many slow tunnels cost no history of each for each', t => {
	const names = Array.from({length: 1000}, (_, at) => `june-gpu-${at}`);
	const services = Array.from({length: 10}, (_, at) =>
		isUp(
			aLink({name: `s${at}`, target: {name: names[0] ?? '', peer: names[0] ?? '', address: `http://x:${8000 + at}/`}}),
		),
	);
	const tunnels = names.map((name, at) => tunnelUp(name, 'cluster', {}, {tsmp_seconds: at === 0 ? 0.3 : 0.012}));
	let asked = 0;
	const history = (key: string) => {
		asked++;
		return {recent: [anOutcome({key})], failures: []};
	};
	const world = aWorld([...tunnels, ...services], {history, fresh: aFresh()});

	t.is(diagnose(world, {kind: 'node', node: names[0] ?? ''}).cause?.id, 'tunnel-slow');
	t.true(asked < 1200, `${asked} histories`);
});
