import test from 'ava';
import {createPlaces} from '../../src/headscale/places.ts';

const never = new AbortController().signal;

test('so many have a place, the next waits until one leaves, in the order of asking', async t => {
	const places = createPlaces(2);
	const [a, b, c, d] = [places.take(never), places.take(never), places.take(never), places.take(never)];
	const came: string[] = [];
	await a.taken();
	await b.taken();
	const third = c.taken().then(() => came.push('c'));
	const fourth = d.taken().then(() => came.push('d'));

	a.leave();
	await third;
	const first = [...came];
	b.leave();
	await fourth;

	t.deepEqual(first, ['c']);
	t.deepEqual(came, ['c', 'd']);
});

test('asking twice takes one place, and leaving without one frees none', async t => {
	const places = createPlaces(1);
	const [a, b, c] = [places.take(never), places.take(never), places.take(never)];
	await a.taken();
	await a.taken();
	b.leave();
	let isIn = false;
	const waiting = c.taken().then(() => {
		isIn = true;
	});
	await Promise.resolve();

	t.false(isIn);
	a.leave();
	a.leave();
	await waiting;
	t.true(isIn);
});

test('who gives up waiting gets no place', async t => {
	const places = createPlaces(1);
	const stop = new AbortController();
	const [a, b, c] = [places.take(never), places.take(stop.signal), places.take(never)];
	await a.taken();
	const waiting = b.taken();
	stop.abort(new Error('enough'));

	await t.throwsAsync(waiting, {message: 'enough'});
	b.leave();
	a.leave();
	await t.notThrowsAsync(c.taken());
});
