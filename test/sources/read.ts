import test from 'ava';
import {afterTry, freshValue, isFresh, type Read} from '../../src/sources/read.ts';

const succeeded: Read<string> = {triedAt: 1000, seconds: 0.5, succeededAt: 1500, value: 'nodes'};

test('a success forgets every failure before it', t => {
	const failing: Read<string> = {...succeeded, error: 'It hangs.', failure: 'unanswered', failingSince: 900};

	t.deepEqual(afterTry(failing, {triedAt: 1000, endedAt: 1500, seconds: 0.5}, {value: 'nodes'}), succeeded);
});

test('failures in a row keep the last value, its age, and when the first of them was tried', t => {
	const once = afterTry(succeeded, {triedAt: 2000, endedAt: 2100, seconds: 0.1}, {error: 'It hangs.'});
	const twice = afterTry(
		once,
		{triedAt: 3000, endedAt: 3200, seconds: 0.2},
		{error: 'It is gone.', failure: 'status 404'},
	);

	t.like(once, {error: 'It hangs.', failingSince: 2000, succeededAt: 1500, value: 'nodes'});
	t.deepEqual(twice, {
		triedAt: 3000,
		seconds: 0.2,
		error: 'It is gone.',
		failure: 'status 404',
		failingSince: 2000,
		succeededAt: 1500,
		value: 'nodes',
	});
});

test('a success without a value leaves none: there is no such thing', t => {
	const read = afterTry(succeeded, {triedAt: 2000, endedAt: 2100, seconds: 0.1}, {value: undefined});

	t.deepEqual(read, {triedAt: 2000, seconds: 0.1, succeededAt: 2100});
});

test('what is three intervals old is told on, what is older is not', t => {
	t.is(freshValue(succeeded, 100, 1800), 'nodes');
	t.is(freshValue(succeeded, 100, 1801), undefined);
	t.false(isFresh(undefined, 100, 0));
});
