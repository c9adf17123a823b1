import {readFileSync} from 'node:fs';
import test from 'ava';
import {gpuCollector} from '../../src/collectors/gpus.ts';
import {gpuFaults} from '../../src/gpu/faults.ts';

const page = readFileSync(new URL('../../docs/gpu.md', import.meta.url), 'utf8');

test('the table of names on the page has every series of GPUs and no other', t => {
	const rows = page.split('\n').filter(line => line.startsWith('| `tailprobe_gpu_'));
	const named = rows.flatMap(row => row.split('|')[1]?.match(/tailprobe_gpu_[a-z_]+/g) ?? []);

	t.deepEqual(named.toSorted(), gpuCollector.metrics.map(({name}) => name).toSorted());
});

test('every fault is explained on the page', t => {
	const explained = page.split('\n').flatMap(line => line.split('|')[1]?.match(/(?<=`)[a-z_]+(?=`)/g) ?? []);

	t.deepEqual(
		gpuFaults.filter(fault => !explained.includes(fault)),
		[],
	);
});
