import test from 'ava';
import {insist, parseConfig} from '../src/config/load.ts';
import type {Check} from '../src/engine/types.ts';
import type {TailnetNode} from '../src/inventory/types.ts';
import {createPlanner} from '../src/planner.ts';
import type {Member} from '../src/vantages/members.ts';
import type {VantageSet} from '../src/vantages/set.ts';
import {aNode} from './helpers/fake-daemon.ts';

const config = insist(
	parseConfig(
		`headscale: {url: "https://headscale.example.com", cli: {command: [headscale]}}
vantages:
  - {name: cluster, type: local}
  - {name: gpu, type: remote, nodes: {owner: ozzu}, ways: [{agent: {secret: {env: SECRET}}}]}
checks:
  - {name: tunnel, prober: tunnel, nodes: {}}
  - {name: webhook, prober: http, via: tailnet, from: [gpu], targets: ["http://june-orchestrator:8080/healthz"]}
`,
		'config.yaml',
	),
);

const gpu1 = aNode({name: 'june-gpu-1', owner: 'ozzu'});

/** A planner over nodes that the test sets, with vantages that start and end as they are told. */
function setUp() {
	const world = {
		nodes: undefined as readonly TailnetNode[] | undefined,
		known: true,
		looksAfar: true,
		starts: 1,
		members: [] as readonly Member[],
	};
	const plans: (readonly Check[])[] = [];
	const vantages: Pick<VantageSet, 'update' | 'leave' | 'planned' | 'starts' | 'ownAddresses'> = {
		update(next) {
			if (next.map(({name}) => name).join() !== world.members.map(({name}) => name).join()) world.starts++;
			world.members = next;
		},
		leave() {
			if (world.members.length > 0) vantages.update([]);
		},
		planned: () => [{name: 'cluster', group: 'cluster'}, ...world.members.map(({name, group}) => ({name, group}))],
		starts: () => world.starts,
		ownAddresses: () => new Map(world.members.map(({name, node}) => [name, node?.addresses ?? []])),
	};
	const planner = createPlanner({
		config: () => config,
		nodes: () => world.nodes,
		podsOf: () => [],
		vantages: () => vantages as VantageSet,
		looksAfar: () => world.looksAfar,
		known: () => world.known,
		onPlan: checks => plans.push(checks),
	});
	return {world, plans, planner};
}

const keys = (plan: readonly Check[] | undefined) => plan?.map(({key}) => key).toSorted();

test('the first plan waits for what it needs to know, and no longer than it must', t => {
	const {world, plans, planner} = setUp();
	world.known = false;

	planner.replan();
	t.false(planner.planned());

	planner.hurry();
	t.true(planner.planned());
	t.is(plans.length, 1);
});

test('a machine that joins brings its checks, and one that says nothing new brings no new plan', t => {
	const {world, plans, planner} = setUp();
	world.nodes = [];
	planner.replan();

	world.nodes = [gpu1];
	planner.replan();
	world.nodes = [{...structuredClone(gpu1), lastSeenMs: 5}];
	planner.replan();

	t.is(plans.length, 2);
	t.deepEqual(keys(plans.at(-1)), ['tunnel/cluster/june-gpu-1', 'webhook/june-gpu-1/june-orchestrator:8080']);
});

test('a vantage that was started anew gets its checks, though nothing else changed', t => {
	const {world, plans, planner} = setUp();
	world.nodes = [gpu1];
	planner.replan();
	t.is(plans.length, 1);

	world.starts++;
	planner.replan();

	t.is(plans.length, 2);
	t.deepEqual(keys(plans[1]), keys(plans[0]));
});

test('a group without any machine is told, with what does not run and why', t => {
	const {world, planner} = setUp();

	planner.replan();
	t.deepEqual(planner.problems(), [
		"Vantage gpu has no machine: headscale's list of nodes was not read yet. Until then nothing of webhook runs from there.",
	]);

	world.nodes = [{...gpu1, owner: 'mallory'}];
	planner.replan();
	t.deepEqual(planner.problems(), [
		'Vantage gpu has no machine: no node that headscale lists fits. Until then nothing of webhook runs from there.',
	]);

	world.nodes = [gpu1];
	planner.replan();
	t.deepEqual(planner.problems(), []);
});

test('a machine that looks is the node that has its addresses, and goes on being it when it leaves the list', t => {
	const {world, planner} = setUp();
	t.deepEqual(planner.remotes(), []);

	world.nodes = [gpu1];
	planner.replan();
	const listed = planner.remotes();
	world.members = [
		{name: 'june-gpu-1', group: 'gpu'},
		{name: 'somebody', group: 'hosts', node: gpu1},
		{name: 'nobody', group: 'hosts'},
	];
	const named = planner.remotes();
	world.nodes = [];
	planner.replan();
	world.members = [{name: 'june-gpu-1', group: 'gpu'}];

	t.deepEqual(listed, [{name: 'june-gpu-1', peer: 'june-gpu-1'}]);
	t.deepEqual(named, [
		{name: 'june-gpu-1', peer: 'june-gpu-1'},
		{name: 'somebody', peer: 'june-gpu-1'},
		{name: 'nobody', peer: ''},
	]);
	t.deepEqual(planner.remotes(), [{name: 'june-gpu-1', peer: 'june-gpu-1'}]);
});
