import test from 'ava';
import {createTokenBuckets} from '../../src/util/token-bucket.ts';
import {fakeClock} from '../helpers/fake-clock.ts';

const sixPerMinute = {count: 6, perMs: 60_000};

test('a key may take so many at once, and then as many as come back with time', async t => {
	const clock = fakeClock();
	const buckets = createTokenBuckets({clock, maxKeys: 10});

	const first = Array.from({length: 7}, () => buckets.take('a', sixPerMinute));
	await clock.advance(9999);
	const early = buckets.take('a', sixPerMinute);
	await clock.advance(1);
	const late = [buckets.take('a', sixPerMinute), buckets.take('a', sixPerMinute)];

	t.deepEqual(first, [0, 0, 0, 0, 0, 0, 10_000]);
	t.is(early, 1);
	t.deepEqual(late, [0, 10_000]);
});

test('no key takes from another, and what is given back can be taken again', t => {
	const buckets = createTokenBuckets({clock: fakeClock(), maxKeys: 10});
	const one = {count: 1, perMs: 1000};

	t.is(buckets.take('a', one), 0);
	t.is(buckets.take('b', one), 0);
	t.is(buckets.take('a', one), 1000);
	buckets.giveBack('a', one);

	t.is(buckets.take('a', one), 0);
});

test('a long rest gives no more than the whole bucket', async t => {
	const clock = fakeClock();
	const buckets = createTokenBuckets({clock, maxKeys: 10});
	buckets.take('a', sixPerMinute);

	await clock.advance(10 * 60_000);

	const taken = Array.from({length: 7}, () => buckets.take('a', sixPerMinute));
	t.is(taken.filter(waitMs => waitMs === 0).length, 6);
});

test('however many keys come, only so many are remembered, those in use longest', t => {
	const buckets = createTokenBuckets({clock: fakeClock(), maxKeys: 100});
	const one = {count: 1, perMs: 1000};
	buckets.take('in use', one);

	for (let at = 0; at < 10_000; at++) {
		buckets.take(`key ${at}`, one);
		if (at % 50 === 0) buckets.take('in use', one);
	}

	t.is(buckets.size(), 100);
	t.true(buckets.take('in use', one) > 0);
});
