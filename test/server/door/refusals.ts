import test from 'ava';
import {createRefusals, refusalKinds} from '../../../src/server/door/refusals.ts';
import {fakeClock} from '../../helpers/fake-clock.ts';

test('all kinds begin at zero, each refusal is counted, and of each kind one line in ten seconds says how many there were', async t => {
	const clock = fakeClock();
	const counts = new Map<string, number>();
	const lines: Record<string, unknown>[] = [];
	const refusals = createRefusals({
		clock,
		count: (kind, by) => void counts.set(kind, (counts.get(kind) ?? 0) + by),
		log: (_event, fields) => void lines.push(fields),
	});
	t.deepEqual(
		[...counts],
		refusalKinds.map(kind => [kind, 0]),
	);

	for (let at = 0; at < 1000; at++) refusals.note('unauthenticated', {caller: '100.64.0.7'});
	refusals.note('rate', {caller: '100.64.0.8'});
	await clock.advance(10_000);
	refusals.note('unauthenticated', {caller: '100.64.0.9'});

	t.is(counts.get('unauthenticated'), 1001);
	t.deepEqual(lines, [
		{kind: 'unauthenticated', caller: '100.64.0.7'},
		{kind: 'rate', caller: '100.64.0.8'},
		{kind: 'unauthenticated', caller: '100.64.0.9', left_out_before: 999},
	]);
});
