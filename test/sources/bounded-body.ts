import {setImmediate as breathe} from 'node:timers/promises';
import test from 'ava';
import {readBounded, refuseCompressed, UnusableError} from '../../src/sources/bounded-body.ts';

/** A body of such pieces; `told.ended` when nobody reads on. */
function bodyOf(pieces: Iterable<string>) {
	const told = {given: 0, ended: false};
	async function* body() {
		try {
			for (const piece of pieces) {
				told.given++;
				yield Buffer.from(piece);
			}
		} finally {
			told.ended = true;
		}
	}
	return {body: body(), told};
}

test('a body within its limit is read whole, and counted', async t => {
	const progress = {bytes: 0};

	const {bytes, whole} = await readBounded(bodyOf(['{"a"', ':1}']).body, {maxBytes: 7, progress});

	t.is(bytes.toString(), '{"a":1}');
	t.true(whole);
	t.is(progress.bytes, 7);
});

test('a longer body is left where it is longer, with what fits', async t => {
	const {body, told} = bodyOf(['abc', 'def', 'ghi', 'jkl']);

	const {bytes, whole} = await readBounded(body, {maxBytes: 5, progress: {bytes: 0}});

	t.is(bytes.toString(), 'abcde');
	t.false(whole);
	t.deepEqual(told, {given: 2, ended: true});
});

test('many short pieces are left, as many longer ones are not', async t => {
	const crumbs = bodyOf(Array.from({length: 10_002}, () => 'x'.repeat(63)));
	const loaves = bodyOf(Array.from({length: 10_002}, () => 'x'.repeat(64)));
	const reading = {maxBytes: 1_000_000, progress: {bytes: 0}};

	await t.throwsAsync(readBounded(crumbs.body, reading), {
		instanceOf: UnusableError,
		message: 'comes in pieces of less than 64 bytes, as from nobody who means well',
	});
	t.deepEqual(crumbs.told, {given: 10_001, ended: true});
	t.true((await readBounded(loaves.body, {...reading, progress: {bytes: 0}})).whole);
});

test('nothing more is read while what is held must wait', async t => {
	const {body, told} = bodyOf(['ab', 'cd', 'ef']);
	const place = Promise.withResolvers<void>();
	const held: number[] = [];
	const asked = Promise.withResolvers<void>();

	const reading = readBounded(body, {
		maxBytes: 100,
		progress: {bytes: 0},
		onHeld(bytes) {
			held.push(bytes);
			if (bytes !== 4) return undefined;
			asked.resolve();
			return place.promise;
		},
	});
	await asked.promise;
	await breathe();
	t.is(told.given, 2);
	place.resolve();

	t.is((await reading).bytes.toString(), 'abcdef');
	t.deepEqual(held, [2, 4, 6]);
});

test('what is compressed is refused, what is not, or does not say, is taken', t => {
	for (const coding of ['gzip', 'br', ['identity', 'gzip']])
		t.throws(() => refuseCompressed(coding), {instanceOf: UnusableError, message: /^is compressed/});
	for (const coding of [undefined, 'identity']) t.notThrows(() => refuseCompressed(coding));
});
