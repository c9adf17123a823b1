import test from 'ava';
import {createPasswords, type Passwords} from '../../../src/server/door/passwords.ts';
import {systemClock} from '../../../src/util/clock.ts';
import {hashOf} from '../../helpers/guarded.ts';

function setUp(t: {teardown(call: () => Promise<void>): void}): Passwords {
	const passwords = createPasswords({
		clock: systemClock,
		onBug(text) {
			throw new Error(text);
		},
	});
	t.teardown(() => passwords.stop());
	return passwords;
}

test('right is right and wrong is wrong, for each kind of bcrypt hash', async t => {
	const {check} = setUp(t);
	const hash = hashOf('right');
	const users = new Map(['2a', '2b', '2y'].map(kind => [kind, hash.replace(/^\$2b/, `$${kind}`)]));

	for (const user of users.keys()) {
		t.deepEqual(await check(user, 'right', users, 'here'), {kind: 'right'});
		t.deepEqual(await check(user, 'wrong', users, 'here'), {kind: 'wrong'});
	}
	t.deepEqual(await check('nobody', 'right', users, 'here'), {kind: 'wrong'});
	t.deepEqual(await check('', '', users, 'here'), {kind: 'wrong'});
});

test('what is remembered opens for no other user, password or hash', async t => {
	const {check} = setUp(t);
	const users = new Map([
		['a', hashOf('bc')],
		['ab', hashOf('other')],
		['', hashOf('other')],
	]);
	t.deepEqual(await check('a', 'bc', users, 'here'), {kind: 'right'});

	t.deepEqual(await check('ab', 'c', users, 'here'), {kind: 'wrong'});
	t.deepEqual(await check('', 'abc', users, 'here'), {kind: 'wrong'});
	t.deepEqual(await check('a', 'bc', new Map([['a', hashOf('new')]]), 'here'), {kind: 'wrong'});
	t.deepEqual(await check('a', 'bc', new Map([['ab', hashOf('bc')]]), 'here'), {kind: 'wrong'});
});

test('after ten wrong tries from one place nothing from there is compared, whoever is known comes in, and other places go on', async t => {
	const {check} = setUp(t);
	const users = new Map([
		['alice', hashOf('right')],
		['bob', hashOf('right')],
	]);
	await check('alice', 'right', users, 'there');

	const verdicts = [];
	for (let at = 0; at < 12; at++) verdicts.push((await check('alice', `wrong${at}`, users, 'there')).kind);

	t.deepEqual(verdicts, [...Array(10).fill('wrong'), 'too_many_attempts', 'too_many_attempts']);
	t.is((await check('bob', 'right', users, 'there')).kind, 'too_many_attempts');
	t.is((await check('alice', 'right', users, 'there')).kind, 'right');
	t.is((await check('bob', 'right', users, 'elsewhere')).kind, 'right');
	t.is((await check('bob', 'right', users, 'there')).kind, 'right');
});

test('only so many wait, and only so many of them from one place', async t => {
	const {check} = setUp(t);
	const users = new Map([['alice', hashOf('right', 8)]]);

	const ofOne = await Promise.all(Array.from({length: 8}, (_, at) => check('alice', `wrong${at}`, users, 'one')));
	const ofMany = await Promise.all(
		Array.from({length: 60}, (_, at) => check('alice', `wrong${at}`, users, `place ${at}`)),
	);

	t.is(ofOne.filter(({kind}) => kind === 'overloaded').length, 4);
	t.true(ofMany.filter(({kind}) => kind === 'overloaded').length >= 20);
	t.is((await check('alice', 'right', users, 'another')).kind, 'right');
});

test('tries that wait when we end are answered', async t => {
	const passwords = setUp(t);
	const users = new Map([['alice', hashOf('right', 10)]]);
	const waiting = Array.from({length: 5}, (_, at) => passwords.check('alice', `wrong${at}`, users, `place ${at}`));

	await passwords.stop();

	for (const verdict of await Promise.all(waiting)) t.is(verdict.kind, 'overloaded');
});
