import test from 'ava';
import {jitter, median} from '../../src/util/round-trips.ts';

test('the median is the middle one, or the mean of the two in the middle', t => {
	t.is(median([3, 1, 2]), 2);
	t.is(median([4, 1, 3, 2]), 2.5);
	t.is(median([]), undefined);
});

test('jitter is the mean difference of neighbours, and needs two', t => {
	t.is(jitter([1, 3, 2]), 1.5);
	t.is(jitter([1]), undefined);
});
