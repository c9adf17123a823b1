import test from 'ava';
import {partNames, readOptions} from '../../../scripts/bench/options.ts';

test('without arguments all parts are measured, 50, 200 and 1,000 targets over both schemes, 200 of them five times', t => {
	const {form, parts, cases} = readOptions([]);

	t.is(form, 'default');
	t.deepEqual(parts, partNames);
	t.deepEqual(
		cases.map(({scheme, targets, rounds}) => [scheme, targets, rounds]),
		[
			['http', 50, 3],
			['http', 200, 5],
			['http', 1000, 3],
			['https', 50, 3],
			['https', 200, 5],
			['https', 1000, 3],
		],
	);
});

test('1,000 targets are probed every second over HTTP, and with the load of 200 over TLS', t => {
	const rates = readOptions([])
		.cases.filter(({targets}) => targets === 1000)
		.map(({targets, intervalMs}) => (targets * 1000) / intervalMs);

	t.deepEqual(rates, [1000, 200]);
});

test('rounds and parts can be chosen', t => {
	const {cases, parts} = readOptions(['--rounds', '2', '--only', 'scale,compare']);

	t.true(cases.every(each => each.rounds === 2));
	t.deepEqual(parts, ['compare', 'scale']);
});

const refusesOptions = test.macro((t, args: readonly string[], words: RegExp) => {
	t.throws(() => readOptions(args), {message: words});
});

test('no rounds are refused', refusesOptions, ['--rounds', '0'], /from 1 to 100/);
test('a part that is none is refused', refusesOptions, ['--only', 'compare,speed'], /"speed"/);
test('two forms at once are refused', refusesOptions, ['--quick', '--short'], /one of them/);
test('an unknown option is refused', refusesOptions, ['--fast'], /--fast/);
