import test from 'ava';
import {createColumns, createOutcomeRing} from '../../src/sinks/outcome-ring.ts';
import {anHttpOutcome, anOutcome} from '../helpers/fake-daemon.ts';

test('the oldest outcome makes room for the newest', t => {
	const ring = createOutcomeRing('a/b/c', 3, createColumns());

	for (const startedAt of [1, 2, 3, 4, 5]) ring.add(anOutcome({startedAt}));

	t.deepEqual(
		ring.newestFirst().map(outcome => outcome.startedAt),
		[5, 4, 3],
	);
	t.is(ring.newest()?.startedAt, 5);
});

test('numbers that appear later do not disturb what is kept', t => {
	const ring = createOutcomeRing('a/b/c', 4, createColumns());
	const early = anOutcome({key: 'a/b/c', reading: {ok: true, values: {one: 1}, facts: {}}});
	const late = anOutcome({key: 'a/b/c', reading: {ok: true, phases: {tls: 3}, values: {two: 2}, facts: {}}});

	ring.add(early);
	ring.add(late);

	t.deepEqual(ring.newestFirst(), [late, early]);
});

test('runs that read alike share their texts, also between the rings of a check', t => {
	const columns = createColumns();
	const recent = createOutcomeRing('a/b/c', 4, columns);
	const failures = createOutcomeRing('a/b/c', 4, columns);
	const copyOf = (detail: string) => structuredClone(anHttpOutcome({verdict: 'down', detail}));

	recent.add(copyOf('refused'));
	recent.add(copyOf('refused'));
	failures.add(copyOf('refused'), [recent]);
	recent.add(copyOf('reset'));

	const [newest, second, third] = recent.texts();
	t.is(second, third);
	t.is([...failures.texts()][0], second);
	t.not(newest, second);
	t.is(newest?.reading?.facts, second?.reading?.facts);
});
