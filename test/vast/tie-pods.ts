import test from 'ava';
import type {TiePod} from '../../src/vast/tie-pods.ts';
import type {Instance} from '../../src/vast/types.ts';
import {anInstance as instance, joinScene as join, nowMs, aPod as pod} from '../helpers/vast-scene.ts';

interface PodScene {
	instances: readonly Instance[];
	pods: readonly TiePod[];
	podBy?: {label: string} | {annotation: string};
	complete?: boolean;
	/** Instances without a pod, pods without an instance, and how many of each. */
	expected: [string[], string[], number | undefined, number | undefined];
}

const pods = test.macro({
	exec(t, {podBy = {label: '{name}'}, expected, ...scene}: PodScene) {
		const result = join({...scene, rules: {podBy}});

		t.deepEqual(
			[
				result.instances.filter(({withoutPod}) => withoutPod).map(({instance: {id}}) => id),
				result.podsWithoutInstance.map(({name}) => name),
				result.mismatches.get('instance_without_pod'),
				result.mismatches.get('pod_without_instance'),
			],
			expected,
		);
	},
	title: (title = '') => title,
});

test('labels name pods: each that has no other half is named', pods, {
	instances: [instance(1, {label: 'a'}), instance(2, {label: 'gone'})],
	pods: [pod('a'), pod('b')],
	expected: [['2'], ['b'], 1, 1],
});
test('a pattern may hold namespace and uid', pods, {
	instances: [instance(1, {label: 'june-services/a (uid-a)'})],
	pods: [pod('a')],
	podBy: {label: '{namespace}/{name} ({uid})'},
	expected: [[], [], 0, 0],
});
test('an annotation of the pod names its instance', pods, {
	instances: [instance(1), instance(2)],
	pods: [pod('a', {annotations: {'vast.ai/instance-id': '1'}}), pod('b')],
	podBy: {annotation: 'vast.ai/instance-id'},
	expected: [['2'], ['b'], 1, 1],
});
test('instances without labels may be behind any pod: only numbers are compared', pods, {
	instances: [instance(1), instance(2), instance(3)],
	pods: [pod('a'), pod('b')],
	expected: [[], [], 1, 0],
});
test('as many pods as instances without labels: nothing is wrong', pods, {
	instances: [instance(1)],
	pods: [pod('a')],
	expected: [[], [], 0, 0],
});
test('with more pods than instances without labels some pod has none', pods, {
	instances: [instance(1)],
	pods: [pod('a'), pod('b'), pod('c')],
	expected: [[], [], 0, 2],
});
test('without any pod every instance is without one', pods, {
	instances: [instance(1), instance(2, {label: 'x'})],
	pods: [],
	expected: [['1', '2'], [], 2, 0],
});
test('pods that have ended or are going need no instance', pods, {
	instances: [],
	pods: [pod('a', {phase: 'Failed'}), pod('b', {phase: 'Succeeded'}), pod('c', {deletionAt: 1})],
	expected: [[], [], 0, 0],
});
test('an instance of a pod that is going still has its pod', pods, {
	instances: [instance(1, {label: 'a'})],
	pods: [pod('a', {deletionAt: 1})],
	expected: [[], [], 0, 0],
});
test('where not all instances are known no pod is said to have none', pods, {
	instances: [instance(1, {label: 'a'})],
	pods: [pod('a'), pod('b')],
	complete: false,
	expected: [[], [], 0, undefined],
});

test('a second instance rented for the same pod is without one: the one that is paid for has it', pods, {
	instances: [instance(1, {label: 'gpu-1', status: 'loading'}), instance(2, {label: 'gpu-1', startMs: nowMs})],
	pods: [pod('gpu-1')],
	expected: [['1'], [], 1, 0],
});
test('of several that are paid for the oldest has the pod, whatever comes first in the list', pods, {
	instances: [
		instance(10, {label: 'gpu-1', startMs: nowMs}),
		instance(9, {label: 'gpu-1', startMs: nowMs - 1}),
		(({startMs: _, ...rest}) => rest)(instance(3, {label: 'gpu-1'})),
	],
	pods: [pod('gpu-1')],
	expected: [['10', '3'], [], 2, 0],
});
test('of several that began at the same time the one with the lowest number has the pod', pods, {
	instances: [instance(10, {label: 'gpu-1'}), instance(9, {label: 'gpu-1'})],
	pods: [pod('gpu-1')],
	expected: [['10'], [], 1, 0],
});
test('a second instance of a pod does not stand behind another pod', pods, {
	instances: [instance(1, {label: 'a'}), instance(2, {label: 'a'}), instance(3)],
	pods: [pod('a'), pod('b')],
	expected: [['2'], [], 1, 0],
});
test('two pods of one name have an instance each, and one that has ended leaves it to the one that runs', pods, {
	instances: [instance(1, {label: 'a'}), instance(2, {label: 'a'}), instance(3, {label: 'b'})],
	pods: [
		pod('a'),
		pod('a', {namespace: 'other', uid: 'uid-other'}),
		pod('b'),
		pod('b', {namespace: 'other', phase: 'Failed'}),
	],
	expected: [[], [], 0, 0],
});
test('of two pods that name the same instance one has it', pods, {
	instances: [instance(1)],
	pods: ['a', 'b'].map(name => pod(name, {annotations: {'vast.ai/instance-id': '1'}})),
	podBy: {annotation: 'vast.ai/instance-id'},
	expected: [[], ['b'], 0, 1],
});

test('where pods are not known nothing is told of them', t => {
	const {mismatches, podsWithoutInstance, instances} = join({instances: [instance(1)]});

	t.false(mismatches.has('instance_without_pod') || mismatches.has('pod_without_instance'));
	t.deepEqual(podsWithoutInstance, []);
	t.is(instances[0]?.withoutPod, undefined);
});
