import test from 'ava';
import {podPending} from '../../../src/diagnosis/causes/pod-pending.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';

import {aMachines, aPodFacts, listed} from '../../helpers/machine-scenes.ts';
import {aLink, aScene, aTunnel, isDown, isUp, someTime} from '../../helpers/scenes.ts';

const {node: _node, ...pod} = aPodFacts({
	...{name: 'june-gpu-1', phase: 'Pending', reason: 'Unschedulable', ready: false},
	detail: '0/1 nodes are available: no offer fits',
	createdAt: someTime - 720_000,
});

test('a pod without a machine is why the node of its name is not there', t => {
	const unknown = isDown(aLink({target: {peer: ''}}), 'resolve');

	const {cause} = nameCauses(aScene([unknown], {machines: () => aMachines(undefined, {podsOutside: [pod]})}));

	t.like(cause, {id: 'pod-pending', effect: 'breaks', confidence: 'certain', about: 'pod gpu/june-gpu-1'});
	t.regex(cause?.says ?? '', /pending for 12 min: no node takes it\. It says: 0\/1 nodes are available/);
	t.is(cause?.next[0].run, 'kubectl -n gpu describe pod june-gpu-1');
});

test('the old record of a pod that waits anew is not taken for a node that is off', t => {
	const around = {...listed({online: false}), machines: () => aMachines({pod})};

	t.is(nameCauses(aScene([isDown(aTunnel(), 'timeout')], around)).cause?.id, 'pod-pending');
});

test('a pod whose node answers is not pending, whatever Kubernetes says', t => {
	t.is(podPending.find(aScene([isUp(aTunnel())], {...listed(), machines: () => aMachines({pod})})), undefined);
});

test('a pod that runs waits for nothing', t => {
	const machines = () => aMachines({pod: aPodFacts()});

	t.is(podPending.find(aScene([isDown(aTunnel(), 'timeout')], {...listed(), machines})), undefined);
});

test('a pod that has its machine and cannot have its image waits for none', t => {
	const stuck = aPodFacts({phase: 'Pending', reason: 'ImagePullBackOff', ready: false});
	const around = {...listed({online: false}), machines: () => aMachines({pod: stuck})};

	const {cause, also} = nameCauses(aScene([isDown(aLink(), 'timeout'), isDown(aTunnel(), 'timeout')], around));

	t.like(cause, {id: 'pod-failing', confidence: 'certain'});
	t.false(also.some(({id}) => id === 'pod-pending'));
});

test('a pod that the virtual kubelet could not rent a machine for goes on waiting for one', t => {
	const unrented = aPodFacts({phase: 'Pending', reason: 'ProviderFailed', ready: false, detail: 'no offer fits'});
	const around = {...listed({online: false}), machines: () => aMachines({pod: unrented})};

	const {cause, also} = nameCauses(aScene([isDown(aTunnel(), 'timeout')], around));

	t.is(cause?.id, 'pod-pending');
	t.false(also.some(({id}) => id === 'pod-failing'));
});
