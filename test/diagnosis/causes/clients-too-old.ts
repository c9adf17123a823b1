import test from 'ava';
import {clientsTooOld} from '../../../src/diagnosis/causes/clients-too-old.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';
import {aNode, aNodeView} from '../../helpers/fake-daemon.ts';
import {aMachines, anInstanceView} from '../../helpers/machine-scenes.ts';
import {aScene, aSource, aTunnel, isDown, isUp} from '../../helpers/scenes.ts';

const around = (names: string[], online = false) => ({
	sources: () => [aSource()],
	nodes: () => [aNodeView({node: aNode({name: 'june-gpu-1', online})})],
	platform: () => ({
		tailscaled: [],
		clients: {minimum: '1.80', belowMinimum: {count: names.length, names}, oldest: '1.62.0', newest: '1.90.1'},
	}),
});

test('a machine with an old client that went offline cannot come back', t => {
	const found = clientsTooOld.find(aScene([isDown(aTunnel(), 'timeout')], around(['june-gpu-1'])));

	t.like(found, {effect: 'breaks', confidence: 'likely', about: 'node june-gpu-1'});
	t.regex(found?.says ?? '', /its client is older than 1\.80/);
	t.like(found?.next[0], {where: 'on june-gpu-1', run: 'tailscale version'});
});

test('while it is connected it is only worth knowing', t => {
	const found = clientsTooOld.find(aScene([isUp(aTunnel())], around(['june-gpu-1'], true)));

	t.like(found, {effect: 'beside', confidence: 'certain', about: 'clients'});
});

test('clients that headscale accepts are not too old', t => {
	t.is(clientsTooOld.find(aScene([isDown(aTunnel(), 'timeout')], around([]))), undefined);
});

test('a machine that was stopped is offline for that', t => {
	const stopped = {
		...around(['june-gpu-1']),
		machines: () => aMachines({instance: anInstanceView({status: 'exited'})}),
	};

	const {cause, also} = nameCauses(aScene([isDown(aTunnel(), 'timeout')], stopped));

	t.like(cause, {id: 'instance-stopped', confidence: 'certain'});
	t.like(
		also.find(({id}) => id === 'clients-too-old'),
		{effect: 'beside', about: 'clients'},
	);
});
