import test from 'ava';
import type {DrawOptions} from '../../src/cli/draw-lines.ts';
import {drawStrip, type LastHour} from '../../src/cli/draw-strip.ts';

const plain: DrawOptions = {columns: 80, color: false, unicode: true};

function up(worstSeconds?: number) {
	return {up: 4, down: 0, unknown: 0, ...(worstSeconds === undefined ? {} : {worstSeconds})};
}

const hour: LastHour = [
	...Array.from({length: 50}, () => null),
	up(0.005),
	up(0.01),
	up(0.02),
	up(0.03),
	up(0.041),
	{up: 3, down: 1, unknown: 0, worstSeconds: 0.012},
	{up: 2, down: 0, unknown: 2, worstSeconds: 0.012},
	{up: 0, down: 0, unknown: 4},
	up(0),
	up(),
];

test('a cell for each minute is as high as its latency, and failures show among runs that are up', t => {
	t.deepEqual(drawStrip(hour, plain), [
		`  ${'·'.repeat(50)}▁▂▄▆█✗??▁▁`,
		'  last hour: 33 of 40 up, 6 unknown, worst 41.0 ms',
	]);
});

test('without Unicode it is drawn too', t => {
	t.is(drawStrip(hour, {...plain, unicode: false})[0], `  ${'.'.repeat(50)}_-+%#x??__`);
});

test('where the terminal is narrow a cell is several minutes, and whose hour it is can be said', t => {
	t.deepEqual(drawStrip(hour, {...plain, columns: 40}, 'check tts'), [
		`  ${'·'.repeat(25)}▂▆✗?▁`,
		'  last hour of check tts: 33 of 40 up, 6',
		'  unknown, worst 41.0 ms, 2 min a cell',
	]);
});

test('an hour in which nothing ran is not drawn', t => {
	t.deepEqual(drawStrip([null, null], plain), []);
	t.deepEqual(drawStrip([], plain), []);
});

test('figures that cannot be true bend nothing', t => {
	const strange: LastHour = Array.from({length: 5000}, () => ({up: 9e15, down: 0, unknown: 0, worstSeconds: -1e300}));

	const [cells = '', ...words] = drawStrip(strange, plain);

	t.is(cells, `  ${'▁'.repeat(60)}`);
	t.true(words.every(line => line.length <= 80));
});
