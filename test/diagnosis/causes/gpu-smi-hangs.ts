import test from 'ava';
import {gpuSmiHangs} from '../../../src/diagnosis/causes/gpu-smi-hangs.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';

import {aGpuCheck, answers, listed} from '../../helpers/machine-scenes.ts';
import {aLink, aScene, aTunnel, isDown, isUp} from '../../helpers/scenes.ts';

const look = isDown(aGpuCheck(), 'timeout', 'nvidia-smi did not answer within 4.5 s.', {facts: {gpu_fault: 'hang'}});

test('the look at the GPUs is down for it, for certain', t => {
	const {cause} = nameCauses(aScene([look, isUp(aTunnel())], listed()));

	t.like(cause, {id: 'gpu-smi-hangs', rung: 'gpu', confidence: 'certain', about: 'node june-gpu-1'});
	t.regex(cause?.says ?? '', /nvidia-smi hangs on june-gpu-1/);
	t.is(cause?.next[0].run, 'dmesg | grep -i nvrm');
});

test('a service there that answers with an error very likely fails for it, one that works does not', t => {
	const failing = aScene([answers(aLink(), 503), isUp(aTunnel()), look], listed());
	const working = aScene([isUp(aLink()), isUp(aTunnel()), look], listed());

	t.like(gpuSmiHangs.find(failing), {effect: 'breaks', confidence: 'likely'});
	t.is(gpuSmiHangs.find(working)?.effect, 'beside');
});

test('tunnels have nothing to do with GPUs, and another fault is another cause', t => {
	const other = isDown(aGpuCheck(), 'content', 'It is something else.', {facts: {gpu_fault: 'off_the_bus'}});

	t.is(gpuSmiHangs.find(aScene([isDown(aTunnel(), 'timeout'), look], listed())), undefined);
	t.is(gpuSmiHangs.find(aScene([other], listed())), undefined);
});
