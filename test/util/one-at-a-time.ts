import {setImmediate as breathe} from 'node:timers/promises';
import test from 'ava';
import {oneAtATime} from '../../src/util/one-at-a-time.ts';

test('calls during a run share one run after it', async t => {
	const runs: PromiseWithResolvers<string>[] = [];
	const call = oneAtATime(() => {
		const run = Promise.withResolvers<string>();
		runs.push(run);
		return run.promise;
	});

	const [first, second, third] = [call(), call(), call()];
	t.is(runs.length, 1);
	runs[0]?.resolve('one');
	t.is(await first, 'one');
	await breathe();
	t.is(runs.length, 2);
	const fourth = call();
	runs[1]?.resolve('two');

	t.deepEqual(await Promise.all([second, third]), ['two', 'two']);
	await breathe();
	t.is(runs.length, 3);
	runs[2]?.resolve('three');
	t.is(await fourth, 'three');
});

test('a run that fails fails its own callers, and the next one runs all the same', async t => {
	let count = 0;
	const call = oneAtATime(async () => {
		count++;
		if (count === 1) throw new Error('no');
		return count;
	});

	const [first, second] = [call(), call()];

	await t.throwsAsync(first, {message: 'no'});
	t.is(await second, 2);
	t.is(await call(), 3);
});
