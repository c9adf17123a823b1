import test from 'ava';
import {createLatenessMeter, type LatenessMeter} from '../../src/engine/lateness.ts';
import {type RunOptions, runCheck, runRound} from '../../src/engine/run.ts';
import type {Place, Probe} from '../../src/probes/types.ts';
import {systemClock} from '../../src/util/clock.ts';
import {CannotLookError, TargetDownError} from '../../src/util/errors.ts';
import {aCheck, aProbe, aReading} from '../helpers/checks.ts';

const place: Place = {
	vantage: 'cluster',
	timeoutMs: 1000,
	tailnet: {prefixes: ['100.64.0.0/10'], dnsServer: '100.100.100.100', overheadObjectiveSeconds: 0.01},
	allowLoopback: true,
};

const measuring = (measure: NonNullable<Probe['measure']>): Probe => aProbe({measure});

/** A thread that is never late, so that a busy test machine changes no verdict. */
const onTime: LatenessMeter = {
	begin: () => ({
		startedAt: 0,
		utilization: {idle: 0, active: 0, utilization: 0},
		cpu: {user: 0, system: 0},
		number: undefined,
	}),
	end: () => 0,
	worst: () => 0,
	runsInFlight: () => 0,
};

function options(over: Partial<RunOptions> = {}): RunOptions {
	return {
		clock: systemClock,
		lateness: onTime,
		kind: 'scheduled',
		deadlineMs: 1000,
		stopping: new AbortController().signal,
		onBug() {},
		...over,
	};
}

test('a probe is told how long it may take, and whether somebody asked for the run', async t => {
	const told: unknown[] = [];
	const probe = measuring(async (_target, _options, {timeoutMs, adhoc}) => {
		told.push([timeoutMs, adhoc]);
		return aReading();
	});

	await runCheck(aCheck(), probe, place, options({deadlineMs: 500}));
	await runCheck(aCheck(), probe, place, options({kind: 'recheck'}));
	await runCheck(aCheck(), probe, place, options({kind: 'adhoc'}));

	t.deepEqual(told, [
		[500, false],
		[1000, false],
		[1000, true],
	]);
});

/** Rejects with the signal's reason, as every probe does. */
const untilAborted = (signal: AbortSignal) =>
	new Promise<never>((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));

test('a reading that is ok makes the run up', async t => {
	const reading = aReading({values: {status_code: 200}});

	const outcome = await runCheck(
		aCheck(),
		measuring(async () => reading),
		place,
		options(),
	);

	t.like(outcome, {verdict: 'up', kind: 'scheduled', key: aCheck().key, late: false});
	t.deepEqual(outcome.reading, reading);
	t.is(outcome.reason, undefined);
});

test('a reading that is not ok makes the run down, with its reason and sentence', async t => {
	const reading = aReading({ok: false, reason: 'status', detail: 'answered 503; wanted 2xx'});

	const outcome = await runCheck(
		aCheck(),
		measuring(async () => reading),
		place,
		options(),
	);

	t.like(outcome, {verdict: 'down', reason: 'status', detail: 'answered 503; wanted 2xx'});
});

test('a target that failed by throwing is down with that reason', async t => {
	const probe = measuring(async () => {
		throw new TargetDownError('refused', 'refused the connection');
	});

	t.like(await runCheck(aCheck(), probe, place, options()), {verdict: 'down', reason: 'refused'});
});

test('a vantage that cannot look makes the run unknown, never down', async t => {
	const probe = measuring(async () => {
		throw new CannotLookError('vantage', 'tailscaled does not answer');
	});

	t.like(await runCheck(aCheck(), probe, place, options()), {verdict: 'unknown', reason: 'vantage'});
});

test('an error of ours is unknown, internal, and reported', async t => {
	const bugs: unknown[] = [];
	const probe = measuring(async () => {
		throw new TypeError('x is not a function');
	});

	const outcome = await runCheck(aCheck(), probe, place, options({onBug: error => bugs.push(error)}));

	t.like(outcome, {verdict: 'unknown', reason: 'internal'});
	t.is(bugs.length, 1);
});

test('a run that reaches its deadline is down by timeout', async t => {
	const probe = measuring((_target, _options, _place, signal) => untilAborted(signal));

	t.like(await runCheck(aCheck(), probe, place, options({deadlineMs: 30})), {verdict: 'down', reason: 'timeout'});
});

test('a run that timed out while our own thread was stalled is unknown, late', async t => {
	const probe = measuring(async (_target, _options, _place, signal) => {
		const ended = untilAborted(signal);
		const until = Date.now() + 150;
		while (Date.now() < until);
		return ended;
	});

	const outcome = await runCheck(aCheck(), probe, place, options({deadlineMs: 100, lateness: createLatenessMeter()}));

	t.like(outcome, {verdict: 'unknown', reason: 'late'});
	t.true(outcome.latenessMs > 20);
});

test('a run that got its answer late keeps its verdict and is marked', async t => {
	const probe = measuring(async () => {
		const until = Date.now() + 60;
		while (Date.now() < until);
		return aReading();
	});

	const outcome = await runCheck(aCheck(), probe, place, options({lateness: createLatenessMeter()}));

	t.like(outcome, {verdict: 'up', late: true});
});

test('a probe that ignores its deadline does not hold the run', async t => {
	const bugs: unknown[] = [];
	const probe = measuring(() => new Promise<never>(() => {}));

	const outcome = await runCheck(aCheck(), probe, place, options({deadlineMs: 20, onBug: error => bugs.push(error)}));

	t.like(outcome, {verdict: 'unknown', reason: 'internal'});
	t.is(bugs.length, 1);
});

test('a probe that could not end because our own thread stood still is late, and no bug', async t => {
	const bugs: unknown[] = [];
	const starved: LatenessMeter = {...onTime, end: () => 700};
	const probe = measuring(() => new Promise<never>(() => {}));

	const outcome = await runCheck(
		aCheck(),
		probe,
		place,
		options({deadlineMs: 20, lateness: starved, onBug: error => bugs.push(error)}),
	);

	t.like(outcome, {verdict: 'unknown', reason: 'late'});
	t.deepEqual(bugs, []);
});

test('runs under way when tailprobe ends are canceled, not down', async t => {
	const stopping = new AbortController();
	const probe = measuring((_target, _options, _place, signal) => untilAborted(signal));

	const run = runCheck(aCheck(), probe, place, options({stopping: stopping.signal}));
	stopping.abort();

	t.like(await run, {verdict: 'unknown', reason: 'canceled'});
});

test('in a round, a target without an answer is unknown and the others stand', async t => {
	const answered = aCheck({key: 'a'});
	const failed = aCheck({key: 'b'});
	const forgotten = aCheck({key: 'c'});
	const probe: Probe = {
		...measuring(async () => aReading()),
		round: {
			group: () => '',
			measure: async () =>
				new Map<string, ReturnType<typeof aReading> | Error>([
					['a', aReading()],
					['b', new TargetDownError('resolve', 'no such name')],
				]),
		},
	};

	const outcomes = await runRound([answered, failed, forgotten], probe, place, options());

	t.deepEqual(
		outcomes.map(({key, verdict, reason}) => ({key, verdict, reason})),
		[
			{key: 'a', verdict: 'up', reason: undefined},
			{key: 'b', verdict: 'down', reason: 'resolve'},
			{key: 'c', verdict: 'unknown', reason: 'incomplete'},
		],
	);
});
