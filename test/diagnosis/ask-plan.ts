import test from 'ava';
import {checksAtMost, planRuns} from '../../src/diagnosis/ask-plan.ts';
import {scenesOf} from '../../src/diagnosis/diagnose.ts';
import type {Subject} from '../../src/diagnosis/types.ts';
import type {CheckView} from '../../src/server/types.ts';
import type {VantageState} from '../../src/vantages/types.ts';
import {aVantage} from '../helpers/fake-daemon.ts';
import {aLink, aTunnel, aWorld, isDown, isUp} from '../helpers/scenes.ts';

function planned(subject: Subject, checks: readonly CheckView[], vantages: readonly VantageState[] = [aVantage()]) {
	const world = aWorld(checks, {vantages: () => vantages});
	return planRuns(subject, scenesOf(world, subject)).map(({key}) => key);
}

const link = aLink();
const toLivekit = {name: 'livekit', address: 'livekit', peer: 'livekit'};
const relay = {name: 'headscale', address: 'https://relay.example', via: 'direct', peer: ''} as const;

test('around a link are asked its tunnel, those of others, its neighbours, the target from elsewhere, controls and relays', t => {
	const keys = planned({kind: 'check', check: link}, [
		isDown(link, 'timeout'),
		isUp(aTunnel()),
		isUp(aTunnel({vantage: 'office'})),
		isUp(aLink({name: 'stt', target: {address: 'http://june-gpu-1:8001/healthz'}})),
		isUp(aLink({vantage: 'office'})),
		isUp(aLink({name: 'gpu', type: 'gpu', vantage: 'june-gpu-1', target: {address: 'self'}})),
		isUp(aTunnel({target: toLivekit})),
		isUp(aLink({name: 'livekit', target: {...toLivekit, address: 'http://livekit:7880/'}})),
		isUp(aLink({name: 'derp', type: 'derp', target: relay})),
	]);

	t.deepEqual(keys, [
		'tts/cluster/june-gpu-1',
		'tunnel/cluster/june-gpu-1',
		'tunnel/office/june-gpu-1',
		'stt/cluster/june-gpu-1',
		'tts/office/june-gpu-1',
		'gpu/june-gpu-1/june-gpu-1',
		'tunnel/cluster/livekit',
		'derp/cluster/headscale',
	]);
});

test('of many of a kind only some are asked: failing ones first, and of vantages that can look', t => {
	const offices = Array.from({length: 9}, (_, at) => `office-${at}`);
	const names = Array.from({length: 9}, (_, at) => `service-${at}`);
	const checks = [
		isDown(link, 'timeout'),
		...offices.map(vantage => isUp(aTunnel({vantage}))),
		...names.map(name => (name === 'service-8' ? isDown(aLink({name}), 'refused') : isUp(aLink({name})))),
	];
	const vantages = [
		aVantage(),
		...offices.map(name => aVantage({name, group: 'offices', condition: name === 'office-7' ? 'sound' : 'gone'})),
	];

	const keys = planned({kind: 'check', check: link}, checks, vantages);

	t.deepEqual(
		keys.filter(key => key.startsWith('tunnel/')),
		['tunnel/office-7/june-gpu-1', 'tunnel/office-0/june-gpu-1', 'tunnel/office-1/june-gpu-1'],
	);
	t.deepEqual(
		keys.filter(key => key.startsWith('service-')),
		['service-8', 'service-0', 'service-1', 'service-2'].map(name => `${name}/cluster/june-gpu-1`),
	);
});

test('of a node everything on it is asked, also what was up and may have failed just now', t => {
	const keys = planned({kind: 'node', node: 'june-gpu-1'}, [
		isDown(aLink({name: 'gpu', type: 'gpu', vantage: 'june-gpu-1', target: {address: 'self'}}), 'timeout'),
		isUp(aTunnel()),
		isUp(link),
		isUp(aLink({name: 'stt'})),
		isUp(aLink({name: 'livekit', target: toLivekit})),
	]);

	t.deepEqual(keys.toSorted(), [
		'gpu/june-gpu-1/june-gpu-1',
		'stt/cluster/june-gpu-1',
		'tts/cluster/june-gpu-1',
		'tunnel/cluster/june-gpu-1',
	]);
});

test('of a vantage each check that it runs is asked once', t => {
	const keys = planned({kind: 'vantage', vantage: 'cluster'}, [
		isUp(link),
		isDown(aLink({target: {name: 'june-gpu-2', peer: 'june-gpu-2'}}), 'refused'),
		isUp(aTunnel()),
		isUp(aLink({vantage: 'office'})),
	]);

	t.deepEqual(keys.toSorted(), ['tts/cluster/june-gpu-2', 'tunnel/cluster/june-gpu-1']);
});

test('a machine where only a shell is gets few runs, and nobody gets more than the limit', t => {
	const names = Array.from({length: 40}, (_, at) => `service-${at}`);
	const nodes = Array.from({length: 12}, (_, at) => `office-${at}`);
	const own = aLink({vantage: 'host'});
	const byShell = planned(
		{kind: 'check', check: own},
		[isDown(own, 'timeout'), ...names.map(name => isUp(aLink({name, vantage: 'host'})))],
		[aVantage({name: 'host', type: 'ssh', group: 'hosts'})],
	);
	const ofNode = planned({kind: 'node', node: 'june-gpu-1'}, [
		...nodes.flatMap(vantage => names.map(name => isDown(aLink({name, vantage}), 'timeout'))),
		...nodes.map(vantage => isDown(aTunnel({vantage}), 'timeout')),
	]);

	t.is(byShell.length, 4);
	t.is(byShell[0], own.key);
	t.is(ofNode.length, checksAtMost);
	t.is(new Set(ofNode).size, ofNode.length);
});
