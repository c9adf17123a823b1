import test from 'ava';
import type {GpuReading} from '../../src/collectors/gpus.ts';
import {joinMachines, type MachineInputs, rememberNodes} from '../../src/inventory/machines.ts';
import type {Node, Pod} from '../../src/kubernetes/types.ts';
import type {JoinedInstance} from '../../src/vast/join.ts';
import {aNode, anOutcome, aReading, someTime} from '../helpers/fake-daemon.ts';
import {anInstance} from '../helpers/vast-scene.ts';

function aJoined(id: number, part: Partial<JoinedInstance> = {}): JoinedInstance {
	return {instance: anInstance(id), reach: 'reachable', paid: true, ...part};
}

function aPod(name: string, part: Partial<Pod> = {}): Pod {
	return {
		...{namespace: 'gpu', name, uid: `uid-${name}`, phase: 'Running', reason: 'none', containers: [], labels: {}},
		...{annotations: {}, tolerations: []},
		...part,
	};
}

function join(part: Partial<MachineInputs> = {}) {
	return joinMachines({nodes: [aNode({name: 'june-gpu-1', addresses: ['100.64.0.7']})], readings: [], ...part});
}

function rented(instances: JoinedInstance[], lastNodes: [string, string][] = []): NonNullable<MachineInputs['vast']> {
	return {
		join: {instances, podsWithoutInstance: [{namespace: 'gpu', name: 'asr-0'}]},
		nodeBy: ['{label}', '*-{id}'],
		lastNodes: new Map(lastNodes.map(([id, name]) => [id, {name, by: 'time'}])),
		at: {ms: someTime, isFresh: true},
	};
}

function cluster(part: Partial<NonNullable<MachineInputs['kubernetes']>> = {}): MachineInputs['kubernetes'] & object {
	return {pods: [], ways: [], nodes: [], virtualNodes: [], ...part};
}

test('a node has the instance that was found to be it, and the pod that this one was rented for', t => {
	const vast = rented([
		aJoined(7, {node: {name: 'june-gpu-1', by: 'name'}, pod: {namespace: 'gpu', name: 'tts-0'}}),
		aJoined(8, {reach: 'never_joined'}),
	]);

	const {byNode, instancesOutside, podsOutside, instancesAt} = join({
		vast,
		kubernetes: cluster({pods: [aPod('tts-0'), aPod('asr-0', {phase: 'Pending', reason: 'Unschedulable'})]}),
	});

	t.like(byNode.get('june-gpu-1'), {instance: {id: '7', reach: 'reachable'}, pod: {name: 'tts-0'}});
	t.is(byNode.get('june-gpu-1')?.pod?.withoutInstance, undefined);
	t.deepEqual(
		instancesOutside.map(({id}) => id),
		['8'],
	);
	t.like(podsOutside, [{name: 'asr-0', withoutInstance: true}]);
	t.deepEqual(instancesAt, {ms: someTime, isFresh: true});
});

test('an instance that nobody pays for any more is still its node by its name, or by what it was before', t => {
	const nodes = [aNode({id: '1', name: 'june-gpu-1'}), aNode({id: '2', name: 'june-gpu-2'})];
	const stopped = (id: number, label: string) =>
		aJoined(id, {instance: anInstance(id, {label, status: 'exited'}), reach: 'idle', paid: false});

	const {byNode, instancesOutside} = join({
		nodes,
		vast: rented([stopped(7, 'june-gpu-1'), stopped(8, ''), stopped(9, '')], [['8', 'june-gpu-2']]),
	});

	t.deepEqual(
		[...byNode].map(([name, {instance}]) => [name, instance?.id, instance?.status]),
		[
			['june-gpu-1', '7', 'exited'],
			['june-gpu-2', '8', 'exited'],
		],
	);
	t.deepEqual(
		instancesOutside.map(({id}) => id),
		['9'],
	);
});

test('a node that a paid instance is goes to no other', t => {
	const {byNode} = join({
		vast: rented([
			aJoined(7, {node: {name: 'june-gpu-1', by: 'name'}}),
			aJoined(8, {instance: anInstance(8, {label: 'june-gpu-1', status: 'exited'}), reach: 'idle', paid: false}),
		]),
	});

	t.is(byNode.get('june-gpu-1')?.instance?.id, '7');
});

test('an instance whose node left the tailnet is outside, and known by the name that the node had', t => {
	const vast = rented([aJoined(7, {reach: 'left'})], [['7', 'june-gpu-9']]);

	const {byNode, instancesOutside} = join({vast});

	t.is(byNode.get('june-gpu-9')?.instance?.id, '7');
	t.is(instancesOutside[0]?.id, '7');
	t.is(join({nodes: [aNode({name: 'june-gpu-9'})], vast}).byNode.get('june-gpu-9'), undefined);
});

test('a pod belongs to a node by its address, by its mark, by its name, and by what the machine calls itself', t => {
	const nodes = [
		aNode({id: '1', name: 'by-address', addresses: ['100.64.0.7', 'fd7a:115c:a1e0::7']}),
		aNode({id: '2', name: 'by-mark'}),
		aNode({id: '3', name: 'by-name'}),
		aNode({id: '4', name: 'by-hostname-x1', hostname: 'by-hostname', online: true}),
		aNode({id: '5', name: 'by-hostname-x0', hostname: 'by-hostname', online: false}),
	];
	const pods = [
		aPod('one', {podIp: 'fd7a:115c:a1e0:0:0:0:0:7'}),
		aPod('two', {labels: {node: 'by-mark'}}),
		aPod('by-name'),
		aPod('by-hostname'),
	];

	const {byNode, podsOutside} = join({
		nodes,
		kubernetes: cluster({pods, ways: [{nodeBy: {label: 'node'}, pods}]}),
	});

	t.deepEqual([...byNode].map(([name, {pod}]) => [name, pod?.name]).toSorted(), [
		['by-address', 'one'],
		['by-hostname-x1', 'by-hostname'],
		['by-mark', 'two'],
		['by-name', 'by-name'],
	]);
	t.deepEqual(podsOutside, []);
});

test('of records that call themselves the same and of which none is known to be online, none is given the pod', t => {
	const nodes = ['a', 'b'].map(id => aNode({id, name: `gpu-${id}`, hostname: 'tts-0', online: false}));

	const {byNode, podsOutside} = join({nodes, kubernetes: cluster({pods: [aPod('tts-0')]})});

	t.is(byNode.size, 0);
	t.is(podsOutside.length, 1);
});

test('of two pods with one name the one that still runs stands for the node', t => {
	const pods = [
		aPod('june-gpu-1', {namespace: 'old', phase: 'Failed', createdAt: someTime}),
		aPod('june-gpu-1', {namespace: 'new', createdAt: someTime - 60_000}),
	];

	for (const order of [pods, pods.toReversed()])
		t.is(join({kubernetes: cluster({pods: order})}).byNode.get('june-gpu-1')?.pod?.namespace, 'new');
});

test('a pod says when it will be driven off its node', t => {
	const node: Node = {
		...{name: 'vk', uid: 'u', ready: 'unknown', schedulable: true, loopback: false, virtual: true},
		taints: [{key: 'node.kubernetes.io/unreachable', value: '', addedAt: someTime}],
	};
	const pods = [aPod('june-gpu-1', {node: 'vk', tolerations: [{key: 'node.kubernetes.io/unreachable', seconds: 300}]})];

	const {byNode, clusterNodes} = join({kubernetes: cluster({pods, nodes: [node], virtualNodes: ['vk', 'gone']})});

	t.is(byNode.get('june-gpu-1')?.pod?.evictionAt, someTime + 300_000);
	t.like(clusterNodes, [{name: 'vk', ready: 'unknown', virtual: true}]);
	t.is(clusterNodes.length, 1);
});

test('a virtual kubelet whose deployment is gone has no pods and wants none; of one that is not known nothing is told', t => {
	const wanted = {namespace: 'vk', deployment: 'virtual-kubelet'};

	const gone = join({kubernetes: cluster({virtualKubelet: {...wanted, found: []}})}).virtualKubelet;

	t.deepEqual(gone, {namespace: 'vk', name: 'virtual-kubelet', wanted: 0, available: 0});
	t.is(join({kubernetes: cluster()}).virtualKubelet, undefined);
});

test('GPUs are those of the last look; a model is told where all are the same, cleaned', t => {
	const gpu = (index: number, model: string) => ({index, model, values: {}, flags: {}});
	const reading = (peer: string, models: string[]): GpuReading => ({
		...{check: 'gpu', vantage: peer, peer, intervalMs: 15_000},
		outcome: anOutcome({reading: aReading({gpus: models.map((model, index) => gpu(index, model))})}),
	});

	const {byNode} = join({
		readings: [reading('one', ['RTX <4090>', 'RTX <4090>']), reading('two', ['A', 'B']), reading('', ['A'])],
	});

	t.deepEqual(Object.fromEntries(byNode), {
		one: {gpus: {count: 2, model: 'RTX _4090_'}},
		two: {gpus: {count: 2}},
	});
});

test('the node of an instance is remembered while the instance is there', t => {
	const first = rememberNodes(new Map(), {
		instances: [aJoined(7, {node: {name: 'june-gpu-1', by: 'time'}}), aJoined(8, {node: {name: 'x', by: 'name'}})],
	});

	const then = rememberNodes(first, {instances: [aJoined(7)]});

	t.deepEqual([...then], [['7', {name: 'june-gpu-1', by: 'time'}]]);
});

test('a thousand nodes with an instance and a pod each are joined in no time worth mentioning', t => {
	const names = Array.from({length: 1000}, (_, at) => `june-gpu-${at}`);
	const inputs = {
		nodes: names.map((name, at) => aNode({id: String(at), name, addresses: [`100.64.${at >> 8}.${at & 255}`]})),
		vast: rented(
			names.map((name, at) =>
				at % 10 === 0
					? aJoined(at, {instance: anInstance(at, {label: name, status: 'exited'}), reach: 'idle', paid: false})
					: aJoined(at, {node: {name, by: 'name'}}),
			),
		),
		kubernetes: cluster({pods: names.map(name => aPod(name))}),
	};

	const started = performance.now();
	const {byNode} = join(inputs);
	const tookMs = performance.now() - started;

	t.is([...byNode.values()].filter(({instance, pod}) => instance && pod).length, 1000);
	t.log(`${tookMs.toFixed(1)} ms`);
	t.true(tookMs < 2000);
});
