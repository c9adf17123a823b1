import test from 'ava';
import type {Verdict} from '../../src/engine/types.ts';
import {createRounds, type Round} from '../../src/vantages/rounds.ts';
import {aCheck, anOutcome} from '../helpers/checks.ts';
import {fakeClock} from '../helpers/fake-clock.ts';

const a = aCheck({key: 'a'});
const b = aCheck({key: 'b'});
const round: Round = {key: 'both', intervalMs: 10_000, timeoutMs: 1000, recheckMs: 2000, checks: [a, b]};

/** Rounds whose checks have the verdicts that the test sets; a hold keeps a round from ending. */
function setUp() {
	const clock = fakeClock();
	const world = {verdicts: {} as Record<string, Verdict>, paused: false, hold: Promise.resolve()};
	const measured: {kind: string; keys: string[]}[] = [];
	const told: string[][] = [];
	const rounds = createRounds({
		clock,
		isPaused: () => world.paused,
		async measure(checks, _round, kind) {
			measured.push({kind, keys: checks.map(({key}) => key)});
			await world.hold;
			return checks.map(({key}) => anOutcome({key, kind, verdict: world.verdicts[key] ?? 'up'}));
		},
		onOutcomes: outcomes => told.push(outcomes.map(({key, verdict}) => `${key} ${verdict}`)),
	});
	return {clock, world, measured, told, rounds};
}

test('only the checks that failed are looked at again, for as long as they fail', async t => {
	const {clock, world, measured, told, rounds} = setUp();
	world.verdicts = {b: 'down'};
	rounds.assign([round]);

	await clock.advance(10_000);
	world.verdicts = {};
	await clock.advance(10_000);

	const kinds = measured.map(({kind}) => kind);
	t.is(kinds[0], 'scheduled');
	t.true(kinds.includes('recheck'));
	for (const {kind, keys} of measured) t.deepEqual(keys, kind === 'recheck' ? ['b'] : ['a', 'b']);
	t.deepEqual(told[0], ['a up', 'b down']);
	t.deepEqual(told.at(-1), ['a up', 'b up']);
	await rounds.stop();
});

test('runs are counted by check and verdict when they end, and as started before', async t => {
	const {clock, world, rounds} = setUp();
	const hold = Promise.withResolvers<void>();
	Object.assign(world, {verdicts: {b: 'unknown'}, hold: hold.promise});
	rounds.assign([round]);

	await clock.advance(10_000);
	t.deepEqual(rounds.counts(), {started: 2, up: 0, down: 0, unknown: 0});
	hold.resolve();
	await clock.advance(0);

	t.deepEqual(rounds.counts(), {started: 2, up: 1, down: 0, unknown: 1});
	await rounds.stop();
});

test('a slot that finds its round still under way is counted as skipped', async t => {
	const {clock, world, rounds} = setUp();
	const hold = Promise.withResolvers<void>();
	world.hold = hold.promise;
	rounds.assign([round]);

	await clock.advance(30_000);

	t.deepEqual(rounds.skippedSlots(), {overlap: 2, late: 0});
	hold.resolve();
	await rounds.stop();
});

test('while paused nothing is measured, told or counted', async t => {
	const {clock, world, measured, told, rounds} = setUp();
	world.paused = true;
	rounds.assign([round]);

	await clock.advance(30_000);
	t.deepEqual([measured, told], [[], []]);
	t.is(rounds.counts().started, 0);
	world.paused = false;
	await clock.advance(10_000);

	t.is(measured.length, 1);
	await rounds.stop();
});

test('a round that is gone is not run any more, nor looked at again', async t => {
	const {clock, world, measured, rounds} = setUp();
	world.verdicts = {a: 'down'};
	rounds.assign([round]);
	await clock.advance(10_000);

	rounds.assign([]);
	measured.length = 0;
	await clock.advance(30_000);

	t.deepEqual(measured, []);
	t.is(clock.pending(), 0);
	await rounds.stop();
});
