import test from 'ava';
import {nearest} from '../../src/util/nearest.ts';

const keys = ['compression', 'target', 'targets', 'via', 'interval', 'timeout'];

test('a slip or two lead to the word that was meant: a letter too few, too many, another, or two swapped', t => {
	t.is(nearest('compresion', keys), 'compression');
	t.is(nearest('intervall', keys), 'interval');
	t.is(nearest('timeoud', keys), 'timeout');
	t.is(nearest('tmieout', keys), 'timeout');
	t.is(nearest('Timeout', keys), 'timeout');
	t.is(nearest('targetss', keys), 'targets');
});

test('a word that is far from all of them leads nowhere, and of a short one at most one letter may differ', t => {
	t.is(nearest('color', keys), undefined);
	t.is(nearest('vai', keys), 'via');
	t.is(nearest('vox', keys), undefined);
	t.is(nearest('x', ['y']), undefined);
	t.is(nearest('', keys), undefined);
});
