import test from 'ava';
import {gpuRung} from '../../../src/diagnosis/rungs/gpu.ts';
import {aGpuCheck} from '../../helpers/machine-scenes.ts';
import {aLink, aScene, isDown, isUnknown, isUp} from '../../helpers/scenes.ts';

const look = (...args: Parameters<typeof aScene>) => gpuRung.look(aScene(...args));

test('it is as the look at the GPUs of that machine is', t => {
	t.like(look([isUp(aLink()), isUp(aGpuCheck(), {values: {gpus_visible: 2}})]), {
		state: 'holds',
		says: '2 GPUs answer.',
	});
	t.like(look([isUp(aLink()), isDown(aGpuCheck(), 'content', '1 GPU answers, wanted 2.')]), {
		state: 'broken',
		says: '1 GPU answers, wanted 2.',
	});
	t.is(look([isUp(aLink()), isUnknown(aGpuCheck(), 'vantage')])?.state, 'unseen');
});

test('a machine whose GPUs nobody looks at has no such rung', t => {
	t.is(look([isUp(aLink())]), undefined);
});
