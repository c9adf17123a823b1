import test from 'ava';
import {podWithoutInstance} from '../../../src/diagnosis/causes/pod-without-instance.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';

import {aMachines, anInstanceView, aPodFacts, listed} from '../../helpers/machine-scenes.ts';
import {aScene, aTunnel, isDown} from '../../helpers/scenes.ts';

const silent = isDown(aTunnel(), 'timeout');
const pod = aPodFacts({withoutInstance: true});

test('a pod that Kubernetes shows and no instance stands behind is why its node is gone', t => {
	const {cause} = nameCauses(aScene([silent], {machines: () => aMachines({pod: {...pod, ready: false}})}));

	t.is(cause?.rung, 'node');
	t.like(podWithoutInstance.find(aScene([silent], {machines: () => aMachines({pod})})), {
		effect: 'breaks',
		confidence: 'likely',
		about: 'pod gpu/tts-0',
	});
});

test('one with an instance, and one that waits for it, are not meant', t => {
	const both = () => aMachines({pod, instance: anInstanceView()});
	const waiting = () => aMachines({pod: {...pod, phase: 'Pending'}});

	t.is(podWithoutInstance.find(aScene([silent], {...listed(), machines: both})), undefined);
	t.is(podWithoutInstance.find(aScene([silent], {...listed(), machines: waiting})), undefined);
});
