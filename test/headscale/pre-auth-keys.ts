import {readFileSync} from 'node:fs';
import test from 'ava';
import {type PreAuthKey, parsePreAuthKeys, preAuthKeyState} from '../../src/headscale/pre-auth-keys.ts';

const recorded = (version: string) =>
	JSON.parse(readFileSync(new URL(`../fixtures/headscale/${version}/rest-preauthkey.json`, import.meta.url), 'utf8'));
const parseOne = (entry: object) => parsePreAuthKeys({preAuthKeys: [{id: '1', ...entry}]})?.keys[0];
const nowMs = Date.UTC(2026, 10, 22, 16);

for (const version of ['0.23.0', '0.26.1', '0.29.2', '0.30-dev']) {
	test(`headscale ${version}: the recorded list is understood`, t => {
		const list = parsePreAuthKeys(recorded(version));

		t.deepEqual(list?.problems, []);
		const [key] = list?.keys ?? [];
		if (!key) throw new Error('no key');
		const {createdMs, expiryMs, ...first} = key;
		// 0.23 says so of a reusable key too.
		t.deepEqual(first, {
			id: '1',
			user: 'ozzu',
			reusable: true,
			ephemeral: true,
			used: version === '0.23.0',
			tags: [],
		});
		t.is(Math.round(((expiryMs ?? 0) - (createdMs ?? 0)) / 3_600_000), 24);
		t.is(preAuthKeyState(key, nowMs), 'usable');
	});

	test(`headscale ${version}: no key gets through`, t => {
		t.notRegex(JSON.stringify(parsePreAuthKeys(recorded(version))), /hskey|0{20}/);
	});
}

test('headscale 0.30-dev: a single-use and an expired key are told apart', t => {
	const keys = parsePreAuthKeys(recorded('0.30-dev'))?.keys ?? [];

	t.deepEqual(
		keys.map(key => [key.reusable, key.ephemeral, preAuthKeyState(key, nowMs)]),
		[
			[true, true, 'usable'],
			[false, false, 'expired'],
			[true, false, 'expired'],
		],
	);
});

test('a whole key in plain text never leaves the parser, wherever it stands', t => {
	const secret = 'f00df00df00df00df00df00df00df00df00df00df00df00d';

	const list = parsePreAuthKeys({
		preAuthKeys: [{id: '1', key: secret, prefix: secret}, {key: secret}, {id: secret}, secret],
	});

	t.false(JSON.stringify(list).includes('f00d'));
});

test('a key that never expires has no time', t => {
	t.false('expiryMs' in (parseOne({expiration: null}) ?? {}));
	t.false('expiryMs' in (parseOne({}) ?? {}));
	t.is(preAuthKeyState(parseOne({expiration: null}) as PreAuthKey, nowMs), 'usable');
});

// Seen with 0.29.2: made by POST without an expiration, it is listed like this and refused with "authkey expired".
test('a key whose expiration is the year 1 has expired, and so has one of 1970', t => {
	for (const expiration of ['0001-01-01T00:00:00Z', '1970-01-01T00:00:00Z'])
		t.is(preAuthKeyState(parseOne({expiration, reusable: true}) as PreAuthKey, nowMs), 'expired');
});

test('an expiration that is no time is a problem and not silently never', t => {
	const list = parsePreAuthKeys({preAuthKeys: [{id: '5', expiration: 'tomorrow'}]});

	t.deepEqual(list?.problems, ['Pre-auth key 5 has an expiration that is no time; it is taken for never.']);
	t.false('expiryMs' in (list?.keys[0] ?? {}));
});

test('a key is used up when it was used and cannot be used again, also after it expired', t => {
	const state = (entry: object) => preAuthKeyState(parseOne(entry) as PreAuthKey, nowMs);

	t.is(state({used: true}), 'used_up');
	t.is(state({used: true, expiration: '2020-01-01T00:00:00Z'}), 'used_up');
	t.is(state({used: true, reusable: true}), 'usable');
	t.is(state({used: false}), 'usable');
	t.is(state({expiration: '2026-11-22T16:00:00Z'}), 'expired');
	t.is(state({expiration: '2026-11-22T16:00:00.001Z'}), 'usable');
});

test('the user is a name up to 0.25, an object after, and null for keys that only give tags', t => {
	t.is(parseOne({user: 'ada@example.com'})?.user, 'ada');
	t.is(parseOne({user: {id: '1', name: 'ada@example.com'}})?.user, 'ada');
	t.is(parseOne({user: {id: '1', name: '', email: 'bob@example.com'}})?.user, 'bob');
	t.like(parseOne({user: null, aclTags: ['tag:gpu', 'tag:gpu', 'tag:"x']}), {user: '', tags: ['tag:gpu', 'tag:_x']});
	t.is(parseOne({user: 7})?.user, '');
});

test('fields of wrong types count as not told', t => {
	t.deepEqual(parseOne({reusable: 'yes', ephemeral: 1, used: null, expiration: 7, createdAt: {}, aclTags: 'x'}), {
		id: '1',
		user: '',
		reusable: false,
		ephemeral: false,
		used: false,
		tags: [],
	});
});

test('an empty list is told apart from what is no list', t => {
	t.deepEqual(parsePreAuthKeys({preAuthKeys: []}), {keys: [], problems: []});
	for (const other of [undefined, null, [], {}, {preAuthKeys: {}}, {apiKeys: []}])
		t.is(parsePreAuthKeys(other), undefined);
});

test('a list of a hundred thousand is cut, and huge strings become short ones', t => {
	const entry = {user: 'u'.repeat(1000), aclTags: ['t'.repeat(1000)]};
	const list = parsePreAuthKeys({preAuthKeys: Array.from({length: 100_000}, (_, id) => ({id, ...entry}))});

	t.is(list?.keys.length, 10_000);
	t.deepEqual(list?.problems, ['Only the first 10000 of 100000 listed pre-auth keys are used.']);
	t.like(list?.keys[9999], {user: 'u'.repeat(64), tags: ['t'.repeat(64)]});
});
