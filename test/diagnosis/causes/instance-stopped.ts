import test from 'ava';
import {instanceStopped} from '../../../src/diagnosis/causes/instance-stopped.ts';
import {diagnose} from '../../../src/diagnosis/diagnose.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';

import {aMachines, anInstanceView, anotherIsUp, listed, theNode} from '../../helpers/machine-scenes.ts';
import {aLink, aScene, aTunnel, aWorld, isDown, isUp, someTime} from '../../helpers/scenes.ts';

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

test('a silent host behind a node that headscale calls online is told of its tunnel, of its service and of the node', t => {
	const around = {
		...listed({online: true}),
		machines: () => aMachines({instance: anInstanceView({status: 'unknown'})}),
	};
	const tts = isDown(aLink(), 'timeout');
	const fromOther = isDown(aTunnel({vantage: 'june-gpu-2'}), 'timeout');
	const wanted = {id: 'instance-stopped', confidence: 'likely', about: 'instance 7000001'} as const;

	t.like(nameCauses(aScene([silent, fromOther, tts, anotherIsUp], around)).cause, wanted);
	t.like(nameCauses(aScene([tts, silent, fromOther, anotherIsUp], around)).cause, wanted);
	const world = aWorld([tts, silent, fromOther, anotherIsUp], around);
	t.like(diagnose(world, {kind: 'node', node: theNode}).cause, wanted);
});
