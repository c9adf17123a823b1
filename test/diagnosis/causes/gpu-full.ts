import test from 'ava';
import {gpuFull} from '../../../src/diagnosis/causes/gpu-full.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';

import {aGpu, aGpuCheck, answers, listed} from '../../helpers/machine-scenes.ts';
import {aLink, aScene, aTunnel, isDown, isUp} from '../../helpers/scenes.ts';

const tooFull = isDown(aGpuCheck(), 'content', 'The memory of GPU 0 is 99 % full; wanted at most 95 %.', {
	facts: {gpu_fault: 'full'},
});
const gib = 1024 ** 3;
const used = (share: number) =>
	isUp(aGpuCheck(), {gpus: [aGpu({values: {memory_used_bytes: share * 24 * gib, memory_total_bytes: 24 * gib}})]});

test('a GPU that is fuller than it may be makes its look down', t => {
	const {cause} = nameCauses(aScene([tooFull, isUp(aTunnel())], listed()));

	t.like(cause, {id: 'gpu-full', confidence: 'certain', about: 'node june-gpu-1'});
	t.regex(cause?.next[0].run ?? '', /^nvidia-smi --query-compute-apps=/);
});

test('a service with an error is only told of it beside: full memory is mostly on purpose', t => {
	const failing = answers(aLink(), 500);

	t.is(nameCauses(aScene([failing, isUp(aTunnel()), tooFull], listed())).cause?.id, 'service-wrong-status');
	t.is(gpuFull.find(aScene([failing, tooFull], listed()))?.effect, 'beside');
	t.like(gpuFull.find(aScene([failing, used(0.985)], listed())), {effect: 'beside', confidence: 'consistent'});
	t.is(gpuFull.find(aScene([failing, used(0.9)], listed())), undefined);
	t.is(gpuFull.find(aScene([isUp(aLink()), used(0.985)], listed())), undefined);
});
