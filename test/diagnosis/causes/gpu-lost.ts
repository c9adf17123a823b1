import test from 'ava';
import {gpuLost} from '../../../src/diagnosis/causes/gpu-lost.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';

import {aGpuCheck, answers, listed} from '../../helpers/machine-scenes.ts';
import {aLink, aScene, aTunnel, isDown, isUp} from '../../helpers/scenes.ts';

const look = isDown(aGpuCheck(), 'content', '00000000:01:00.0 is lost, 1 GPU answers.', {
	facts: {gpu_fault: 'off_the_bus'},
});

test('the look at the GPUs is down for it, for certain', t => {
	const {cause} = nameCauses(aScene([look, isUp(aTunnel())], listed()));

	t.like(cause, {id: 'gpu-lost', rung: 'gpu', confidence: 'certain', about: 'node june-gpu-1'});
	t.regex(cause?.says ?? '', /A GPU of june-gpu-1 is lost: 00000000:01:00\.0 is lost/);
	t.is(cause?.next[0].run, 'dmesg | grep -i nvrm');
});

test('a service there that answers with an error very likely fails for it, one that works does not', t => {
	const failing = aScene([answers(aLink(), 503), isUp(aTunnel()), look], listed());
	const working = aScene([isUp(aLink()), isUp(aTunnel()), look], listed());

	t.like(gpuLost.find(failing), {effect: 'breaks', confidence: 'likely'});
	t.is(gpuLost.find(working)?.effect, 'beside');
});

test('tunnels have nothing to do with GPUs, and another fault is another cause', t => {
	const other = isDown(aGpuCheck(), 'content', 'It is something else.', {facts: {gpu_fault: 'full'}});

	t.is(gpuLost.find(aScene([isDown(aTunnel(), 'timeout'), look], listed())), undefined);
	t.is(gpuLost.find(aScene([other], listed())), undefined);
});

test('a service whose name is not found does not fail for want of a GPU', t => {
	const scene = aScene([isDown(aLink(), 'resolve'), isUp(aTunnel()), look], listed());

	t.is(gpuLost.find(scene)?.effect, 'beside');
});

test('a service that hangs hangs for it, likely', t => {
	const hanging = isDown(aLink(), 'timeout', undefined, {
		phases: {connect: 0.01, processing: 4.9},
		facts: {phase: 'processing', answered: 'true'},
	});

	const {cause, also} = nameCauses(aScene([hanging, isUp(aTunnel()), look], listed()));

	t.like(cause, {id: 'gpu-lost', confidence: 'likely'});
	t.like(also, [{id: 'service-hangs', effect: 'beside'}]);
});

test('a service that does not listen, one that knows no such address and one that says something else fail for another reason', t => {
	const causeOf = (service: ReturnType<typeof isDown>) =>
		nameCauses(aScene([service, isUp(aTunnel()), look], listed()));

	for (const [service, id] of [
		[isDown(aLink(), 'refused'), 'service-refused'],
		[answers(aLink(), 404), 'service-wrong-status'],
		[isDown(aLink(), 'content', undefined, {values: {status_code: 200}}), 'service-wrong-content'],
	] as const) {
		const {cause, also} = causeOf(service);

		t.is(cause?.id, id);
		t.like(
			also.find(found => found.id === 'gpu-lost'),
			{effect: 'beside'},
		);
	}
});
