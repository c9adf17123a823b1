import test from 'ava';
import {atOnce, inSlices} from '../../src/util/slices.ts';

function* count(to: number, each: () => void): Generator<void, string> {
	for (let i = 0; i < to; i++) {
		each();
		yield;
	}
	return 'done';
}

const burn = (ms: number) => {
	for (const endsAt = performance.now() + ms; performance.now() < endsAt; );
};

test('others get their turn while long work goes on', async t => {
	let turns = 0;
	const timer = setInterval(() => turns++, 1);

	const result = await inSlices(count(100, () => burn(2)));

	clearInterval(timer);
	t.is(result, 'done');
	t.true(turns > 0);
});

test('the same work in one go has the same result', t => {
	let steps = 0;

	t.is(atOnce(count(1000, () => steps++)), 'done');
	t.is(steps, 1000);
});

test('what the work throws comes out', async t => {
	const fail = () => {
		throw new TypeError('a bug');
	};

	await t.throwsAsync(inSlices(count(1, fail)), {message: 'a bug'});
	t.throws(() => atOnce(count(1, fail)), {message: 'a bug'});
});
