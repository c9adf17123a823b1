import test from 'ava';
import {createCatchUp, pauseMs, spreadMs} from '../../src/sources/catch-up.ts';
import {fakeClock} from '../helpers/fake-clock.ts';

function setUp(broken: string[]) {
	const clock = fakeClock();
	const reads: string[] = [];
	const flights = new Map<string, Promise<void>>();
	const catchUp = createCatchUp({
		clock,
		standing: () => broken,
		flight: part => flights.get(part),
		read: part => reads.push(`${part} ${clock.now()}`),
	});
	return {broken, clock, reads, flights, catchUp};
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

test('a read under way is awaited, and made anew where it still failed', async t => {
	const {broken, reads, flights, catchUp, clock} = setUp(['users', 'key']);
	const [users, key] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
	flights.set('users', users.promise).set('key', key.promise);

	catchUp.recovered();
	await clock.advance(pauseMs);
	t.deepEqual(reads, []);
	broken.splice(1);
	key.resolve();
	users.resolve();
	await clock.advance(1);

	t.deepEqual(reads, [`users ${pauseMs + 1}`]);
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

test('a read under way that ends after stopping is not made anew', async t => {
	const {reads, flights, catchUp, clock} = setUp(['users']);
	const users = Promise.withResolvers<void>();
	flights.set('users', users.promise);
	catchUp.recovered();
	await clock.advance(pauseMs);

	catchUp.stop();
	users.resolve();
	await clock.advance(1);

	t.deepEqual(reads, []);
});
