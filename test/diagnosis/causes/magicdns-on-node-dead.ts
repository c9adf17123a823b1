import test from 'ava';
import {magicdnsOnNodeDead} from '../../../src/diagnosis/causes/magicdns-on-node-dead.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';
import {aNode, aNodeView, aVantage} from '../../helpers/fake-daemon.ts';
import {aLink, aScene, isDown} from '../../helpers/scenes.ts';

const silent = isDown(
	aLink({
		name: 'magicdns',
		type: 'dns',
		vantage: 'june-gpu-2',
		target: {address: 'dns://100.100.100.100/june-gpu-1'},
	}),
	'timeout',
);

test('a MagicDNS that is silent on a machine elsewhere is that of this machine', t => {
	const vantages = () => [aVantage(), aVantage({name: 'june-gpu-2', type: 'agent', group: 'gpus'})];
	const nodes = () => [aNodeView({node: aNode({name: 'june-gpu-1'})})];

	const {cause} = nameCauses(aScene([silent], {vantages, nodes}));

	t.like(cause, {id: 'magicdns-on-node-dead', confidence: 'certain', about: 'vantage june-gpu-2'});
	t.is(cause?.next[0].where, 'on june-gpu-2');
});

test('on a local vantage it is another cause', t => {
	t.is(magicdnsOnNodeDead.find(aScene([silent], {vantages: () => [aVantage({name: 'june-gpu-2'})]})), undefined);
});
