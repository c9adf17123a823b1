import test from 'ava';
import {createStripPool} from '../../src/sinks/strip.ts';

const hour = 30_000_000;

test('strips do not run into each other, over more than one slab', t => {
	const pool = createStripPool();
	const slots = Array.from({length: 600}, () => pool.allocate());

	for (const slot of slots) if (slot % 2 === 0) pool.record(slot, hour + (slot % 60), hour + 59, 'down');

	t.is(new Set(slots).size, 600);
	for (const slot of slots) {
		const seen = pool.read(slot, hour + 59).flatMap((bucket, at) => (bucket ? [[at, bucket.down]] : []));
		t.deepEqual(seen, slot % 2 === 0 ? [[slot % 60, 1]] : []);
	}
});

test('a run that arrives late counts in its own minute, one that is older than the hour nowhere', t => {
	const pool = createStripPool();
	const slot = pool.allocate();
	pool.record(slot, hour + 59, hour + 59, 'up', 0.1);

	pool.record(slot, hour + 10, hour + 59, 'down');
	pool.record(slot, hour - 1, hour + 59, 'down');

	const strip = pool.read(slot, hour + 59);
	t.deepEqual(strip[10], {up: 0, down: 1, unknown: 0});
	t.is(strip.filter(bucket => bucket).length, 2);
});

test('a clock that was set back an hour and more starts the strip again', t => {
	const pool = createStripPool();
	const slot = pool.allocate();
	pool.record(slot, hour + 500, hour + 500, 'down');

	pool.record(slot, hour, hour, 'up', 0.1);

	t.is(pool.read(slot, hour).filter(bucket => bucket).length, 1);
	t.is(pool.read(slot, hour)[59]?.up, 1);
});

test('a minute with very many runs does not wrap around', t => {
	const pool = createStripPool();
	const slot = pool.allocate();

	for (let run = 0; run < 70_000; run++) pool.record(slot, hour, hour, 'up');

	t.is(pool.read(slot, hour)[59]?.up, 65_535);
});
