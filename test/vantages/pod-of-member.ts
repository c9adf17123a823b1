import test from 'ava';
import type {PodWayConfig} from '../../src/config/types.ts';
import type {TailnetNode} from '../../src/inventory/types.ts';
import type {Listed, Pod} from '../../src/kubernetes/types.ts';
import type {Read} from '../../src/sources/read.ts';
import type {Member} from '../../src/vantages/members.ts';
import {findPod} from '../../src/vantages/pod-of-member.ts';

const node: TailnetNode = {
	id: '1',
	name: 'june-gpu-1',
	resolvable: true,
	addresses: ['100.64.0.7', 'fd7a:115c:a1e0::7'],
	owner: 'ozzu',
	tags: [],
};
const member: Member = {name: 'june-gpu-1', group: 'gpu', address: '100.64.0.7', node};

function aPod(name: string, more: Partial<Pod> = {}): Pod {
	const about = {namespace: 'june', uid: name, phase: 'Running', reason: 'none'} as const;
	return {...about, name, containers: [], labels: {}, annotations: {}, tolerations: [], ...more};
}

function listed(...items: Pod[]): Read<Listed<Pod>> {
	return {value: {items, problems: [], bad: 0}};
}

function find(nodeBy: PodWayConfig['nodeBy'], pods: Read<Listed<Pod>> | undefined, who: Member = member): string {
	const found = findPod(who, {namespace: 'june', selector: 'app=gpu', nodeBy}, pods);
	return 'pod' in found ? found.pod.uid : found.missing;
}

const isFound = test.macro({
	exec(t, nodeBy: PodWayConfig['nodeBy'], pod: Partial<Pod>) {
		t.is(find(nodeBy, listed(aPod('other'), aPod('pod', {uid: 'wanted', ...pod}))), 'wanted');
	},
	title: (_, nodeBy) => `the pod of a node is found by ${JSON.stringify(nodeBy)}`,
});
test(isFound, 'name', {name: 'june-gpu-1'});
test(isFound, 'address', {podIp: '100.64.0.7'});
test(isFound, {label: 'tailnet/node'}, {labels: {'tailnet/node': 'june-gpu-1'}});
test(isFound, {annotation: 'tailnet/node'}, {annotations: {'tailnet/node': 'june-gpu-1'}});

test('an IPv6 address is found however it is written', t => {
	t.is(find('address', listed(aPod('x', {podIp: 'FD7A:115C:A1E0:0::7'}))), 'x');
});

test('a host of the configuration has the name that stands there', t => {
	t.is(find('name', listed(aPod('gpu-a')), {name: 'gpu-a', group: 'gpu', address: 'gpu.example'}), 'gpu-a');
});

test('of several the one that runs and stays is taken, the youngest first', t => {
	const labels = {node: 'june-gpu-1'};
	const going = aPod('going', {labels, deletionAt: 1, createdAt: 9});
	const old = aPod('old', {labels, createdAt: 1});
	const young = aPod('young', {labels, createdAt: 2});
	const failed = aPod('failed', {labels, phase: 'Failed', createdAt: 5});

	t.is(find({label: 'node'}, listed(going, old, young, failed)), 'young');
	t.is(find({label: 'node'}, listed(failed, going)), 'going');
});

test('a member that is a pod is found by its own name, whatever its uid is now', t => {
	const who: Member = {name: 'gpu-0', group: 'gpu', pod: {namespace: 'june', name: 'gpu-0', uid: 'before'}};

	t.is(find('address', listed(aPod('gpu-0', {uid: 'now'})), who), 'now');
	t.is(find('address', undefined, who), 'before');
});

test('what was looked for is named when there is none', t => {
	const pods = listed(aPod('a'), aPod('b'));

	t.is(find('name', pods), 'There is no pod named june-gpu-1 among the pods app=gpu in june (2 there).');
	t.regex(find('address', pods), /with an address of june-gpu-1 \(100\.64\.0\.7, fd7a:115c:a1e0::7\)/);
	t.regex(find({label: 'x/y'}, pods), /with the label x\/y=june-gpu-1/);
	t.regex(find({annotation: 'x/y'}, pods), /with the annotation x\/y: june-gpu-1/);
});

test('pods that are not known yet, or cannot be listed, are told so', t => {
	t.regex(find('name', undefined), /they were not listed yet/);
	t.regex(find('name', {error: 'forbidden.'}), /they cannot be listed: forbidden\./);
});

test('a pod that does not run is told with its phase and reason', t => {
	const pending = aPod('june-gpu-1', {phase: 'Pending', reason: 'Unschedulable'});

	t.is(find('name', listed(pending)), 'The pod june/june-gpu-1 does not run: it is Pending (Unschedulable).');
});
