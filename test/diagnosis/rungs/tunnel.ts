import test from 'ava';
import {tunnelRung} from '../../../src/diagnosis/rungs/tunnel.ts';
import {toStatus} from '../../../src/net/localapi-answers.ts';
import {recorded} from '../../helpers/localapi-server.ts';
import {aLink, aScene, aTunnel, isDown, isUnknown, isUp, someTime} from '../../helpers/scenes.ts';
import {aFresh, tunnelDown, tunnelUp} from '../../helpers/tunnels.ts';

test('it holds with path and round trip', t => {
	const rung = tunnelRung.look(aScene([isDown(aLink(), 'refused'), tunnelUp('june-gpu-1')]));

	t.like(rung, {state: 'holds', says: 'june-gpu-1 answers through WireGuard, direct, round trip 12.0 ms.'});
});

test('it is broken where TSMP is silent, with what other vantages see', t => {
	const rung = tunnelRung.look(aScene([tunnelDown('june-gpu-1'), tunnelUp('june-gpu-1', 'june-gpu-2')]));

	t.is(rung?.state, 'broken');
	t.regex(rung?.evidence.at(-1)?.says ?? '', /tunnel june-gpu-1 from june-gpu-2 is up, direct/);
});

test('it is broken where large packets are lost, though small ones pass', t => {
	const fresh = aFresh({bigPing: {bytes: 1280, sent: 4, answered: 0}});

	const rung = tunnelRung.look(aScene([tunnelUp('june-gpu-1')], {fresh}));

	t.like(rung, {state: 'broken', says: 'june-gpu-1 answers small packets through WireGuard, and no large ones.'});
	t.true(rung?.evidence.some(({says}) => says.startsWith('0 of 4 pings of 1280 bytes from cluster')));
});

test('lost pings and the last handshake are evidence', t => {
	const [status] = toStatus(recorded('status')).peers;
	const peer = status && {kind: 'known' as const, status: {...status, lastHandshakeMs: someTime - 60_000}};
	const scene = aScene([tunnelUp('june-gpu-1', 'cluster', {}, {pings_lost: 1})], {
		fresh: aFresh(peer ? {peer} : {}),
	});

	const told = tunnelRung.look(scene)?.evidence.map(({says}) => says) ?? [];

	t.true(told.includes('1 of 3 pings through the tunnel were lost.'));
	t.true(told.includes('The last handshake of WireGuard with june-gpu-1 was 1 min before the look.'));
});

test('it is unseen where no tunnel check could look, and none where no tunnel is used', t => {
	t.is(tunnelRung.look(aScene([isUnknown(aTunnel(), 'vantage')]))?.state, 'unseen');
	t.is(tunnelRung.look(aScene([isUp(aLink({target: {via: 'direct'}}))])), undefined);
});
