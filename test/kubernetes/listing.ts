import test from 'ava';
import {createListing, maxObjects} from '../../src/kubernetes/listing.ts';
import {parsePod} from '../../src/kubernetes/pods.ts';
import {aPod} from '../helpers/kubernetes-api.ts';

test('an object without a usable name counts once, however often it changes, until it goes', t => {
	const listing = createListing(parsePod);
	const nameless = (uid: unknown, name = '<script>') => ({metadata: {name, namespace: 'june-services', uid}});

	for (let times = 0; times < 5; times++) listing.put(nameless('u-1'));
	t.is(listing.current().bad, 1);
	listing.put(nameless('u-2'));
	listing.put(nameless(7));
	listing.put(nameless(8, '<b>'));
	listing.put(nameless(9, '<b>'));
	t.is(listing.current().bad, 4);
	t.deepEqual(listing.current().problems, ['4 objects without a usable name cannot be used.']);

	listing.remove(nameless('u-1'));
	listing.remove(nameless(8, '<b>'));
	t.is(listing.current().bad, 2);
	listing.remove(nameless('u-2'));
	listing.remove(nameless(7));
	t.deepEqual(listing.current(), {items: [], problems: [], bad: 0});
});

test('objects that are too many count once each, and take the place of those that go', t => {
	const listing = createListing(parsePod);
	for (let at = 0; at < maxObjects; at++) listing.put(aPod(`gpu-${at}`));

	for (let times = 0; times < 3; times++) listing.put(aPod('one-more'));
	listing.put(aPod('another'));
	t.is(listing.current().bad, 2);
	listing.remove(aPod('another'));
	listing.remove(aPod('gpu-0'));
	listing.put(aPod('one-more'));

	t.is(listing.current().bad, 0);
	t.deepEqual(listing.current().problems, []);
	t.is(listing.get('june-services/one-more')?.name, 'one-more');
});

test('what is kept of bad objects is bounded', t => {
	const listing = createListing(parsePod);

	for (let at = 0; at < maxObjects + 100; at++) listing.put({metadata: {uid: `u-${at}`}});

	t.is(listing.current().bad, maxObjects);
});
