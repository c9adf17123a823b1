import test from 'ava';
import {instanceStopped} from '../../../src/diagnosis/causes/instance-stopped.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';

import {aMachines, anInstanceView, anotherIsUp, listed} from '../../helpers/machine-scenes.ts';
import {aLink, aScene, aTunnel, isDown, isUp, someTime} from '../../helpers/scenes.ts';

const silent = isDown(aTunnel(), 'timeout');
const stopped = anInstanceView({status: 'exited', reach: 'idle'});

test('an instance that has ended is why nothing of its node answers, whatever headscale calls it', t => {
	for (const online of [true, false]) {
		const around = {...listed({online}), machines: () => aMachines({instance: stopped})};

		const {cause} = nameCauses(aScene([isDown(aLink(), 'timeout'), silent, anotherIsUp], around));

		t.like(cause, {id: 'instance-stopped', rung: 'machine', confidence: 'certain', about: 'instance 7000001'});
		t.regex(cause?.says ?? '', /Instance 7000001, which is june-gpu-1, has ended/);
		t.is(cause?.next[0].run, 'vastai show instance 7000001');
	}
});

test('of a silent host, and of one that only times tie to the node, it is likely', t => {
	for (const instance of [
		anInstanceView({status: 'unknown'}),
		anInstanceView({status: 'exited', node: {name: 'june-gpu-1', by: 'time'}}),
	])
		t.is(
			instanceStopped.find(aScene([silent], {...listed(), machines: () => aMachines({instance})}))?.confidence,
			'likely',
		);
});

test('one that runs, one whose node answers and a list that is old tell nothing', t => {
	const running = () => aMachines({instance: anInstanceView()});
	const old = () => aMachines({instance: stopped}, {instancesAt: {ms: someTime - 900_000, isFresh: false}});

	t.is(instanceStopped.find(aScene([silent], {...listed(), machines: running})), undefined);
	t.is(
		instanceStopped.find(aScene([isUp(aTunnel())], {...listed(), machines: () => aMachines({instance: stopped})})),
		undefined,
	);
	t.is(instanceStopped.find(aScene([silent], {...listed(), machines: old})), undefined);
});
