import test from 'ava';
import {machineRung} from '../../../src/diagnosis/rungs/machine.ts';
import {aMachines, anInstanceView, aPodFacts, listed} from '../../helpers/machine-scenes.ts';
import {aScene, aTunnel, isDown, isUp, someTime} from '../../helpers/scenes.ts';

const silent = isDown(aTunnel(), 'timeout');
const up = isUp(aTunnel());

function look(check: typeof up, ...[machine, part]: Parameters<typeof aMachines>) {
	return machineRung.look(aScene([check], {...listed(), machines: () => aMachines(machine, part)}));
}

test('it holds while the instance runs and the pod is ready', t => {
	t.like(look(up, {instance: anInstanceView(), pod: aPodFacts()}), {
		state: 'holds',
		says: 'Instance 7000001 runs, pod gpu/tts-0 is ready.',
	});
});

test('it is broken where the instance has ended or the pod does not come up', t => {
	t.like(look(silent, {instance: anInstanceView({status: 'exited'})}), {
		state: 'broken',
		says: 'Instance 7000001 has ended: its container exited.',
	});
	t.like(look(up, {pod: aPodFacts({reason: 'OOMKilled'})}), {
		state: 'broken',
		says: 'Pod gpu/tts-0 does not come up (OOMKilled).',
	});
});

test('what is old says so', t => {
	const old = {ms: someTime - 720_000, isFresh: false};

	t.like(look(silent, {instance: anInstanceView({status: 'exited'})}, {instancesAt: old}), {
		state: 'unseen',
		says: 'Nothing was heard of its instance or pod for 12 min.',
	});
});

test('its evidence tells of cluster node, virtual kubelet and eviction', t => {
	const rung = look(
		up,
		{pod: aPodFacts({evictionAt: someTime + 60_000})},
		{
			clusterNodes: [{name: 'virtual-kubelet', ready: 'unknown', taints: [], virtual: true}],
			virtualKubelet: {namespace: 'vk', name: 'virtual-kubelet', wanted: 1, available: 0},
		},
	);

	const says = rung?.evidence.map(evidence => evidence.says).join(' ') ?? '';
	t.regex(says, /drives pod gpu\/tts-0 off its node in 1 min/);
	t.regex(says, /condition Ready of node virtual-kubelet is unknown/);
	t.regex(says, /0 of 1 pods of vk\/virtual-kubelet are available/);
});

test('a node that nothing rents or schedules has no such rung', t => {
	t.is(look(silent, undefined), undefined);
	t.is(look(silent, {gpus: {count: 1}}), undefined);
});
