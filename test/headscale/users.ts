import {readFileSync} from 'node:fs';
import test from 'ava';
import {parseUserKeys, parseUsers} from '../../src/headscale/users.ts';

const recorded = (version: string) =>
	JSON.parse(readFileSync(new URL(`../fixtures/headscale/${version}/rest-user.json`, import.meta.url), 'utf8'));

for (const version of ['0.23.0', '0.26.1', '0.29.2', '0.30-dev']) {
	test(`headscale ${version}: the recorded list is understood`, t => {
		const list = parseUsers(recorded(version));

		t.deepEqual(list?.problems, []);
		t.like(list?.users, [{id: '1', name: 'ozzu'}]);
		t.true(Number.isInteger(list?.users[0]?.createdMs));
	});
}

test('a name is told without its mail domain, and the mail address where there is no name', t => {
	const users = [
		{id: '1', name: 'ada@example.com', email: 'ada@other.example'},
		{id: '2', name: '', email: 'bob@example.com'},
		{id: '3', name: '"><img>\n'},
		{id: '4'},
	];

	const list = parseUsers({users});

	t.deepEqual(
		list?.users.map(user => user.name),
		['ada', 'bob', '___img__', ''],
	);
	t.false(JSON.stringify(list).includes('example'));
});

test('ids may be numbers; what has none or repeats one is a problem and never loses the list', t => {
	const list = parseUsers({users: [{id: 7, name: 'a'}, null, 'x', {name: 'b'}, {id: '-1'}, {id: '7', name: 'c'}]});

	t.deepEqual(list?.users, [{id: '7', name: 'a'}]);
	t.deepEqual(list?.problems, [
		'Entry 2 of the user list has no usable id and is left out.',
		'Entry 3 of the user list has no usable id and is left out.',
		'Entry 4 of the user list has no usable id and is left out.',
		'Entry 5 of the user list has no usable id and is left out.',
		'Entry 6 of the user list repeats id 7 and is left out.',
	]);
});

test('an empty list is told apart from what is no list', t => {
	t.deepEqual(parseUsers({users: []}), {users: [], problems: []});
	t.deepEqual(parseUsers({users: null}), {users: [], problems: []});
	for (const other of [undefined, null, [], {}, {users: {}}, {users: 'x'}, {nodes: []}, 'users', 7])
		t.is(parseUsers(other), undefined);
});

test('a list of a hundred thousand is cut, and problems are bounded', t => {
	const list = parseUsers({users: Array.from({length: 100_000}, (_, at) => (at % 2 === 0 ? {id: at, name: 'u'} : {}))});

	t.is(list?.users.length, 5000);
	t.is(list?.problems.length, 21);
	t.is(list?.problems[0], 'Only the first 10000 of 100000 listed users are used.');
	t.is(list?.problems.at(-1), '4981 more entries of the user list have faults.');
});

test('huge strings become short ones', t => {
	const list = parseUsers({users: [{id: '1', name: 'x'.repeat(5_000_000), createdAt: '2'.repeat(5_000_000)}]});

	t.deepEqual(list?.users, [{id: '1', name: 'x'.repeat(64)}]);
});

test('users can be asked for by id, and by the name exactly as it is', t => {
	t.deepEqual(parseUserKeys({users: [{id: '1', name: 'ada@example.com'}, {name: 'x'}, {id: '2'}]}), [
		{id: '1', rawName: 'ada@example.com'},
		{id: '2', rawName: ''},
	]);
	t.is(parseUserKeys({}), undefined);
});
