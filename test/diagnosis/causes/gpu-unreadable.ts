import test from 'ava';
import {gpuUnreadable} from '../../../src/diagnosis/causes/gpu-unreadable.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';

import {aGpuCheck, answers, listed} from '../../helpers/machine-scenes.ts';
import {aLink, aScene, aTunnel, isDown, isUp} from '../../helpers/scenes.ts';

const look = isDown(aGpuCheck(), 'content', 'nvidia-smi ended well, but it says nothing.', {
	facts: {gpu_fault: 'unparsable'},
});

test('the look at the GPUs is down for it, for certain', t => {
	const {cause} = nameCauses(aScene([look, isUp(aTunnel())], listed()));

	t.like(cause, {id: 'gpu-unreadable', rung: 'gpu', confidence: 'certain', about: 'node june-gpu-1'});
	t.regex(cause?.says ?? '', /The GPUs of june-gpu-1 cannot be read/);
	t.is(cause?.next[0].run, 'nvidia-smi -q');
});

test('a GPU that cannot be read may work: no service fails for it', t => {
	const {cause} = nameCauses(aScene([answers(aLink(), 500), isUp(aTunnel()), look], listed()));

	t.like(cause, {id: 'service-wrong-status', confidence: 'certain'});
	t.is(gpuUnreadable.find(aScene([isUp(aLink()), isUp(aTunnel()), look], listed()))?.effect, 'beside');
});

test('tunnels have nothing to do with GPUs, and another fault is another cause', t => {
	const other = isDown(aGpuCheck(), 'content', 'It is something else.', {facts: {gpu_fault: 'full'}});

	t.is(gpuUnreadable.find(aScene([isDown(aTunnel(), 'timeout'), look], listed())), undefined);
	t.is(gpuUnreadable.find(aScene([other], listed())), undefined);
});
