import test from 'ava';
import {newestAndBroadestFirst} from '../../../src/server/page/order.ts';

const at = (name: string, seconds: number | undefined, breadth = 1) => ({
	name,
	sinceMs: seconds === undefined ? undefined : seconds * 1000,
	breadth,
});
const namesOf = (causes: ReturnType<typeof at>[]) => newestAndBroadestFirst(causes).map(({name}) => name);

test('causes of one minute are ordered by breadth, others by time, those without a time come last', t => {
	t.deepEqual(
		namesOf([at('old', 100), at('never', undefined), at('small', 1000), at('broad', 950, 5), at('older', 30, 9)]),
		['broad', 'small', 'old', 'older', 'never'],
	);
});

test('equals stay as they came', t => {
	t.deepEqual(namesOf([at('b', 5), at('a', 5), at('c', 6)]), ['b', 'a', 'c']);
});
