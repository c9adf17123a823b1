import {readFileSync} from 'node:fs';
import test, {type ExecutionContext} from 'ava';
import {duplicateHostnames, isLingering, recordCollector, unservedRoutes} from '../../src/collectors/records.ts';
import {parseNodes} from '../../src/headscale/nodes.ts';
import {parseRoutes, withRoutes} from '../../src/headscale/routes.ts';
import type {TailnetNode} from '../../src/inventory/types.ts';
import {checkRows, collect} from '../helpers/samples.ts';

const nowMs = Date.UTC(2026, 10, 22, 16);
const hourMs = 3_600_000;
const recorded = (name: string) =>
	JSON.parse(readFileSync(new URL(`../fixtures/headscale/${name}`, import.meta.url), 'utf8'));

const aNode = (id: number, more: Partial<TailnetNode> = {}): TailnetNode => ({
	id: String(id),
	name: `n${id}`,
	resolvable: true,
	addresses: [`100.64.0.${id}`],
	owner: '',
	tags: [],
	...more,
});
const routes = (approved: string[], served: string[] = []) => ({routes: {available: approved, approved, served}});

function lines(t: ExecutionContext, nodes: readonly TailnetNode[], {graceUntil = 0, agoMs = 0} = {}): string[] {
	const at = nowMs - agoMs;
	const state = {
		health: {},
		nodes: {triedAt: at, succeededAt: at, value: {nodes, problems: []}},
		metrics: {},
		version: {},
		graceUntil,
	};
	return collect(t, recordCollector, {state, intervalMs: 15_000, lingerAfterMs: 24 * hourMs}, nowMs).map(line =>
		line.replace('tailprobe_headscale_', ''),
	);
}

test('its rows keep to the rules', t => {
	checkRows(t, recordCollector);
});

for (const version of ['0.26.1', '0.29.2', '0.30-dev']) {
	test(`headscale ${version}: the recorded list has no duplicates, nothing that lingers and no routes`, t => {
		const list = parseNodes(recorded(`${version}/rest-node.json`));

		t.deepEqual(lines(t, list?.nodes ?? []), [
			'duplicate_hostnames 0',
			'nodes_lingering{ephemeral="false"} 0',
			'nodes_lingering{ephemeral="true"} 0',
			'routes_approved_not_served 0',
			'routes{state="approved"} 0',
			'routes{state="available"} 0',
			'routes{state="served"} 0',
		]);
	});
}

test('headscale 0.23.0: routes are told once they were read, which they are apart', t => {
	const list = parseNodes(recorded('0.23.0/rest-node.json')) ?? {nodes: [], problems: []};
	const joined = withRoutes(list, parseRoutes(recorded('0.23.0/rest-routes.json')));

	t.false(lines(t, list.nodes).some(line => line.startsWith('routes')));
	t.deepEqual(
		lines(t, joined.nodes).filter(line => line.startsWith('routes')),
		[
			'routes_approved_not_served 0',
			'routes{state="approved"} 3',
			'routes{state="available"} 4',
			'routes{state="served"} 3',
		],
	);
});

test('a prefix that any node serves is served; each node counts its own routes', t => {
	const nodes = [
		aNode(1, routes(['10.0.0.0/8'], ['10.0.0.0/8'])),
		aNode(2, routes(['10.0.0.0/8', '10.1.0.0/16'])),
		aNode(3, routes(['10.1.0.0/16'])),
		aNode(4),
	];

	t.deepEqual(unservedRoutes(nodes), ['10.1.0.0/16']);
	t.deepEqual(
		lines(t, nodes).filter(line => line.startsWith('routes')),
		[
			'routes_approved_not_served 1',
			'routes{state="approved"} 4',
			'routes{state="available"} 4',
			'routes{state="served"} 1',
		],
	);
});

test('records with the same reported name are duplicates, whatever their labels', t => {
	const list = parseNodes({
		nodes: [
			{id: '1', ipAddresses: ['100.64.0.1'], name: 'June-GPU', givenName: 'june-gpu'},
			{id: '2', ipAddresses: ['100.64.0.2'], name: 'june-gpu', givenName: 'june-gpu-1'},
			{id: '3', ipAddresses: ['100.64.0.3'], name: 'other', givenName: 'other'},
			{id: '4', ipAddresses: ['100.64.0.4'], givenName: 'june-gpu-2'},
		],
	});

	const nodes = list?.nodes ?? [];

	t.true(lines(t, nodes).includes('duplicate_hostnames 1'));
	t.deepEqual(
		[...duplicateHostnames(nodes)].map(([name, records]) => [name, records.map(({id}) => id)]),
		[['june-gpu', ['1', '2']]],
	);
});

test('what has been offline for longer than that lingers, counted by whether it should have gone', t => {
	const gone = {online: false, lastSeenMs: nowMs - 25 * hourMs};
	const nodes = [
		aNode(1, {...gone, ephemeral: true}),
		aNode(2, {...gone, ephemeral: false}),
		aNode(3, gone),
		aNode(4, {online: false, lastSeenMs: nowMs - 23 * hourMs}),
		aNode(5, {online: true, lastSeenMs: nowMs - 99 * hourMs}),
	];

	t.deepEqual(
		lines(t, nodes).filter(line => line.startsWith('nodes_lingering')),
		['nodes_lingering{ephemeral="false"} 2', 'nodes_lingering{ephemeral="true"} 1'],
	);
});

test('a node that was never seen lingers by the age of its record; one of unknown age or state does not', t => {
	t.true(isLingering({online: false, createdMs: nowMs - 2}, 1, nowMs));
	t.false(isLingering({online: false, createdMs: nowMs - 1}, 1, nowMs));
	t.false(isLingering({online: false}, 1, nowMs));
	t.false(isLingering({createdMs: 0}, 1, nowMs));
});

test('after a restart everything is offline, so neither lingering nor unserved routes are told', t => {
	const nodes = [aNode(1, {online: false, lastSeenMs: 1, ...routes(['10.0.0.0/8'])})];

	const told = lines(t, nodes, {graceUntil: nowMs + 1});

	t.deepEqual(told, [
		'duplicate_hostnames 0',
		'routes{state="approved"} 1',
		'routes{state="available"} 1',
		'routes{state="served"} 0',
	]);
});

test('a list older than three intervals is withdrawn whole', t => {
	t.not(lines(t, [aNode(1)], {agoMs: 45_000}).length, 0);
	t.deepEqual(lines(t, [aNode(1)], {agoMs: 45_001}), []);
});

test('ten thousand nodes cost no more than a few series', t => {
	const nodes = Array.from({length: 10_000}, (_, id) =>
		aNode(id, {hostname: `h${id % 5000}`, ...routes(['10.0.0.0/8'])}),
	);

	t.is(lines(t, nodes).length, 7);
});
