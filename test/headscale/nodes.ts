import {readFileSync} from 'node:fs';
import test from 'ava';
import {parseNodes, parseNodesInSlices} from '../../src/headscale/nodes.ts';
import type {NodeList} from '../../src/inventory/types.ts';

const recorded = (name: string) =>
	JSON.parse(readFileSync(new URL(`../fixtures/headscale/${name}`, import.meta.url), 'utf8'));

/** The list that these entries give; each has an id and an address unless it says otherwise. */
function parse(...entries: unknown[]): NodeList {
	const list = parseNodes({
		nodes: entries.map((entry, index) =>
			entry instanceof Object && !Array.isArray(entry)
				? {id: String(index + 1), ipAddresses: [`100.64.0.${index + 1}`], givenName: `n${index + 1}`, ...entry}
				: entry,
		),
	});
	if (!list) throw new Error('no list');
	return list;
}

const parseOne = (entry: object) => parse(entry).nodes[0];

for (const version of ['0.23.0', '0.26.1', '0.29.2', '0.30-dev']) {
	test(`headscale ${version}: the recorded list is understood`, t => {
		const list = parseNodes(recorded(`${version}/rest-node.json`));

		t.deepEqual(list?.problems, []);
		t.like(list?.nodes[0], {
			id: '1',
			name: 'june-orchestrator',
			resolvable: true,
			addresses: ['100.64.0.1', 'fd7a:115c:a1e0::1'],
			owner: 'ozzu',
			tags: [],
			online: true,
			ephemeral: true,
			registerMethod: 'auth_key',
		});
		t.false(list?.nodes.some(node => 'keyExpiryMs' in node));
		t.true(list?.nodes.every(node => Number.isInteger(node.lastSeenMs) && Number.isInteger(node.createdMs)));
	});

	test(`headscale ${version}: no key of any kind gets through`, t => {
		const list = JSON.stringify(parseNodes(recorded(`${version}/rest-node.json`)));

		t.notRegex(list, /mkey|nodekey|discokey|hskey|0{20}/);
	});
}

test('routes are told with the node from 0.26 on', t => {
	const routes = {approved: ['10.1.0.0/16'], available: ['10.1.0.0/16', '::/0'], served: []};
	const raw = {approvedRoutes: routes.approved, availableRoutes: routes.available, subnetRoutes: ['"><img>']};

	t.deepEqual(parseOne(raw)?.routes, routes);
	t.false('routes' in (parseNodes(recorded('0.23.0/rest-node.json'))?.nodes[0] ?? {}));
});

test('an expired key is told with its time', t => {
	const list = parseNodes(recorded('0.30-dev/rest-node-livekit-expired.json'));

	t.deepEqual(
		list?.nodes.filter(node => node.keyExpiryMs !== undefined).map(node => node.name),
		['livekit'],
	);
});

test('a key that never expires has no time, in each way of saying so', t => {
	for (const expiry of [null, undefined, '', '0001-01-01T00:00:00Z', '0001-01-01T00:53:28+00:53']) {
		t.false('keyExpiryMs' in (parseOne({expiry}) ?? {}), String(expiry));
	}
});

test('1970 means logged out and stays', t => {
	t.is(parseOne({expiry: '1970-01-01T00:00:00Z'})?.keyExpiryMs, 0);
});

test('nanoseconds and zones of a time are understood', t => {
	t.is(parseOne({expiry: '2026-11-22T13:38:15.675043390Z'})?.keyExpiryMs, Date.UTC(2026, 10, 22, 13, 38, 15, 675));
	t.is(parseOne({expiry: '2026-11-22T15:38:15+02:00'})?.keyExpiryMs, Date.UTC(2026, 10, 22, 13, 38, 15));
});

test('an expiry that is no time is a problem and not silently never', t => {
	const {nodes, problems} = parse({expiry: 'next tuesday'});

	t.is(nodes.length, 1);
	t.regex(problems[0] ?? '', /Node 1 has an expiry/);
});

test('a node that was never seen has no time', t => {
	for (const lastSeen of [null, '0001-01-01T00:00:00Z', 'x', 17]) {
		t.false('lastSeenMs' in (parseOne({lastSeen}) ?? {}));
	}
});

test('ephemeral is what the pre-auth key says; without one a node stays; when nothing is told nothing is known', t => {
	t.is(parseOne({preAuthKey: {ephemeral: true}})?.ephemeral, true);
	t.is(parseOne({preAuthKey: {ephemeral: false}})?.ephemeral, false);
	t.is(parseOne({preAuthKey: null})?.ephemeral, false);
	t.is(parseOne({})?.ephemeral, undefined);
	t.is(parseOne({preAuthKey: 'x'})?.ephemeral, undefined);
});

test('the owner is the name without its mail domain', t => {
	t.is(parseOne({user: {id: '1', name: 'ada@example.com'}})?.owner, 'ada');
	t.is(parseOne({user: {id: '1', name: '', email: 'ada@example.com'}})?.owner, 'ada');
	t.is(parseOne({user: {id: '1', name: 'a,"b\n'}})?.owner, 'a__b_');
	t.is(parseOne({user: null})?.owner, '');
	t.is(parseOne({})?.owner, '');
});

test('tagged nodes have no owner', t => {
	t.is(parseOne({user: {id: '2147455555', name: 'tagged-devices'}})?.owner, '');
	t.is(parseOne({user: {id: 2147455555, name: 'tagged-devices'}})?.owner, '');
	t.is(parseOne({user: {id: '1', name: 'ada'}, tags: ['tag:gpu']})?.owner, '');
});

test('tags are those of 0.28, else the forced and the valid ones, never the invalid', t => {
	t.deepEqual(parseOne({tags: ['tag:a', 'tag:a', 'tag:b']})?.tags, ['tag:a', 'tag:b']);
	t.deepEqual(parseOne({forcedTags: ['tag:f'], validTags: ['tag:v'], invalidTags: ['tag:i']})?.tags, [
		'tag:f',
		'tag:v',
	]);
	t.deepEqual(parseOne({tags: ['tag:a,tag:b', '"\n']})?.tags, ['tag:a_tag:b', '__']);
});

test('ids may be numbers', t => {
	t.is(parseOne({id: 17})?.id, '17');
});

test('addresses are canonical, IPv4 first, and what is none is left out', t => {
	const ipAddresses = ['FD7A:115C:A1E0:0::0001', '100.64.0.9', 'fd7a:115c:a1e0::1', '010.0.0.1', 'fe80::1%eth0', 'x'];

	t.deepEqual(parseOne({ipAddresses})?.addresses, ['100.64.0.9', 'fd7a:115c:a1e0::1']);
});

test('one bad entry never loses the list', t => {
	const {nodes, problems} = parse(
		{givenName: 'good'},
		null,
		'x',
		[],
		{id: 'abc'},
		{id: -1},
		{id: 1.5},
		{id: null},
		{ipAddresses: []},
		{ipAddresses: null},
		{ipAddresses: 'x'},
		{ipAddresses: ['not an address']},
		{id: '1'},
		{givenName: 'also-good', online: 'yes', tags: 7, user: 'x', expiry: {}, name: 5, approvedRoutes: null},
	);

	t.deepEqual(
		nodes.map(node => node.name),
		['good', 'also-good'],
	);
	t.is(problems.length, 12);
	t.false('online' in (nodes[1] ?? {}));
});

test('problems are bounded', t => {
	const {nodes, problems} = parse(...Array.from({length: 1000}, () => ({ipAddresses: []})));

	t.is(nodes.length, 0);
	t.is(problems.length, 21);
	t.regex(problems.at(-1) ?? '', /980 more/);
});

test('hostile names get through neither as names nor in problems', t => {
	const list = parse(
		{givenName: '"><img src=x>\n'},
		{givenName: '-oProxyCommand=x'},
		{givenName: '', name: '<script>'},
		{id: '<script>', givenName: '<script>'},
		{ipAddresses: ['<script>'], givenName: '<script>'},
	);

	t.notRegex(JSON.stringify(list), /[<>=]|\\/);
	t.deepEqual(
		list.nodes.map(node => node.name),
		['img-src-x--1', 'oProxyCommand-x-2', 'script--3'],
	);
	t.true(list.nodes.every(node => !node.resolvable));
});

test('the reported hostname stands in where no label is told', t => {
	t.is(parseOne({givenName: undefined, name: 'fallback'})?.name, 'fallback');
});

test('what is no node list is told apart from an empty one', t => {
	t.deepEqual(parseNodes({nodes: []}), {nodes: [], problems: []});
	t.deepEqual(parseNodes({nodes: null}), {nodes: [], problems: []});
	for (const body of [undefined, null, 'x', [], {}, {nodes: 'x'}, {nodes: {}}]) t.is(parseNodes(body), undefined);
});

test('a list read in slices is the same list', async t => {
	const body = recorded('0.30-dev/rest-node.json');

	t.deepEqual(await parseNodesInSlices(body), parseNodes(body));
	t.is(await parseNodesInSlices({}), undefined);
});

test('texts of an entry that are far too many count as not told', t => {
	const list = parseNodes({nodes: [{id: 1, ipAddresses: ['100.64.0.1'], tags: Array(1001).fill('tag:a')}]});

	t.deepEqual(list?.nodes[0]?.tags, []);
});

test('thousands of nodes are read', t => {
	const {nodes} = parse(
		...Array.from({length: 5000}, (_, index) => ({ipAddresses: [`100.64.${index >> 8}.${index & 255}`]})),
	);

	t.is(nodes.length, 5000);
});
