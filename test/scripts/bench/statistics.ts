import test from 'ava';
import {mean, median, quantile, spreadOf} from '../../../scripts/bench/statistics.ts';

test('a quantile lies between the two values beside it', t => {
	const values = [40, 10, 30, 20];

	const found = [quantile(values, 0), quantile(values, 0.5), quantile(values, 0.99), quantile(values, 1)];

	t.deepEqual(
		found.map(value => Number(value.toFixed(2))),
		[10, 25, 39.7, 40],
	);
});

test('of one value all statistics are that value, of none they are not a number', t => {
	t.deepEqual(spreadOf([7]), {p50: 7, p99: 7, mean: 7});
	t.is(median([]), Number.NaN);
	t.is(mean([]), Number.NaN);
});
