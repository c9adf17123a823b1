import test from 'ava';
import {gpuMissing} from '../../../src/diagnosis/causes/gpu-missing.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';

import {aGpuCheck, answers, listed} from '../../helpers/machine-scenes.ts';
import {aLink, aScene, aTunnel, isDown, isUp} from '../../helpers/scenes.ts';

const look = isDown(aGpuCheck(), 'content', '1 GPU answers, wanted 2 (gpu.expect).', {facts: {gpu_fault: 'too_few'}});

test('the look at the GPUs is down for it, for certain', t => {
	const {cause} = nameCauses(aScene([look, isUp(aTunnel())], listed()));

	t.like(cause, {id: 'gpu-missing', rung: 'gpu', confidence: 'certain', about: 'node june-gpu-1'});
	t.regex(cause?.says ?? '', /june-gpu-1 lacks GPUs: 1 GPU answers, wanted 2/);
	t.is(cause?.next[0].run, 'nvidia-smi -L');
});

test('a service there that answers with an error very likely fails for it, one that works does not', t => {
	const none = isDown(aGpuCheck(), 'status', 'nvidia-smi ended with 6.', {facts: {gpu_fault: 'no_devices'}});
	const failing = aScene([answers(aLink(), 503), isUp(aTunnel()), none], listed());
	const working = aScene([isUp(aLink()), isUp(aTunnel()), none], listed());

	t.like(gpuMissing.find(failing), {effect: 'breaks', confidence: 'likely'});
	t.is(gpuMissing.find(working)?.effect, 'beside');
});

test('tunnels have nothing to do with GPUs, and another fault is another cause', t => {
	const other = isDown(aGpuCheck(), 'content', 'It is something else.', {facts: {gpu_fault: 'hang'}});

	t.is(gpuMissing.find(aScene([isDown(aTunnel(), 'timeout'), look], listed())), undefined);
	t.is(gpuMissing.find(aScene([other], listed())), undefined);
});

test('that there are fewer than were wished for explains no error of a service', t => {
	for (const status of [404, 500]) {
		const {cause, also} = nameCauses(aScene([answers(aLink(), status), isUp(aTunnel()), look], listed()));

		t.is(cause?.id, 'service-wrong-status');
		t.like(also, [{id: 'gpu-missing', effect: 'beside'}]);
	}
});
