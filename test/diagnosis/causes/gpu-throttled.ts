import test from 'ava';
import {gpuThrottled} from '../../../src/diagnosis/causes/gpu-throttled.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';

import {aGpu, aGpuCheck, answers, listed} from '../../helpers/machine-scenes.ts';
import {aLink, aScene, aTunnel, isDown, isUp} from '../../helpers/scenes.ts';

const throttled = isUp(aGpuCheck(), {
	gpus: [aGpu({flags: {sw_power_cap: true, hw_thermal_slowdown: true}, values: {temperature_celsius: 91}})],
});

test('a GPU that slows itself down for heat slows its look, which is up', t => {
	const {cause} = nameCauses(aScene([throttled, isUp(aTunnel())], listed()));

	t.like(cause, {id: 'gpu-throttled', effect: 'slows', confidence: 'certain', about: 'node june-gpu-1'});
	t.regex(cause?.says ?? '', /GPU 0 of june-gpu-1 slows itself down: it is so hot.*at 91 °C/);
});

test('a GPU that is hotter than it may be makes its look down', t => {
	const hot = isDown(aGpuCheck(), 'content', 'GPU 0 has 95 °C; wanted at most 90.', {facts: {gpu_fault: 'hot'}});

	t.like(nameCauses(aScene([hot], listed())).cause, {id: 'gpu-throttled', effect: 'breaks', confidence: 'certain'});
});

test('a service is told of it beside, also where it is not in time: it computes, and slower', t => {
	t.is(gpuThrottled.find(aScene([isDown(aLink(), 'timeout'), throttled], listed()))?.effect, 'beside');
	t.is(gpuThrottled.find(aScene([isUp(aLink()), throttled], listed()))?.effect, 'beside');
	t.is(gpuThrottled.find(aScene([isUp(aTunnel()), throttled], listed())), undefined);
});

test('a power cap is usual', t => {
	const capped = isUp(aGpuCheck(), {gpus: [aGpu({flags: {sw_power_cap: true}})]});

	t.is(gpuThrottled.find(aScene([capped], listed())), undefined);
});

test('a service that answers with an error while its GPU is hot has trouble of its own', t => {
	const hot = isDown(aGpuCheck(), 'content', 'GPU 0 has 95 °C; wanted at most 90.', {facts: {gpu_fault: 'hot'}});

	const {cause, also} = nameCauses(aScene([answers(aLink(), 500), isUp(aTunnel()), hot], listed()));

	t.like(cause, {id: 'service-wrong-status', confidence: 'certain'});
	t.like(also, [{id: 'gpu-throttled', effect: 'beside'}]);
});
