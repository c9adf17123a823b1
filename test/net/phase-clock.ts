import test from 'ava';
import {PhaseClock} from '../../src/net/phase-clock.ts';

test('phases follow on each other without a gap, and add up over redirects', t => {
	const clock = new PhaseClock();

	clock.enter('resolve', 1000);
	clock.enter('connect', 1010);
	clock.enter('processing', 1030);
	clock.leave(1130);
	clock.enter('connect', 2000);
	clock.enter('processing', 2040);
	clock.enter('transfer', 2140);
	clock.leave(2190);

	t.deepEqual(clock.seconds(), {resolve: 0.01, connect: 0.06, processing: 0.2, transfer: 0.05});
	t.is(clock.reached, 'transfer');
	t.is(clock.lastMs(), 50);
	clock.enter('transfer', 3000);
	clock.leave(3001);
	t.is(clock.lastMs(), 1);
});

test('a phase that failed keeps its time', t => {
	const clock = new PhaseClock();

	clock.enter('resolve', 0);
	clock.enter('connect', 5);
	clock.leave(5005);
	clock.leave(9999);

	t.deepEqual(clock.seconds(), {resolve: 0.005, connect: 5});
	t.is(clock.reached, 'connect');
});

test('what came last can turn out to be the end of an earlier phase', t => {
	const clock = new PhaseClock();

	clock.enter('tls', 0);
	clock.enter('processing', 5);
	clock.leave(12);
	clock.addLastTo('tls');
	clock.addLastTo('connect');

	t.deepEqual(clock.seconds(), {tls: 0.012});
	t.is(clock.reached, 'tls');
});

test('before the first phase nothing was reached', t => {
	const clock = new PhaseClock();

	clock.leave();

	t.is(clock.reached, undefined);
	t.deepEqual(clock.seconds(), {});
	t.is(clock.lastMs(), 0);
});
