import test from 'ava';
import {createLedger} from '../../../scripts/soak/ledger.ts';

test('what was counted before a series went stays counted, and one that comes again begins anew', t => {
	const ledger = createLedger();

	const first = ledger.look(
		new Map([
			['a', 5],
			['b', 2],
		]),
	);
	const second = ledger.look(new Map([['a', 7]]));
	const third = ledger.look(
		new Map([
			['a', 7],
			['b', 3],
		]),
	);

	t.deepEqual(
		[...first],
		[
			['a', 5],
			['b', 2],
		],
	);
	t.deepEqual([...second], [['a', 2]]);
	t.deepEqual([...third], [['b', 3]]);
	t.is(ledger.total(), 12);
	t.is(ledger.removed(), 1);
});

test('a counter that fell between two looks was removed and came again', t => {
	const ledger = createLedger();
	ledger.look(new Map([['a', 9]]));

	const gains = ledger.look(new Map([['a', 4]]));

	t.is(gains.get('a'), 4);
	t.is(ledger.total(), 13);
});
