import test from 'ava';
import {gpuDriverMismatch} from '../../../src/diagnosis/causes/gpu-driver-mismatch.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';

import {aGpuCheck, answers, listed} from '../../helpers/machine-scenes.ts';
import {aLink, aScene, aTunnel, isDown, isUp} from '../../helpers/scenes.ts';

const look = isDown(aGpuCheck(), 'status', 'nvidia-smi ended with 18.', {facts: {gpu_fault: 'driver_mismatch'}});

test('the look at the GPUs is down for it, for certain', t => {
	const {cause} = nameCauses(aScene([look, isUp(aTunnel())], listed()));

	t.like(cause, {id: 'gpu-driver-mismatch', rung: 'gpu', confidence: 'certain', about: 'node june-gpu-1'});
	t.regex(cause?.says ?? '', /driver of june-gpu-1 and its library do not fit/);
	t.is(cause?.next[0].run, 'nvidia-smi -q');
});

test('a service there that answers with an error very likely fails for it, one that works does not', t => {
	const failing = aScene([answers(aLink(), 503), isUp(aTunnel()), look], listed());
	const working = aScene([isUp(aLink()), isUp(aTunnel()), look], listed());

	t.like(gpuDriverMismatch.find(failing), {effect: 'breaks', confidence: 'likely'});
	t.is(gpuDriverMismatch.find(working)?.effect, 'beside');
});

test('tunnels have nothing to do with GPUs, and another fault is another cause', t => {
	const other = isDown(aGpuCheck(), 'content', 'It is something else.', {facts: {gpu_fault: 'no_driver'}});

	t.is(gpuDriverMismatch.find(aScene([isDown(aTunnel(), 'timeout'), look], listed())), undefined);
	t.is(gpuDriverMismatch.find(aScene([other], listed())), undefined);
});
