import test from 'ava';
import {wireguardDead} from '../../../src/diagnosis/causes/wireguard-dead.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';
import {aScene} from '../../helpers/scenes.ts';
import {listed, tunnelDown, tunnelUp} from '../../helpers/tunnels.ts';

const alive = {disco: 'answered', path: 'direct'};

test('disco that is answered where TSMP is not is a dead WireGuard', t => {
	const scene = aScene([tunnelDown('june-gpu-1', 'cluster', alive), tunnelUp('livekit')], {
		nodes: listed('june-gpu-1'),
	});

	const {cause} = nameCauses(scene);

	t.like(cause, {id: 'wireguard-dead', effect: 'breaks', confidence: 'certain', about: 'node june-gpu-1'});
	t.regex(cause?.says ?? '', /june-gpu-1 answers cluster beneath the tunnel \(direct\)/);
	t.like(cause?.next[0], {where: 'on june-gpu-1', run: 'tailscale status --peers'});
});

test('with all tunnels of a vantage like that it is the vantage', t => {
	const scene = aScene([
		tunnelDown('june-gpu-1', 'cluster', alive),
		tunnelDown('livekit', 'cluster', alive),
		tunnelUp('june-gpu-1', 'june-gpu-2'),
	]);

	t.is(wireguardDead.find(scene)?.about, 'vantage cluster');
});

test('silence beneath it is another fault', t => {
	t.is(wireguardDead.find(aScene([tunnelDown('june-gpu-1'), tunnelUp('livekit')])), undefined);
});
