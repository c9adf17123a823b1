import test from 'ava';
import {splitList} from '../../../scripts/bench/processors.ts';

test('the last processor is for who is measured, the others for the rest', t => {
	t.deepEqual(splitList('0-1'), {measured: '1', others: '0', all: '0,1'});
	t.deepEqual(splitList('0-2,6'), {measured: '6', others: '0,1,2', all: '0,1,2,6'});
});

test('one processor is not enough', t => {
	t.throws(() => splitList('3'), {message: /two processors.* only 3\./});
});
