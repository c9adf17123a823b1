import test from 'ava';
import {createSchedule, type Job} from '../../src/engine/schedule.ts';
import {fakeClock} from '../helpers/fake-clock.ts';

interface Run {
	key: string;
	at: number;
	kind: string;
}

function setUp({failing = () => false, hold}: {failing?: () => boolean; hold?: Promise<void>} = {}) {
	const clock = fakeClock();
	const runs: Run[] = [];
	const skips: {key: string; why: string; slots: number}[] = [];
	const schedule = createSchedule<Job>({
		clock,
		async run(job, kind) {
			runs.push({key: job.key, at: clock.now(), kind});
			await hold;
			return failing();
		},
		onSkip: (job, why, slots) => skips.push({key: job.key, why, slots}),
	});
	return {clock, runs, skips, schedule};
}

test('a job runs once per interval, at the same place of each', async t => {
	const {clock, runs, schedule} = setUp();

	schedule.update([{key: 'a', intervalMs: 1000, timeoutMs: 100}]);
	await clock.advance(5000);

	t.is(runs.length, 5);
	t.deepEqual(new Set(runs.slice(1).map((run, at) => run.at - (runs[at]?.at ?? 0))), new Set([1000]));
});

test('many jobs of one interval are spread over it', async t => {
	const {clock, runs, schedule} = setUp();
	const jobs = Array.from({length: 100}, (_, at) => ({key: `job-${at}`, intervalMs: 10_000, timeoutMs: 100}));

	schedule.update(jobs);
	await clock.advance(9999);

	const perSecond = Map.groupBy(runs, run => Math.floor(run.at / 1000));
	t.is(runs.length, 100);
	t.is(perSecond.size, 10);
	t.true([...perSecond.values()].every(group => group.length < 25));
});

test('a job keeps its place over a restart of the program', async t => {
	const first = setUp();
	const second = setUp();
	first.schedule.update([{key: 'a', intervalMs: 10_000, timeoutMs: 100}]);
	await first.clock.advance(10_000);
	const firstSlot = first.runs[0]?.at ?? 0;

	await second.clock.advance(3700);
	second.schedule.update([{key: 'a', intervalMs: 10_000, timeoutMs: 100}]);
	await second.clock.advance(10_000);

	t.is(((second.runs[0]?.at ?? 0) - firstSlot) % 10_000, 0);
});

test('a run that outlasts its slot is not overlapped: the slot is skipped and counted', async t => {
	const hold = Promise.withResolvers<void>();
	const {clock, runs, skips, schedule} = setUp({hold: hold.promise});
	schedule.update([{key: 'a', intervalMs: 1000, timeoutMs: 100}]);

	await clock.advance(3500);

	t.is(runs.length, 1);
	t.true(skips.length >= 2);
	t.like(skips[0], {key: 'a', why: 'overlap', slots: 1});
	hold.resolve();
	await clock.advance(0);
	await clock.advance(1000);
	t.is(runs.length, 2);
});

test('slots that passed while our thread was stalled are counted as late, and only the latest is run', async t => {
	const {clock, runs, skips, schedule} = setUp();
	schedule.update([{key: 'a', intervalMs: 1000, timeoutMs: 100}]);
	const {after} = clock;
	await clock.advance(1000);
	t.is(runs.length, 1);

	// A stalled loop calls the timer of the next slot five seconds late.
	clock.after = (delayMs, call) => after(delayMs + 5000, call);
	await clock.advance(1000);
	clock.after = after;
	await clock.advance(7000);

	t.true(skips.some(skip => skip.why === 'late' && skip.slots >= 4));
	t.true(runs.length < 6);
});

test('a failing job is looked at again after its recheck time, between the slots', async t => {
	let failing = true;
	const {clock, runs, schedule} = setUp({failing: () => failing});
	schedule.update([{key: 'a', intervalMs: 10_000, timeoutMs: 100, recheckMs: 3000}]);

	await clock.advance(20_000);
	failing = false;
	const before = runs.length;
	await clock.advance(20_000);

	t.true(runs.slice(0, before).filter(run => run.kind === 'recheck').length >= 3);
	t.true(runs.slice(before + 1).every(run => run.kind === 'scheduled'));
});

test('an update leaves unchanged jobs in their places, stops gone ones and starts new ones', async t => {
	const {clock, runs, schedule} = setUp();
	schedule.update([
		{key: 'stays', intervalMs: 1000, timeoutMs: 100},
		{key: 'goes', intervalMs: 1000, timeoutMs: 100},
	]);
	await clock.advance(2000);
	const place = (runs.find(run => run.key === 'stays')?.at ?? 0) % 1000;
	const gone = runs.filter(run => run.key === 'goes').length;

	schedule.update([
		{key: 'stays', intervalMs: 1000, timeoutMs: 100},
		{key: 'comes', intervalMs: 1000, timeoutMs: 100},
	]);
	await clock.advance(3000);

	t.true(runs.filter(run => run.key === 'stays').every(run => run.at % 1000 === place));
	t.is(runs.filter(run => run.key === 'goes').length, gone);
	t.is(runs.filter(run => run.key === 'comes').length, 3);
});

test('stop waits for the run under way and starts no other', async t => {
	const hold = Promise.withResolvers<void>();
	const {clock, runs, schedule} = setUp({hold: hold.promise});
	schedule.update([{key: 'a', intervalMs: 1000, timeoutMs: 100}]);
	await clock.advance(1000);
	let stopped = false;

	const stopping = schedule.stop().then(() => {
		stopped = true;
	});
	await clock.advance(5000);
	t.false(stopped);
	hold.resolve();
	await stopping;

	t.is(runs.length, 1);
	t.is(clock.pending(), 0);
});

test('a recheck that could not end before the next slot is left out, so that no slot is lost', async t => {
	const {clock, runs, schedule} = setUp({failing: () => true});
	schedule.update([{key: 'a', intervalMs: 10_000, timeoutMs: 5000, recheckMs: 6000}]);

	await clock.advance(50_000);

	t.deepEqual(new Set(runs.map(run => run.kind)), new Set(['scheduled']));
	t.is(runs.length, 5);
});

test('a job whose interval changes while it runs is not overlapped by itself', async t => {
	const hold = Promise.withResolvers<void>();
	const {clock, runs, schedule} = setUp({hold: hold.promise});
	schedule.update([{key: 'a', intervalMs: 1000, timeoutMs: 100}]);
	await clock.advance(1000);

	schedule.update([{key: 'a', intervalMs: 500, timeoutMs: 100}]);
	await clock.advance(2000);

	t.is(runs.length, 1);
	hold.resolve();
	await clock.advance(0);
	await clock.advance(1000);
	t.true(runs.length > 1);
});
