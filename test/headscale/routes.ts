import {readFileSync} from 'node:fs';
import test from 'ava';
import {parseRoutes, withRoutes} from '../../src/headscale/routes.ts';
import type {TailnetNode} from '../../src/inventory/types.ts';

const recorded = (name: string) =>
	JSON.parse(readFileSync(new URL(`../fixtures/headscale/${name}`, import.meta.url), 'utf8'));
const route = (more: object) => ({node: {id: '1'}, prefix: '10.0.0.0/8', advertised: true, ...more});
const aNode = (id: string): TailnetNode => ({
	id,
	name: `n${id}`,
	resolvable: true,
	addresses: [`100.64.0.${id}`],
	owner: '',
	tags: [],
});

test('headscale 0.23.0: the recorded routes are those of their node', t => {
	const list = parseRoutes(recorded('0.23.0/rest-routes.json'));

	t.deepEqual(list?.problems, []);
	t.deepEqual(
		[...(list?.byNode ?? [])],
		[
			[
				'1',
				{
					available: ['::/0', '10.9.0.0/24', '10.10.0.0/16', '0.0.0.0/0'],
					approved: ['::/0', '10.10.0.0/16', '0.0.0.0/0'],
					served: ['::/0', '10.10.0.0/16', '0.0.0.0/0'],
				},
			],
		],
	);
});

test('a route is served by its primary node, an exit route by every node that has it approved', t => {
	const routes = [
		route({enabled: true, isPrimary: false}),
		route({node: {id: '2'}, enabled: true, isPrimary: true}),
		route({node: {id: '3'}, prefix: '0.0.0.0/0', enabled: true}),
		route({node: {id: '4'}, prefix: '0.0.0.0/0', enabled: false}),
		route({node: {id: '5'}, advertised: false, enabled: true, isPrimary: true}),
	];

	const {byNode} = parseRoutes({routes}) ?? {byNode: new Map()};

	t.deepEqual(
		[...byNode].map(([id, {served}]) => [id, served.length]),
		[
			['1', 0],
			['2', 1],
			['3', 1],
			['4', 0],
			['5', 0],
		],
	);
});

test('what cannot be used is a problem, but not a route whose node was removed', t => {
	const routes = [route({node: null}), route({node: {}}), route({prefix: '"><img>'}), route({prefix: 7}), null, 'x'];

	const list = parseRoutes({routes});

	t.is(list?.byNode.size, 0);
	t.is(list?.problems.length, 5);
	t.is(list?.problems[0], 'Entry 2 of the route list has no usable node or prefix and is left out.');
});

test('other shapes are no list, and a hundred thousand routes are cut', t => {
	for (const other of [undefined, null, [], {}, {routes: {}}, {code: 5, message: 'Not Found', details: []}])
		t.is(parseRoutes(other), undefined);
	t.is(
		parseRoutes({routes: Array.from({length: 100_000}, () => route({}))})?.byNode.get('1')?.available.length,
		10_000,
	);
});

test('nodes get the routes that are listed apart, or none; and stay as they are without such a list', t => {
	const list = {nodes: [aNode('1'), aNode('2')], problems: ['x']};

	const joined = withRoutes(list, parseRoutes({routes: [route({enabled: true})]}));

	t.deepEqual(joined.nodes[0]?.routes, {available: ['10.0.0.0/8'], approved: ['10.0.0.0/8'], served: []});
	t.deepEqual(joined.nodes[1]?.routes, {available: [], approved: [], served: []});
	t.deepEqual(joined.problems, ['x']);
	t.is(withRoutes(list, undefined), list);
	t.false('routes' in (list.nodes[0] ?? {}));
});
