import test from 'ava';
import {instanceWithoutPod} from '../../../src/diagnosis/causes/instance-without-pod.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';

import {aMachines, anInstanceView, listed} from '../../helpers/machine-scenes.ts';
import {aScene, aTunnel, isUp, someTime} from '../../helpers/scenes.ts';

const instance = anInstanceView({withoutPod: true});

test('an instance that no pod stands for is told beside, with its price', t => {
	const around = {...listed(), machines: () => aMachines({instance})};

	const {cause, also} = nameCauses(aScene([isUp(aTunnel())], around));

	t.is(cause, undefined);
	t.like(also, [{id: 'instance-without-pod', effect: 'beside', about: 'instance 7000001'}]);
	t.regex(also[0]?.says ?? '', /\$0\.42 per hour/);
});

test('while the pods are not known it is not told', t => {
	const machines = () => aMachines({instance}, {podsAt: {ms: someTime - 900_000, isFresh: false}});

	t.is(instanceWithoutPod.find(aScene([isUp(aTunnel())], {...listed(), machines})), undefined);
});
