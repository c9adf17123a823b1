import test from 'ava';
import {cpuMsOf, memoryOf, parseCpuMs, parseMachineCpuMs, parseMemory} from '../../../scripts/bench/process-figures.ts';

test('CPU time is user and system together, whatever the program calls itself', t => {
	const stat = '4242 (no) de (x) S 1 4242 4242 0 -1 4194304 900 0 1 0 123 45 7 8 20 0 11 0 700 1 2 3';

	t.is(parseCpuMs(stat), 1680);
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
