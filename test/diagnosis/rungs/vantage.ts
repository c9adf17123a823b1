import test from 'ava';
import {vantageRung} from '../../../src/diagnosis/rungs/vantage.ts';
import {aVantage} from '../../helpers/fake-daemon.ts';
import {aLink, aRemoteVantage, aScene, aSickVantage, isUnknown, isUp, someTime} from '../../helpers/scenes.ts';

test('a sound vantage holds, with its tailscaled and since when', t => {
	const sound = aVantage({
		sinceMs: someTime - 3_600_000,
		facts: {backendState: 'Running', tun: 'false', online: 'false'},
	});

	const rung = vantageRung.look(aScene([isUp(aLink())], {vantages: () => [sound]}));

	t.like(rung, {
		state: 'holds',
		says: 'cluster can look, its tailscaled is Running without a tunnel device.',
		evidence: [
			{says: 'Vantage cluster has been sound for 1 h.'},
			{says: 'Its tailscaled is in state Running.'},
			{says: 'Its tailscaled is not connected to its control server.', wanted: 'a connection'},
		],
	});
});

test('a sick vantage is broken by its own words', t => {
	const rung = vantageRung.look(aScene([isUnknown(aLink(), 'vantage')], {vantages: () => [aSickVantage()]}));

	t.like(rung, {state: 'broken', says: 'Vantage cluster is sick for 2 min: It is sick.'});
});

test('a machine that is reached through a sick one is broken for that, and its ways are shown', t => {
	const link = aLink({vantage: 'june-gpu-1', target: {peer: 'livekit'}});
	const remote = aRemoteVantage({
		condition: 'gone',
		behind: 'cluster',
		ways: [{type: 'agent', inUse: false, condition: 'gone', detail: 'It is silent.'}],
	});

	const rung = vantageRung.look(aScene([isUnknown(link, 'vantage')], {vantages: () => [aSickVantage(), remote]}));

	t.like(rung, {state: 'broken', says: 'Vantage cluster is sick for 2 min: It is sick.'});
	t.true(rung?.evidence.some(({says}) => says === 'Its way by agent is gone: It is silent.'));
});

test('a check that cannot run there breaks the rung though the vantage is sound', t => {
	const rung = vantageRung.look(aScene([isUnknown(aLink(), 'unsupported', 'There is no tunnel device.')]));

	t.like(rung, {state: 'broken', says: 'There is no tunnel device.'});
});

test('a vantage that went is broken, and one that is starting is not seen yet', t => {
	const gone = vantageRung.look(aScene([isUp(aLink())], {vantages: () => []}));
	const starting = vantageRung.look(aScene([isUp(aLink())], {vantages: () => [aVantage({condition: 'starting'})]}));

	t.like(gone, {state: 'broken', says: 'There is no vantage cluster any more.'});
	t.is(starting?.state, 'unseen');
});
