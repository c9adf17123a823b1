import test from 'ava';
import {clean, cut, type DrawOptions, headline, wrap} from '../../src/cli/draw-lines.ts';

const plain: DrawOptions = {columns: 40, color: false, unicode: true};

test('a text is broken between words, and a long word anywhere', t => {
	t.deepEqual(wrap(`one two ${'x'.repeat(50)} three`, {...plain, columns: 20}, 2, 4), [
		'  one two',
		`    ${'x'.repeat(16)}`,
		`    ${'x'.repeat(16)}`,
		`    ${'x'.repeat(16)}`,
		'    xx three',
	]);
	t.deepEqual(wrap(' \n ', plain, 2), []);
});

test('no character is cut in half', t => {
	const faces = `a${'😀'.repeat(600)}`;

	for (const columns of [11, 12, 40, 41])
		for (const line of [...wrap(faces, {...plain, columns}, 0), cut(faces, columns, plain)]) {
			t.true(line.isWellFormed());
			t.true(line.length <= columns);
		}
	t.true(clean(faces, 100, plain).isWellFormed());
});

test('what does not fit one line is cut off, and that shows', t => {
	t.is(cut('one two three', 9, plain), 'one two…');
	t.is(cut('one two three', 10, {...plain, unicode: false}), 'one two...');
	t.is(cut('one two', 7, plain), 'one two');
});

test('a verdict stands before what it is about, in its colour', t => {
	t.deepEqual(headline('DOWN', 'red', `it ${'word '.repeat(9)}`, {...plain, color: true}), [
		'\u001b[31mDOWN\u001b[39m  it word word word word word word',
		'  word word word',
	]);
});

test('where a name does not fit it ends at one of its marks', t => {
	t.deepEqual(wrap('tunnel/cluster/june-gpu-00000001', {columns: 24, color: false, unicode: true}, 2), [
		'  tunnel/cluster/',
		'  june-gpu-00000001',
	]);
});
