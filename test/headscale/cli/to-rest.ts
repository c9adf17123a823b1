import {readFileSync} from 'node:fs';
import test from 'ava';
import {parseApiKeys} from '../../../src/headscale/api-keys.ts';
import {apiKeysToRest, nodesToRest, preAuthKeysToRest, usersToRest} from '../../../src/headscale/cli/to-rest.ts';
import {parseNodes} from '../../../src/headscale/nodes.ts';
import {parsePreAuthKeys} from '../../../src/headscale/pre-auth-keys.ts';
import {parseUsers} from '../../../src/headscale/users.ts';

const recorded = (version: string, file: string): unknown =>
	JSON.parse(readFileSync(new URL(`../../fixtures/headscale/${version}/${file}.json`, import.meta.url), 'utf8'));

const readsAlike = test.macro({
	exec(
		t,
		version: string,
		printed: string,
		answered: string,
		toRest: (printed: unknown) => unknown,
		parse: (body: unknown) => unknown,
	) {
		const byCommand = parse(toRest(recorded(version, printed)));

		t.deepEqual(byCommand, parse(recorded(version, answered)));
		t.notDeepEqual(byCommand, parse(toRest([])));
	},
	title: (_, version, printed) => `${printed} of ${version} tells what REST tells`,
});

for (const version of ['0.23.0', '0.26.1', '0.29.2'])
	test(readsAlike, version, 'cli-nodes', 'rest-node', nodesToRest, parseNodes);
for (const moment of ['livekit-expired', 'gpu2-killed'])
	test(readsAlike, '0.30-dev', `cli-nodes-${moment}`, `rest-node-${moment}`, nodesToRest, parseNodes);
for (const version of ['0.23.0', '0.26.1', '0.29.2', '0.30-dev']) {
	test(readsAlike, version, 'cli-users', 'rest-user', usersToRest, parseUsers);
	test(readsAlike, version, 'cli-preauthkeys', 'rest-preauthkey', preAuthKeysToRest, parsePreAuthKeys);
	test(readsAlike, version, 'cli-apikeys', 'rest-apikey', apiKeysToRest, parseApiKeys);
}

test('every recorded field of a node comes out as REST words it, but for the key and what that version does not have', t => {
	for (const [version, moment] of [
		['0.26.1', ''],
		['0.29.2', ''],
		['0.30-dev', '-gpu2-killed'],
	] as const) {
		const rest = recorded(version, `rest-node${moment}`) as {nodes: Record<string, Record<string, unknown>>[]};
		const expected = rest.nodes.map(({tags, forcedTags, validTags, invalidTags, preAuthKey, ...node}) => {
			const {key, ...told} = preAuthKey ?? {};
			return {...node, preAuthKey: told};
		});

		const converted = nodesToRest(recorded(version, `cli-nodes${moment}`))?.nodes as Record<string, unknown>[];

		t.deepEqual(
			converted.map(({tags, forcedTags, validTags, ...node}) => node),
			expected as unknown as Record<string, unknown>[],
		);
	}
});

test('no pre-auth key gets past, whatever its form', t => {
	const plain = '69b99be4f829472b800dce4eee361ec8200800079cb38db6';
	const key = {id: 1, key: plain, user: {id: 1, name: 'ozzu'}};

	const converted = [
		preAuthKeysToRest([key, {...key, id: '2'}]),
		nodesToRest([
			{id: 1, pre_auth_key: key},
			{id: '2', preAuthKey: {...key, id: '2'}},
		]),
		nodesToRest(Array.from({length: 10_002}, () => ({id: 1, pre_auth_key: key}))),
	];

	t.false(JSON.stringify(converted).includes(plain));
});

test('null is an empty list, and anything but a list is none', t => {
	t.deepEqual(nodesToRest(null), {nodes: []});
	t.deepEqual(usersToRest([]), {users: []});
	for (const printed of [undefined, {}, {nodes: []}, 'text', 7, true])
		for (const toRest of [nodesToRest, usersToRest, preAuthKeysToRest, apiKeysToRest]) t.is(toRest(printed), undefined);
});

test('what is zero is not printed up to 0.29, and is told all the same', t => {
	const [node] =
		parseNodes(nodesToRest([{id: 7, ip_addresses: ['100.64.0.7'], given_name: 'a', name: 'a'}]))?.nodes ?? [];

	t.like(node, {id: '7', name: 'a', online: false, ephemeral: false, owner: '', tags: []});
	t.is(node?.keyExpiryMs, undefined);
	t.is(node?.lastSeenMs, undefined);
	t.is(node?.registerMethod, undefined);
});

test('times of seconds and nanoseconds become the same moment; Go’s zero time is none, 1970 is a logout', t => {
	const expiryOf = (expiry: unknown) => {
		const [node] = parseNodes(nodesToRest([{id: 1, ip_addresses: ['100.64.0.1'], name: 'a', expiry}]))?.nodes ?? [];
		return node?.keyExpiryMs;
	};

	t.is(expiryOf({seconds: 1_795_354_694, nanos: 371_225_243}), 1_795_354_694_371);
	t.is(expiryOf({seconds: 1_795_354_694}), 1_795_354_694_000);
	t.is(expiryOf({seconds: 1_795_354_694, nanos: 5_000_000}), 1_795_354_694_005);
	t.is(expiryOf({seconds: -62_135_596_800}), undefined);
	t.is(expiryOf({}), 0);
	t.is(expiryOf({seconds: 1e300}), undefined);
	t.is(expiryOf({seconds: 'soon'}), undefined);
});

test('objects of empty fields, which 0.30 prints for what is absent, are absent', t => {
	const empty = {id: '', createdAt: '0001-01-01T00:00:00Z'};
	const printed = [{id: '1', ipAddresses: ['100.64.0.1'], name: 'a', user: empty, preAuthKey: {...empty, user: empty}}];

	const rest = nodesToRest(printed)?.nodes[0];

	t.like(rest, {user: null, preAuthKey: null});
	t.like(parseNodes({nodes: [rest]})?.nodes[0], {owner: '', ephemeral: false});
	t.like(preAuthKeysToRest([{id: '1', user: empty}])?.preAuthKeys[0], {user: null});
});

test('register methods are told by their names', t => {
	const methods = nodesToRest([
		{register_method: 1},
		{register_method: 2},
		{register_method: 3},
		{},
		{register_method: 9},
	]);

	t.deepEqual(
		methods?.nodes.map(node => (node as {registerMethod: unknown}).registerMethod),
		[
			'REGISTER_METHOD_AUTH_KEY',
			'REGISTER_METHOD_CLI',
			'REGISTER_METHOD_OIDC',
			'REGISTER_METHOD_UNSPECIFIED',
			'REGISTER_METHOD_UNSPECIFIED',
		],
	);
});

test('tags and routes are taken under the names of each version, and routes only count as told where they can be', t => {
	const node = {id: 1, ip_addresses: ['100.64.0.1'], name: 'a'};
	const other = {...node, id: 2, ip_addresses: ['100.64.0.2'], name: 'b'};
	const read = (...printed: object[]) => parseNodes(nodesToRest(printed))?.nodes ?? [];

	t.deepEqual(read({...node, tags: ['tag:gpu']})[0]?.tags, ['tag:gpu']);
	t.deepEqual(read({...node, forced_tags: ['tag:a'], valid_tags: ['tag:b']})[0]?.tags, ['tag:a', 'tag:b']);
	t.is(read(node)[0]?.routes, undefined);
	t.is(read({...node, pre_auth_key: {id: '1'}})[0]?.routes, undefined);
	t.deepEqual(read({...node, pre_auth_key: {id: 1}}, other)[1]?.routes, {approved: [], available: [], served: []});
	t.deepEqual(
		read({...node, available_routes: ['10.0.0.0/8']}, other).map(({routes}) => routes?.available),
		[['10.0.0.0/8'], []],
	);
});

test('entries that are no nodes become problems, not errors', t => {
	const list = parseNodes(
		nodesToRest([null, 'text', [], 7, {id: {}}, {id: 1, ip_addresses: ['100.64.0.1'], name: 'a'}]),
	);

	t.is(list?.nodes.length, 1);
	t.is(list?.problems.length, 5);
});
