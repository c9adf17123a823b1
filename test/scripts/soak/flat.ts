import test from 'ava';
import {judgeFlatness} from '../../../scripts/soak/flat.ts';

const run = (valueAt: (part: number) => number) =>
	Array.from({length: 41}, (_, at) => ({at: at * 25_000, value: valueAt(at / 40)}));

test('what warms up in the first quarter and then stays is flat', t => {
	const {before, after, isFlat} = judgeFlatness(
		run(part => (part < 0.25 ? 400 * part : 100)),
		5,
	);

	t.deepEqual([before, after, isFlat], [100, 100, true]);
});

test('what grows all the time is not, and its rise over the whole run is told', t => {
	const {rise, isFlat} = judgeFlatness(
		run(part => 100 + 40 * part),
		15,
	);

	t.is(Math.round(rise), 40);
	t.false(isFlat);
});

test('what grows slowly enough to hide in the medians is seen by the line', t => {
	t.false(
		judgeFlatness(
			run(part => (part < 0.9 ? 100 : 100 + 400 * (part - 0.9))),
			8,
		).isFlat,
	);
});

test('one outlier and falling values are flat', t => {
	t.true(
		judgeFlatness(
			run(part => (part === 0.6 ? 120 : 100)),
			10,
		).isFlat,
	);
	t.true(
		judgeFlatness(
			run(part => 100 - 50 * part),
			0,
		).isFlat,
	);
});

test('a handful of points is no trend', t => {
	t.throws(() => judgeFlatness(run(() => 1).slice(0, 7), 1), {instanceOf: TypeError});
});
