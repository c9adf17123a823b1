import test from 'ava';
import {defaultRules} from '../../src/agent/allow.ts';
import {createCheckList} from '../../src/agent/list.ts';
import type {Check, Outcome} from '../../src/engine/types.ts';
import {aCheck} from '../helpers/checks.ts';
import {fakeClock} from '../helpers/fake-clock.ts';

function setUp(limit = 500) {
	const clock = fakeClock();
	const assigned: (readonly Check[])[] = [];
	const outcomes: Outcome[] = [];
	let cutOffs = 0;
	const list = createCheckList({
		clock,
		allow: {rules: defaultRules, files: [], env: []},
		limits: {checks: limit, cutOffMs: 900_000},
		assign: checks => void assigned.push(checks),
		onOutcomes: batch => void outcomes.push(...batch),
		onCutOff: () => void cutOffs++,
	});
	return {clock, assigned, outcomes, list, cutOffs: () => cutOffs};
}

const permitted = aCheck();
const direct = aCheck({key: 'direct/x/y', target: {...permitted.target, via: 'direct'}});

test('what is permitted runs, what is not is unknown at each of its slots', async t => {
	const {clock, list, assigned, outcomes} = setUp();

	const counts = list.take('a', [permitted, direct, 'nonsense']);
	await clock.advance(45_000);

	t.like(counts, {running: 1, denied: 1, nonsense: 1});
	t.deepEqual(
		assigned.map(checks => checks.map(({key}) => key)),
		[[permitted.key]],
	);
	t.deepEqual(
		outcomes.map(({key, verdict, reason}) => [key, verdict, reason]),
		Array.from({length: 3}, () => ['direct/x/y', 'unknown', 'denied']),
	);
	t.deepEqual(list.withDenied({started: 5, up: 5, down: 0, unknown: 0}), {started: 8, up: 5, down: 0, unknown: 3});
	t.deepEqual([list.has(direct.key), list.has(permitted.key), list.has('other')], [true, true, false]);
});

test('checks beyond the limit are denied', async t => {
	const {clock, list, outcomes} = setUp(1);

	list.take('a', [permitted, {...permitted, key: 'second'}]);
	await clock.advance(15_000);

	t.deepEqual([list.denied(), outcomes[0]?.key], [1, 'second']);
	t.regex(outcomes[0]?.detail ?? '', /runs at most 1 checks/);
});

test('without a daemon the list ends after a while, with one it goes on', async t => {
	const {clock, list, assigned, outcomes, cutOffs} = setUp();

	list.take('a', [permitted, direct]);
	await clock.advance(899_000);
	list.affirm();
	await clock.advance(899_000);
	const before = [list.version(), cutOffs()];
	await clock.advance(2000);
	const told = outcomes.length;
	await clock.advance(60_000);

	t.deepEqual(before, ['a', 0]);
	t.deepEqual([list.version(), cutOffs(), assigned.at(-1)], [null, 1, []]);
	t.is(outcomes.length, told);
	await list.stop();
	t.is(clock.pending(), 0);
});
