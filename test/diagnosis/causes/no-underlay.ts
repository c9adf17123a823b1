import test from 'ava';
import {noUnderlay} from '../../../src/diagnosis/causes/no-underlay.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';
import {aLink, aScene, isUp, someTime} from '../../helpers/scenes.ts';
import {listed, tunnelDown, tunnelUp} from '../../helpers/tunnels.ts';

const aPublicPort = () => aLink({name: 'ssh', type: 'tcp', target: {address: '203.0.113.9:22', via: 'direct'}});

test('a node that nobody reaches in the tailnet and whose public port answers has no way into it', t => {
	const scene = aScene([tunnelDown('june-gpu-1'), tunnelUp('livekit'), isUp(aPublicPort())], {
		nodes: listed('june-gpu-1'),
	});

	const {cause} = nameCauses(scene);

	t.like(cause, {id: 'no-underlay', effect: 'breaks', confidence: 'likely', about: 'node june-gpu-1'});
	t.regex(cause?.says ?? '', /is alive \(ssh answers beside the tailnet\)/);
});

test('a node that is silent everywhere may just be off', t => {
	t.is(noUnderlay.find(aScene([tunnelDown('june-gpu-1'), tunnelUp('livekit')])), undefined);
});

test('a vantage that reaches nobody while others do has no network itself', t => {
	const scene = aScene([tunnelDown('june-gpu-1'), tunnelDown('livekit'), tunnelUp('june-gpu-1', 'june-gpu-2')]);

	t.like(noUnderlay.find(scene), {confidence: 'likely', about: 'vantage cluster'});
});

test('three silent nodes and nobody else who looks are only consistent with it, two are nothing', t => {
	const two = [tunnelDown('june-gpu-1'), tunnelDown('livekit')] as const;

	t.is(noUnderlay.find(aScene([...two, tunnelDown('june-gpu-2')]))?.confidence, 'consistent');
	t.is(noUnderlay.find(aScene([...two])), undefined);
});

test('where disco is answered there is a way', t => {
	const scene = aScene([
		tunnelDown('june-gpu-1', 'cluster', {disco: 'answered', path: 'direct'}),
		tunnelUp('livekit'),
		isUp(aPublicPort()),
	]);

	t.is(noUnderlay.find(scene), undefined);
});

test('nodes that fell silent days ago say nothing of the network of today', t => {
	const since = someTime - 432_000_000;
	const long = (name: string) => ({...tunnelDown(name), downSince: since, reasonSince: since});

	t.is(noUnderlay.find(aScene([tunnelDown('june-gpu-1'), long('june-gpu-2'), long('june-gpu-3')])), undefined);
});
