import test from 'ava';
import {gpuLost} from '../../../src/diagnosis/causes/gpu-lost.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';

import {aGpuCheck, listed} from '../../helpers/machine-scenes.ts';
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
	const failing = aScene([isDown(aLink(), 'status'), isUp(aTunnel()), look], listed());
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
