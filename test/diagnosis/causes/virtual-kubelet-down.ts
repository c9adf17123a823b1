import test from 'ava';
import {virtualKubeletDown} from '../../../src/diagnosis/causes/virtual-kubelet-down.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';

import {aMachines, aPodFacts, listed} from '../../helpers/machine-scenes.ts';
import {aLink, aScene, aSceneWithoutCheck, aTunnel, isDown, isUp, someTime} from '../../helpers/scenes.ts';

const virtualKubelet = {
	...{namespace: 'vk', name: 'virtual-kubelet', wanted: 1, available: 0},
	availableSince: someTime - 120_000,
};

test('without its virtual kubelet a running machine goes on: that is told beside', t => {
	const around = {...listed(), machines: () => aMachines({pod: aPodFacts()}, {virtualKubelet})};

	const {cause, also} = nameCauses(aScene([isUp(aTunnel())], around));

	t.is(cause, undefined);
	t.like(also, [{id: 'virtual-kubelet-down', confidence: 'certain', about: 'virtual kubelet vk/virtual-kubelet'}]);
	t.regex(also[0]?.says ?? '', /0 of 1 are available, changed 2 min ago/);
});

test('it is why a pod waits, before the pod itself', t => {
	const {node: _node, ...pod} = aPodFacts({name: 'june-gpu-1', phase: 'Pending', ready: false});
	const around = {machines: () => aMachines(undefined, {podsOutside: [pod], virtualKubelet})};

	const {cause, also} = nameCauses(aScene([isDown(aLink({target: {peer: ''}}), 'resolve')], around));

	t.is(cause?.id, 'virtual-kubelet-down');
	t.true(also.some(({id}) => id === 'pod-pending'));
	t.is(cause?.next[0].run, 'kubectl -n vk get deployment,pods');
});

test('it is told of the whole without any link, and not where it is available', t => {
	const up = {...virtualKubelet, available: 1};
	const whole = aSceneWithoutCheck('cluster', '', {machines: () => aMachines(undefined, {virtualKubelet})});
	const sound = aSceneWithoutCheck('cluster', '', {machines: () => aMachines(undefined, {virtualKubelet: up})});

	t.is(virtualKubeletDown.find(whole)?.effect, 'beside');
	t.is(virtualKubeletDown.find(sound), undefined);
});

test('it does not concern a link to a machine that has no pod', t => {
	const around = {...listed(), machines: () => aMachines(undefined, {virtualKubelet})};

	t.is(virtualKubeletDown.find(aScene([isUp(aTunnel())], around)), undefined);
});
