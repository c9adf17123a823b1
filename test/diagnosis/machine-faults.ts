import test from 'ava';
import {findMachineFaults} from '../../src/diagnosis/machine-faults.ts';
import {aMachines, anInstanceView, aPodFacts} from '../helpers/machine-scenes.ts';
import {aWorld, someTime} from '../helpers/scenes.ts';

const {node: _node, ...outside} = anInstanceView({reach: 'never_joined'});
const all = aMachines(
	{instance: anInstanceView({id: '8', withoutPod: true}), pod: aPodFacts({node: 'vk'})},
	{
		instancesOutside: [outside],
		podsOutside: [
			aPodFacts({name: 'waiting', phase: 'Pending'}),
			aPodFacts({name: 'new', phase: 'Pending', createdAt: someTime - 30_000}),
			aPodFacts({name: 'crashing', reason: 'CrashLoopBackOff'}),
			aPodFacts({name: 'empty', withoutInstance: true}),
		],
		clusterNodes: [{name: 'vk', ready: 'unknown', taints: [], virtual: true}],
	},
);

test('every machine that is at fault is told once, also where no link leads to it', t => {
	const found = findMachineFaults(aWorld([], {machines: () => all}));

	t.deepEqual(
		found.map(({id, about}) => `${id} ${about}`),
		[
			'node-not-ready cluster node vk',
			'instance-never-joined instance 7000001',
			'pod-pending pod gpu/waiting',
			'pod-failing pod gpu/crashing',
			'pod-without-instance pod gpu/empty',
			'instance-without-pod instance 8',
		],
	);
	t.true(found.every(({effect}) => effect === 'beside'));
});

test('nothing is told of what is not known now', t => {
	const old = {ms: someTime - 900_000, isFresh: false};

	t.deepEqual(findMachineFaults(aWorld([], {machines: () => ({...all, podsAt: old, instancesAt: old})})), []);
});

test('a pod that cannot have its image is told once, as one that does not come up', t => {
	const stuck = aPodFacts({phase: 'Pending', reason: 'ImagePullBackOff', ready: false});
	const machines = () => aMachines(undefined, {podsOutside: [stuck]});

	t.deepEqual(
		findMachineFaults(aWorld([], {machines})).map(({id}) => id),
		['pod-failing'],
	);
});
