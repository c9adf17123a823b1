import test from 'ava';
import {createShared, raceAbort} from '../../src/net/shared.ts';

const endless = new AbortController().signal;

/** A fetch whose answers the test gives by hand. */
function byHand() {
	const flights: PromiseWithResolvers<string>[] = [];
	const fetch = () => {
		const flight = Promise.withResolvers<string>();
		flights.push(flight);
		return flight.promise;
	};
	return {flights, fetch};
}

const settled = () => new Promise(resolve => setImmediate(resolve));

test('all who ask at the same time share one fetch', async t => {
	const {flights, fetch} = byHand();
	const ask = createShared(fetch, {freshMs: 60_000, timeoutMs: 1000});

	const answers = Promise.all([ask(endless), ask(endless), ask(endless)]);
	await settled();
	flights[0]?.resolve('one');

	t.deepEqual(await answers, ['one', 'one', 'one']);
	t.is(await ask(endless), 'one');
	t.is(flights.length, 1);
});

test('an answer that is no longer fresh is fetched anew', async t => {
	let fetched = 0;
	const ask = createShared(async () => ++fetched, {freshMs: -1, timeoutMs: 1000});

	t.is(await ask(endless), 1);
	t.is(await ask(endless), 2);
});

test('who can do with an older answer gets it at once, and a new one is fetched behind it', async t => {
	const {flights, fetch} = byHand();
	const ask = createShared(fetch, {freshMs: -1, timeoutMs: 1000});
	const first = ask(endless);
	await settled();
	flights[0]?.resolve('old');
	await first;

	t.is(await ask(endless, 60_000), 'old');
	t.is(flights.length, 2);
	flights[1]?.resolve('new');
	await settled();
	t.is(await ask(endless, 60_000), 'new');
});

test('a failure is shared while fresh and never given out as an older answer', async t => {
	const {flights, fetch} = byHand();
	const ask = createShared(fetch, {freshMs: -1, timeoutMs: 1000});
	const first = ask(endless);
	await settled();
	flights[0]?.reject(new Error('broken'));
	await t.throwsAsync(first, {message: 'broken'});

	const second = ask(endless, 60_000);
	await settled();
	flights[1]?.resolve('mended');

	t.is(await second, 'mended');
});

test('one asker who gives up does not spoil the fetch for the others', async t => {
	const {flights, fetch} = byHand();
	const ask = createShared(fetch, {freshMs: 60_000, timeoutMs: 1000});
	const impatient = new AbortController();
	const givenUp = ask(impatient.signal);
	const patient = ask(endless);

	impatient.abort(new Error('enough'));
	await t.throwsAsync(givenUp, {message: 'enough'});
	flights[0]?.resolve('one');

	t.is(await patient, 'one');
});

test('an abort wins over a promise that never settles, also when it came before', async t => {
	const gone = AbortSignal.abort(new Error('over'));

	await t.throwsAsync(raceAbort(new Promise(() => {}), gone), {message: 'over'});
	await t.throwsAsync(raceAbort(Promise.reject(new Error('unheard')), gone), {message: 'over'});
});

test('an answer that was asked for before the moment in question is not taken, nor is one under way', async t => {
	const first = Promise.withResolvers<void>();
	let fetched = 0;
	const ask = createShared(
		async () => {
			const number = ++fetched;
			if (number === 1) await first.promise;
			return number;
		},
		{freshMs: 60_000, timeoutMs: 60_000},
	);
	const {signal} = new AbortController();

	const early = ask(signal);
	await new Promise(resolve => setImmediate(resolve));
	const since = performance.now();
	const late = [ask(signal, 0, since), ask(signal, 0, since)];
	first.resolve();

	t.is(await early, 1);
	t.deepEqual(await Promise.all(late), [2, 2]);
	t.is(await ask(signal), 2);
	t.is(await ask(signal, 60_000, performance.now() + 1), 3);
});
