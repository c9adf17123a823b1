import test from 'ava';
import {udpBlocked} from '../../../src/diagnosis/causes/udp-blocked.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';
import {aLink, aScene, isDown, isUp} from '../../helpers/scenes.ts';
import {pastRuns, relayed, tunnelDown, tunnelUp} from '../../helpers/tunnels.ts';

const aStun = (vantage = 'cluster') =>
	aLink({
		name: 'stun',
		type: 'stun',
		vantage,
		target: {name: 'headscale', address: 'headscale.example.com:3478', via: 'direct', peer: ''},
	});
const aDerp = () =>
	aLink({
		name: 'derp',
		type: 'derp',
		target: {name: 'headscale', address: 'https://headscale.example.com', via: 'direct', peer: ''},
	});

test('a tunnel by the relay while others of the same vantage are direct slows, on the side of the node', t => {
	const scene = aScene([tunnelUp('june-gpu-1', 'cluster', relayed), tunnelUp('livekit')], {history: pastRuns([])});

	const {cause} = nameCauses(scene);

	t.like(cause, {id: 'udp-blocked', effect: 'slows', confidence: 'likely', about: 'node june-gpu-1'});
	t.regex(cause?.says ?? '', /go by the relay fra\. .*cluster has no such trouble with livekit/);
	t.like(cause?.next[0], {where: 'on june-gpu-1', run: 'tailscale netcheck'});
});

test('with every tunnel of a vantage on the relay it is the vantage, and certain where STUN is silent too', t => {
	const tunnels = [tunnelUp('livekit', 'cluster', relayed), tunnelUp('june-gpu-2', 'cluster', relayed)];
	const own = tunnelUp('june-gpu-1', 'cluster', relayed);

	const likely = udpBlocked.find(aScene([own, ...tunnels], {history: pastRuns([])}));
	const certain = udpBlocked.find(aScene([own, ...tunnels, isDown(aStun(), 'timeout')], {history: pastRuns([])}));

	t.like(likely, {confidence: 'likely', about: 'vantage cluster'});
	t.like(certain, {confidence: 'certain', about: 'vantage cluster'});
	t.is(certain?.next[0].where, 'on cluster');
});

test('a node that every vantage reaches only by the relay has the trouble itself', t => {
	const scene = aScene(
		[tunnelUp('june-gpu-1', 'cluster', relayed), tunnelUp('june-gpu-1', 'june-gpu-2', relayed), tunnelUp('livekit')],
		{history: pastRuns([])},
	);

	t.regex(udpBlocked.find(scene)?.says ?? '', /1 other vantage has the same trouble with it/);
});

test('with nothing to compare with it is only consistent', t => {
	const scene = aScene([tunnelUp('june-gpu-1', 'cluster', relayed)], {history: pastRuns([])});

	t.is(udpBlocked.find(scene)?.confidence, 'consistent');
});

test('a direct tunnel, one that only began by the relay, and one that is down are none', t => {
	const begun = {history: pastRuns([{facts: {path: 'derp'}}, {facts: {path: 'direct'}}])};

	t.is(udpBlocked.find(aScene([tunnelUp('june-gpu-1')])), undefined);
	t.is(udpBlocked.find(aScene([tunnelUp('june-gpu-1', 'cluster', relayed)], begun)), undefined);
	t.is(udpBlocked.find(aScene([tunnelDown('june-gpu-1', 'cluster', relayed)])), undefined);
});

test('STUN that is silent from one vantage alone is that vantage', t => {
	const {cause} = nameCauses(aScene([isDown(aStun(), 'timeout'), isUp(aStun('june-gpu-2'))]));

	t.like(cause, {id: 'udp-blocked', effect: 'breaks', confidence: 'likely', about: 'vantage cluster'});
});

test('STUN that is silent beside a relay that answers may have no server', t => {
	const {cause} = nameCauses(aScene([isDown(aStun(), 'timeout'), isUp(aDerp())]));

	t.like(cause, {id: 'udp-blocked', confidence: 'consistent', about: 'relay headscale'});
	t.is(udpBlocked.find(aScene([isDown(aStun(), 'timeout'), isDown(aDerp(), 'refused')])), undefined);
});

test('STUN that our own firewall forbids is the vantage, for certain', t => {
	const detail = 'STUN 10.77.0.2:3478 failed: a firewall on this machine forbids it (EPERM)';

	const {cause} = nameCauses(aScene([isDown(aStun(), 'unreachable', detail)]));

	t.like(cause, {id: 'udp-blocked', confidence: 'certain', about: 'vantage cluster'});
});
