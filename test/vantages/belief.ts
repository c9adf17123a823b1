import {once} from 'node:events';
import {Worker} from 'node:worker_threads';
import test from 'ava';
import {createBelief} from '../../src/vantages/belief.ts';

test('at first everything is believed, then nothing that began before the end of the longest suspension', t => {
	const belief = createBelief();
	t.false(belief.suspended(0));
	t.false(belief.suspended(3_600_000));

	belief.suspend(3_600_000);
	belief.suspend(1000);

	t.true(belief.suspended(0));
	t.false(belief.suspended(-7_200_000));
});

test('a run that began before the suspension ended is not believed after it either', t => {
	const belief = createBelief();

	belief.suspend(0);

	t.true(belief.suspended(1000));
});

test('what a thread suspends is suspended on all', async t => {
	const belief = createBelief();
	const code = `import {workerData} from 'node:worker_threads';
const {createBelief} = await import(workerData.file);
createBelief(workerData.memory).suspend(3_600_000);`;
	const file = new URL('../../src/vantages/belief.ts', import.meta.url).href;
	const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(code)}`), {
		workerData: {file, memory: belief.memory},
	});

	await once(worker, 'exit');

	t.true(belief.suspended(0));
	t.false(belief.suspended(-3_700_000));
});
