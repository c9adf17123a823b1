import test from 'ava';
import {nodeNeverJoined} from '../../../src/diagnosis/causes/node-never-joined.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';

import {aNode, aNodeView} from '../../helpers/fake-daemon.ts';
import {aMachines, anInstanceView} from '../../helpers/machine-scenes.ts';
import {aLink, aScene, isDown, isUp} from '../../helpers/scenes.ts';

const link = aLink({target: {peer: ''}});
const unknown = isDown(link, 'resolve');

test('a target that no node is called was never there, or is written wrong', t => {
	const {cause} = nameCauses(aScene([unknown]));

	t.like(cause, {id: 'node-never-joined', confidence: 'likely', about: 'node june-gpu-1'});
	t.regex(cause?.says ?? '', /headscale lists no node called june-gpu-1/);
	t.is(cause?.next[0].run, 'headscale nodes list');
});

test('the domain of the tailnet belongs to no name, and an address is called one', t => {
	const landmarks = () => ({headscale: [], dnsServer: '100.100.100.100', domain: 'tail.example.com'});
	const byName = aLink({target: {peer: '', address: 'http://june-gpu-1.tail.example.com:8000/'}});
	const byAddress = aLink({target: {peer: '', address: '100.64.0.99:8000'}});

	t.is(nodeNeverJoined.find(aScene([isDown(byName, 'resolve')], {landmarks}))?.about, 'node june-gpu-1');
	t.regex(nodeNeverJoined.find(aScene([isDown(byAddress, 'timeout')]))?.says ?? '', /with the address 100\.64\.0\.99/);
});

test('where a machine of that name is rented, it is that one that has not joined', t => {
	const instance = anInstanceView({reach: 'never_joined'});
	const machines = () => aMachines(undefined, {instancesOutside: [instance]});

	t.is(nameCauses(aScene([unknown], {machines})).cause?.id, 'instance-never-joined');
});

test('a name that another record has, one that answers, and a list that is old tell nothing', t => {
	const nodes = () => [aNodeView({node: aNode({name: 'june-gpu-1-1', hostname: 'june-gpu-1'})})];

	t.is(nodeNeverJoined.find(aScene([unknown], {nodes})), undefined);
	t.is(nodeNeverJoined.find(aScene([isDown(link, 'status')])), undefined);
	t.is(nodeNeverJoined.find(aScene([isUp(link)])), undefined);
	t.is(nodeNeverJoined.find(aScene([unknown], {listedNodes: () => undefined})), undefined);
});
