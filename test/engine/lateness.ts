import {setTimeout as pause} from 'node:timers/promises';
import test from 'ava';
import {createLatenessMeter, isSpoiled} from '../../src/engine/lateness.ts';
import {holdThread} from '../helpers/hold-thread.ts';

test.serial('a run that was alone is not late for its own work, only for what others took from it', async t => {
	const meter = createLatenessMeter();
	const said: string[] = [];
	// On a busy machine other programs take their share in the middle of it: one try that they left alone is enough.
	for (let attempt = 0; attempt < 20; attempt++) {
		const startedAt = performance.now();
		const cpuBefore = process.threadCpuUsage();
		const mark = meter.begin();
		await pause(1);
		holdThread(8);
		await pause(1);

		const latenessMs = meter.end(mark);
		const {user, system} = process.threadCpuUsage(cpuBefore);
		const ownMs = (user + system) / 1000;
		const wallMs = performance.now() - startedAt;
		if (latenessMs <= wallMs - ownMs + 1) return t.pass();
		said.push(`${latenessMs} of ${wallMs}, own ${ownMs}`);
	}
	t.fail(said.join('; '));
});

test.serial('what is done for another run meanwhile makes a short run late', async t => {
	const meter = createLatenessMeter();
	const mark = meter.begin();
	await pause(1);
	const other = meter.begin();
	holdThread(6);
	meter.end(other);
	await pause(1);

	const latenessMs = meter.end(mark);

	t.true(latenessMs >= 5, `${latenessMs}`);
});

test.serial('a stall in a long run is noticed by the heartbeat, also when the run was alone', async t => {
	const meter = createLatenessMeter();
	const mark = meter.begin();
	await pause(5);
	holdThread(60);
	await pause(5);

	const latenessMs = meter.end(mark);

	t.true(latenessMs >= 40, `${latenessMs}`);
	t.true(meter.worst(1000) >= 40);
	t.is(meter.runsInFlight(), 0);
});

for (const [latenessMs, durationMs, spoiled] of [
	[2.9, 5, false],
	[3.1, 5, true],
	[4.9, 100, false],
	[5.1, 100, true],
	[40, 1000, false],
	[51, 1000, true],
] as const) {
	test(`${latenessMs} ms late in a run of ${durationMs} ms ${spoiled ? 'spoils' : 'does not spoil'} its times`, t => {
		t.is(isSpoiled(latenessMs, durationMs), spoiled);
	});
}
