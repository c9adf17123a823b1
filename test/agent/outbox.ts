import test from 'ava';
import {createOutbox} from '../../src/agent/outbox.ts';
import {anOutcome} from '../helpers/checks.ts';
import {fakeClock} from '../helpers/fake-clock.ts';

function setUp(over: {historyMs?: number; maxCount?: number; maxBytes?: number} = {}) {
	const clock = fakeClock();
	const outbox = createOutbox({clock, historyMs: 600_000, maxCount: 1000, maxBytes: 1_000_000, ...over});
	const add = (count: number) => {
		for (let at = 0; at < count; at++) outbox.add([anOutcome({startedAt: clock.wall() - 20, durationMs: 20})]);
	};
	const page = (max = 500, maxBytes = 1_000_000) => {
		const {outcomes, more} = outbox.page(max, maxBytes);
		return {more, letters: outcomes.map(text => JSON.parse(text) as Record<string, unknown>)};
	};
	return {clock, outbox, add, page};
}

test('outcomes are numbered, told with their age, and forgotten when they were received', async t => {
	const {clock, outbox, add, page} = setUp();

	add(3);
	await clock.advance(1000);
	const first = page();
	outbox.acknowledge(2);

	t.deepEqual(
		first.letters.map(({n, ageMs}) => [n, ageMs]),
		[
			[1, 1020],
			[2, 1020],
			[3, 1020],
		],
	);
	t.false('startedAt' in (first.letters[0] ?? {}));
	t.deepEqual(
		page().letters.map(({n}) => n),
		[3],
	);
	t.is(outbox.dropped(), 0);
});

test('a wall clock that was set meanwhile does not change the age', async t => {
	const {clock, outbox, page} = setUp();

	outbox.add([anOutcome({startedAt: clock.wall() + 3_600_000, durationMs: 20})]);
	outbox.add([anOutcome({startedAt: clock.wall() - 3_600_000, durationMs: 20})]);
	await clock.advance(500);

	t.deepEqual(
		page().letters.map(({ageMs}) => ageMs),
		[520, 520],
	);
});

test('a long list goes in pages', t => {
	const {add, page} = setUp();

	add(30);

	t.like(page(10), {more: true, letters: {length: 10}});
	t.like(page(30), {more: false, letters: {length: 30}});
	t.like(page(30, 1), {more: true, letters: {length: 1}});
});

test('what is too old, too many or too large is forgotten, the oldest first, and counted', async t => {
	const many = setUp({maxCount: 5});
	const large = setUp({maxBytes: 500});
	const old = setUp({historyMs: 60_000});

	many.add(8);
	large.add(100);
	old.add(2);
	await old.clock.advance(61_000);
	old.add(1);

	t.deepEqual([many.page().letters[0]?.n, many.outbox.dropped()], [4, 3]);
	t.is(large.outbox.dropped() + large.outbox.size(), 100);
	t.true(large.outbox.size() < 5);
	t.deepEqual([old.page().letters[0]?.n, old.outbox.dropped()], [3, 2]);
});

test('what is up waits for company, what is not waits for nobody', t => {
	const {outbox, add} = setUp();

	const empty = outbox.waitingSince();
	add(1);
	const up = outbox.waitingSince();
	outbox.add([anOutcome({verdict: 'down', reason: 'refused'})]);

	t.deepEqual([empty, up, outbox.waitingSince()], [undefined, 0, Number.NEGATIVE_INFINITY]);
});
