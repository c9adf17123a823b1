import test from 'ava';
import type {Config, RemoteVantageConfig} from '../../src/config/types.ts';
import type {TailnetNode} from '../../src/inventory/types.ts';
import {listMembers} from '../../src/vantages/members.ts';
import {aNode} from '../helpers/fake-daemon.ts';

const nodes = [
	aNode({id: '3', name: 'june-gpu-1', addresses: ['100.64.0.3'], owner: 'ozzu'}),
	aNode({id: '4', name: 'june-gpu-2', addresses: ['100.64.0.4'], owner: '', tags: ['tag:gpu']}),
	aNode({id: '66', name: 'june-gpu-rogue', addresses: ['100.64.0.66'], owner: 'mallory'}),
	aNode({id: '7', name: 'cluster', addresses: ['100.64.0.7'], owner: 'ozzu'}),
	aNode({id: '5', name: 'prober', addresses: ['100.64.0.5'], owner: 'ozzu'}),
];
const ways = [{type: 'agent', port: 9754, secret: {env: 'S'}}] as const;

function list(...remotes: Partial<RemoteVantageConfig>[]) {
	const config = {
		tailnet: {domain: 'tail.ozzu.world'},
		vantages: [
			{name: 'cluster', type: 'local'},
			...remotes.map(remote => ({name: 'gpu', type: 'remote', ways, graceMs: 0, ...remote})),
		],
	} as unknown as Config;
	return listMembers(config, {
		nodes,
		own: ['100.64.0.5'],
		podsOf: () => [{namespace: 'june-services', name: 'gpu-1', uid: 'u1'}],
	});
}

test('nodes become vantages by their owner, whatever others call themselves', t => {
	const {members} = list({members: {kind: 'nodes', selector: {name: 'june-gpu-*', owner: 'ozzu'}}});

	t.deepEqual(members, [{name: 'june-gpu-1', group: 'gpu', address: '100.64.0.3', node: nodes[0] as TailnetNode}]);
});

test('our own node is not looked from by a detour', t => {
	const {members} = list({members: {kind: 'nodes', selector: {owner: 'ozzu', exclude: ['cluster']}}});

	t.deepEqual(
		members.map(({name}) => name),
		['june-gpu-1'],
	);
});

test('a node that took the name of another vantage is left out, with a sentence', t => {
	const {members, problems} = list({members: {kind: 'nodes', selector: {owner: 'ozzu'}}});

	t.false(members.some(({name}) => name === 'cluster'));
	t.deepEqual(problems, [
		'Vantage gpu leaves out cluster: the entry cluster of the configuration has that name, and a vantage is told by its name.',
	]);
});

test('a host that is a node of the tailnet is dialled at its address there, any other as written', t => {
	const hosts = [
		{name: 'a', address: 'june-gpu-2.tail.ozzu.world'},
		{name: 'b', address: 'ssh5.example.com'},
	];

	const {members} = list({members: {kind: 'hosts', hosts}});

	t.deepEqual(members, [
		{name: 'a', group: 'gpu', address: '100.64.0.4', node: nodes[1] as TailnetNode},
		{name: 'b', group: 'gpu', address: 'ssh5.example.com'},
	]);
});

test('pods look by their own names', t => {
	const pod = {type: 'pod', namespace: 'june-services', selector: 'app=gpu', nodeBy: 'name'} as const;

	t.deepEqual(list({members: {kind: 'pods'}, ways: [pod]}).members, [
		{name: 'gpu-1', group: 'gpu', pod: {namespace: 'june-services', name: 'gpu-1', uid: 'u1'}},
	]);
});
