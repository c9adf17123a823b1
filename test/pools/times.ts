import test from 'ava';
import {createTimes} from '../../src/pools/times.ts';
import type {MemberState, PoolMember} from '../../src/pools/types.ts';
import type {NodeView} from '../../src/server/types.ts';
import type {VastJoin} from '../../src/vast/join.ts';
import {aNode} from '../helpers/fake-daemon.ts';

const startedAt = 1_700_000_000_000;

const node = (id: string, createdSeconds?: number): NodeView => {
	const {createdMs: _, ...rest} = aNode({id, name: `gpu-${id}`});
	return {
		node: {...rest, ...(createdSeconds === undefined ? {} : {createdMs: startedAt + createdSeconds * 1000})},
		tunnels: [],
	};
};
const member = (nodeId: string, state: MemberState, instanceId?: string): PoolMember => ({
	name: `gpu-${nodeId}`,
	nodeId,
	state,
	...(instanceId === undefined ? {} : {instanceId}),
});
const rented = (...instances: [id: string, startSeconds: number][]): VastJoin => ({
	instances: instances.map(([id, start]) => ({
		instance: {id, label: '', status: 'running', startMs: startedAt + start * 1000},
		reach: 'reachable',
		paid: true,
	})),
	podsWithoutInstance: [],
	mismatches: new Map(),
	prices: new Map(),
	unpriced: 0,
	complete: true,
});

interface Look {
	at: number;
	nodes?: readonly NodeView[];
	members?: readonly PoolMember[];
	vast?: VastJoin;
}

/** What each look, at so many seconds after the start, brings to be known. */
function observe(looks: readonly Look[], hasVast: boolean) {
	const times = createTimes(startedAt);
	return looks.map(({at, nodes, members = [], vast}) => {
		const inputs = {nodes, vast, hasVast, nowMs: startedAt + at * 1000};
		times.look(inputs);
		return times.take('gpus', members, inputs).map(({what, seconds}) => `${what} ${seconds}`);
	});
}

test('without vast.ai a machine is timed from joining the tailnet to serving, once', t => {
	const told = observe(
		[
			{at: 5, nodes: []},
			{at: 65, nodes: [node('1', 60)], members: [member('1', 'unusable')]},
			{at: 95, nodes: [node('1', 60)], members: [member('1', 'unknown')]},
			{at: 150, nodes: [node('1', 60)], members: [member('1', 'usable')]},
			{at: 155, nodes: [node('1', 60)], members: [member('1', 'unusable')]},
			{at: 160, nodes: [node('1', 60)], members: [member('1', 'usable')]},
		],
		false,
	);

	t.deepEqual(told, [[], [], [], ['serving 90'], [], []]);
});

test('with vast.ai it is timed from being rented, also where its instance is found later than its node', t => {
	const nodes = [node('1', 120)];
	const told = observe(
		[
			{at: 5, nodes: [], vast: rented()},
			{at: 125, nodes, vast: rented(), members: [member('1', 'usable')]},
			{at: 185, nodes, vast: rented(['77', 30]), members: [member('1', 'usable', '77')]},
			{at: 190, nodes, vast: rented(['77', 30]), members: [member('1', 'usable', '77')]},
		],
		true,
	);

	t.deepEqual(told, [[], [], ['joined 90', 'serving 95'], []]);
});

test('what was there before we looked is never timed', t => {
	const told = observe(
		[
			{at: 5, nodes: [node('old', -10), node('at-first', 2)], vast: rented(['77', -5])},
			{at: 10, nodes: [node('old', -10), node('at-first', 2), node('late', -3)], vast: rented(['77', -5], ['88', -1])},
			{
				at: 15,
				nodes: [node('old', -10), node('at-first', 2), node('late', -3)],
				vast: rented(['77', -5], ['88', -1]),
				members: [member('old', 'usable'), member('at-first', 'usable', '77'), member('late', 'usable', '88')],
			},
		],
		true,
	);

	t.deepEqual(told, [[], [], []]);
	t.deepEqual(
		observe(
			[
				{at: 5, nodes: [node('old', -10)]},
				{at: 10, nodes: [node('old', -10)], members: [member('old', 'usable')]},
				// The record goes and comes back: that is not a new machine.
				{at: 15, nodes: []},
				{at: 20, nodes: [node('old', -10)], members: [member('old', 'usable')]},
			],
			false,
		),
		[[], [], [], []],
	);
});

test('while the list of nodes is not known nothing counts as the first look', t => {
	const told = observe(
		[{at: 5}, {at: 10, nodes: [node('1', 8)]}, {at: 15, nodes: [node('1', 8)], members: [member('1', 'usable')]}],
		false,
	);

	t.deepEqual(told, [[], [], []]);
});

test('clocks that differ make no negative times, and what took more than a day was not on its way', t => {
	const told = observe(
		[
			{at: 5, nodes: []},
			{at: 10, nodes: [node('1', 60)], members: [member('1', 'usable')]},
			{at: 20, nodes: [node('2', 11)], members: [member('2', 'unusable')]},
			{at: 100_000, nodes: [node('2', 11)], members: [member('2', 'usable')]},
		],
		false,
	);

	t.deepEqual(told, [[], ['serving 0'], [], []]);
});

test('a node without a time of its own joined when it was first seen', t => {
	const told = observe(
		[
			{at: 5, nodes: []},
			{at: 30, nodes: [node('1')], members: [member('1', 'unusable')]},
			{at: 75, nodes: [node('1')], members: [member('1', 'usable')]},
		],
		false,
	);

	t.deepEqual(told, [[], [], ['serving 45']]);
});
