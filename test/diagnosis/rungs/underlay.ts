import test from 'ava';
import {underlayRung} from '../../../src/diagnosis/rungs/underlay.ts';
import {aLink, aScene, aTunnel, isDown, isUnknown, isUp} from '../../helpers/scenes.ts';
import {aFresh, relayed, tunnelDown, tunnelUp} from '../../helpers/tunnels.ts';

const aStun = aLink({name: 'stun', type: 'stun', target: {name: 'headscale', peer: '', via: 'direct'}});

test('it holds where the tunnel or disco is answered, and says by which way', t => {
	const up = underlayRung.look(aScene([isDown(aLink(), 'refused'), tunnelUp('june-gpu-1', 'cluster', relayed)]));
	const disco = underlayRung.look(aScene([tunnelDown('june-gpu-1', 'cluster', {disco: 'answered', path: 'direct'})]));

	t.like(up, {state: 'holds', says: 'june-gpu-1 answers beneath the tunnel, derp fra.'});
	t.like(disco, {state: 'holds', says: 'june-gpu-1 answers beneath the tunnel, direct.'});
});

test('it is broken where nothing is answered, with what relays and tailscaled say', t => {
	const fresh = aFresh({peer: {kind: 'missing'}});

	const rung = underlayRung.look(aScene([tunnelDown('june-gpu-1'), isUp(aStun)], {fresh}));

	t.is(rung?.state, 'broken');
	t.deepEqual(
		rung?.evidence.map(({says}) => says.replace(/ is (up|down).*/, ' is $1')),
		[
			'tunnel june-gpu-1 from cluster is down',
			'tailscaled on cluster has no peer june-gpu-1.',
			'stun headscale from cluster is up',
		],
	);
});

test('it is unseen where nobody could look, and where tailscaled knows no such peer', t => {
	t.is(underlayRung.look(aScene([isUnknown(aTunnel(), 'vantage')]))?.state, 'unseen');
	t.is(underlayRung.look(aScene([isDown(aTunnel(), 'unreachable')]))?.state, 'unseen');
	t.is(underlayRung.look(aScene([isDown(aLink(), 'timeout')]))?.state, 'unseen');
});

test('checks of relays and of STUN are the rung themselves; what is reached directly has none', t => {
	t.is(underlayRung.look(aScene([isDown(aStun, 'timeout')]))?.state, 'broken');
	t.is(underlayRung.look(aScene([isUp(aLink({target: {via: 'direct', peer: ''}}))])), undefined);
});
