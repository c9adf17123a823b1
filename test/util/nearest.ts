import test from 'ava';
import {allNearest, nearest} from '../../src/util/nearest.ts';

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

test('of several that are as near, none is the nearest', t => {
	t.is(nearest('hart', ['heart', 'chart']), undefined);
	t.deepEqual(allNearest('hart', ['heart', 'chart', 'cart', 'other']), ['heart', 'chart', 'cart']);
	t.deepEqual(allNearest('heart', ['heart', 'hearts', 'heart']), ['heart']);
});

test('another number is another thing', t => {
	t.deepEqual(allNearest('gpu-00000002', ['gpu-00000001', 'gpu-00000003']), []);
	t.is(nearest('gp-00000001', ['gpu-00000001']), 'gpu-00000001');
	t.is(nearest('GPU-00000001', ['gpu-00000001']), 'gpu-00000001');
});
