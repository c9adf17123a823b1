import test from 'ava';
import {nodeSilent} from '../../../src/diagnosis/causes/node-silent.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';

import {anotherIsUp, listed} from '../../helpers/machine-scenes.ts';
import {aLink, aScene, aTunnel, isDown, isUp} from '../../helpers/scenes.ts';

const silent = isDown(aTunnel(), 'timeout');
const another = (vantage: string) => aTunnel({vantage, target: {name: 'x', address: 'x', peer: 'x'}});

test('a node that is called online and does not answer, while others do, froze or is cut', t => {
	const {cause} = nameCauses(aScene([isDown(aLink(), 'timeout'), silent, anotherIsUp], listed()));

	t.like(cause, {id: 'node-silent', confidence: 'likely', about: 'node june-gpu-1', rung: 'node'});
	t.regex(cause?.says ?? '', /june-gpu-1 has not answered for 1 min, while headscale calls it online/);
	t.is(cause?.next[0].run, 'tailscale ping -c 3 june-gpu-1');
});

test('with nothing to compare it with it is consistent only', t => {
	t.is(nodeSilent.find(aScene([silent], listed()))?.confidence, 'consistent');
});

test('where other nodes are silent as well it is not the node', t => {
	t.is(nodeSilent.find(aScene([silent, isDown(another('cluster'), 'timeout')], listed())), undefined);
});

test('where others reach it, or the path beneath answers, it is not the node', t => {
	const reached = isUp(aTunnel({vantage: 'office'}));
	const beneath = isDown(aTunnel(), 'timeout', 'No TSMP.', {facts: {disco: 'answered', tsmp: 'silent'}});

	t.is(nodeSilent.find(aScene([silent, reached, anotherIsUp], listed())), undefined);
	t.is(nodeSilent.find(aScene([beneath, anotherIsUp], listed())), undefined);
});

test('while the relay by which it was reached is down, that is named', t => {
	const relay = isDown(
		aLink({
			name: 'relay',
			type: 'derp',
			target: {name: 'derp', address: 'https://derp.example.com/derp', peer: '', via: 'direct'},
		}),
		'refused',
	);

	const {cause} = nameCauses(aScene([silent, anotherIsUp, relay], listed()));

	t.is(cause?.id, 'relay-down');
});

test('headscale that calls it offline has another cause', t => {
	t.is(nodeSilent.find(aScene([silent, anotherIsUp], listed({online: false}))), undefined);
});

test('a service that refuses a connection shows that the machine is there', t => {
	const refused = isDown(aLink(), 'refused');

	t.is(nodeSilent.find(aScene([silent, anotherIsUp, refused], listed())), undefined);
});
