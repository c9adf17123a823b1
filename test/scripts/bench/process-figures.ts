import test from 'ava';
import {cpuMsOf, memoryOf, parseCpuMs, parseMachineCpuMs, parseMemory} from '../../../scripts/bench/process-figures.ts';

test('CPU time of a thread is the first number of its schedstat', t => {
	t.is(parseCpuMs('1234567 307324708 135\n'), 1.234567);
});

test('CPU time of the machine is all but idle and waiting for disks', t => {
	const stat = 'cpu  100 20 30 9000 700 4 5 6 50 0\ncpu0 1 1 1 1 1 1 1 1 0 0\nintr 1\n';

	t.is(parseMachineCpuMs(stat), 1650);
});

test('memory is told in megabytes', t => {
	const rollup = '5600-7fff ---p 00000000 00:00 0 [rollup]\nRss:  100000 kB\nPss: 1 kB\nAnonymous:  50000 kB\n';

	t.deepEqual(parseMemory(rollup), {residentMb: 102.4, anonymousMb: 51.2});
});

test('figures of a living process can be had', t => {
	t.true(cpuMsOf(process.pid) > 0);
	t.true(memoryOf(process.pid).residentMb > memoryOf(process.pid).anonymousMb);
});
