import test from 'ava';
import {nodeLeft} from '../../../src/diagnosis/causes/node-left.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';

import {aMachines, anInstanceView} from '../../helpers/machine-scenes.ts';
import {aLink, aScene, aTunnel, isDown, isUp} from '../../helpers/scenes.ts';

const silent = isDown(aTunnel(), 'timeout');

test('a node that headscale lists no more has left the tailnet, and links to it end', t => {
	const {cause} = nameCauses(aScene([isDown(aLink(), 'timeout'), silent]));

	t.like(cause, {id: 'node-left', rung: 'node', confidence: 'certain', about: 'node june-gpu-1', effect: 'breaks'});
	t.regex(cause?.says ?? '', /headscale does not list june-gpu-1 any more/);
	t.is(cause?.next[0].run, 'headscale nodes list');
});

test('a list that is not fresh says nothing of who left', t => {
	t.is(nodeLeft.find(aScene([silent], {listedNodes: () => undefined})), undefined);
});

test('where its instance has ended that is why, and not that its record went', t => {
	const machines = () => aMachines({instance: anInstanceView({status: 'exited', reach: 'idle'})});

	const {cause} = nameCauses(aScene([silent], {machines}));

	t.like(cause, {id: 'instance-stopped', about: 'instance 7000001'});
});

test('a record that goes while the tunnel still answers breaks nothing yet', t => {
	t.is(nodeLeft.find(aScene([isUp(aTunnel())]))?.effect, 'beside');
});
