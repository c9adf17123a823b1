import test from 'ava';
import {createCatchUp, pauseMs, spreadMs} from '../../src/headscale/catch-up.ts';
import {fakeClock} from '../helpers/fake-clock.ts';

function setUp(broken: string[]) {
	const clock = fakeClock();
	const reads: string[] = [];
	const catchUp = createCatchUp({clock, standing: () => broken, read: part => reads.push(`${part} ${clock.now()}`)});
	return {broken, clock, reads, catchUp};
}

test('what is broken is read soon after a recovery, one after the other', async t => {
	const {reads, catchUp, clock} = setUp(['users', 'key']);

	catchUp.recovered();
	catchUp.recovered();
	await clock.advance(pauseMs);

	t.deepEqual(reads, [`users ${spreadMs}`, `key ${2 * spreadMs}`]);
});

test('what was repaired in the meantime is left alone', async t => {
	const {broken, reads, catchUp, clock} = setUp(['users', 'key']);

	catchUp.recovered();
	await clock.advance(spreadMs);
	broken.splice(1);
	await clock.advance(pauseMs);

	t.deepEqual(reads, [`users ${spreadMs}`]);
});

test('many recoveries in a row are answered once in a while', async t => {
	const {reads, catchUp, clock} = setUp(['users']);

	for (let at = 0; at < 2 * pauseMs; at += 100) {
		catchUp.recovered();
		await clock.advance(100);
	}

	t.is(reads.length, 2);
});

test('after stopping nothing is read and no timer is left', async t => {
	const {reads, catchUp, clock} = setUp(['users']);

	catchUp.recovered();
	catchUp.stop();
	catchUp.recovered();
	await clock.advance(pauseMs);

	t.deepEqual(reads, []);
	t.is(clock.pending(), 0);
});
