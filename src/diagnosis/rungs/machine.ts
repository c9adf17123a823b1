/** The rung of the machine: the rented instance, the pod that stands for it, and what runs that pod. */

import type {Machine} from '../../inventory/machine-types.ts';
import {formatSpan} from '../../util/readable.ts';
import type {Scene} from '../scene.ts';
import {
	evidenceOfInstance,
	evidenceOfPod,
	isFailing,
	isPending,
	isStopped,
	machineOf,
	nameOfPod,
	sayStatus,
	unreadyNodeOf,
} from '../seen/machine-state.ts';
import {doesAnswer, sayAgo} from '../seen/node-state.ts';
import type {Evidence} from '../types.ts';
import type {RungLook} from './types.ts';

/** Whether the instance runs and its pod is well. */
export const machineRung: RungLook = {
	name: 'machine',
	look(scene) {
		const machine = machineOf(scene);
		if (!machine || (!machine.instance && !machine.pod)) return undefined;
		const evidence = evidenceOfAll(scene, machine);
		const fault = faultOf(scene, machine);
		if (fault !== undefined) return {state: 'broken', says: fault, evidence};
		const {nowMs, world} = scene;
		const ages = [
			...(machine.instance ? [world.machines.instancesAt] : []),
			...(machine.pod ? [world.machines.podsAt] : []),
		];
		if (!ages.some(age => age?.isFresh)) {
			const known = ages.flatMap(age => age?.ms ?? []);
			const age = known.length === 0 ? '' : ` for ${formatSpan(nowMs - Math.max(...known))}`;
			return {state: 'unseen', says: `Nothing was heard of its instance or pod${age}.`, evidence};
		}
		return {state: 'holds', says: sayWhole(machine), evidence};
	},
};

function sayWhole({instance, pod}: Machine): string {
	const parts = [
		...(instance ? [`Instance ${instance.id} ${sayStatus(instance)}`] : []),
		...(pod ? [`${instance ? 'pod' : 'Pod'} ${nameOfPod(pod)} is ${pod.ready ? 'ready' : pod.phase}`] : []),
	];
	return `${parts.join(', ')}.`;
}

/** What of it can keep the node from answering, as one sentence; what works all the same is not broken. */
function faultOf(scene: Scene, {instance, pod}: Machine): string | undefined {
	const {machines} = scene.world;
	const {instancesAt, podsAt} = machines;
	const answers = doesAnswer(scene);
	if (instance && instancesAt?.isFresh) {
		if (isStopped(instance) && !answers) return `Instance ${instance.id} ${sayStatus(instance)}.`;
		if (instance.reach === 'never_joined' && !answers)
			return `Instance ${instance.id} is paid for and never came into the tailnet.`;
	}
	if (!pod || !podsAt?.isFresh) return undefined;
	if (isFailing(pod))
		return `Pod ${nameOfPod(pod)} does not come up (${pod.reason === 'none' ? pod.phase : pod.reason}).`;
	if (isPending(pod) && !answers)
		return `Pod ${nameOfPod(pod)} is pending${pod.detail === undefined ? '' : `: ${pod.detail}`}.`;
	if (pod.withoutInstance && !instance && !answers) return `No instance stands behind pod ${nameOfPod(pod)}.`;
	const unready = unreadyNodeOf(machines, pod);
	if (unready && !unready.virtual && !answers) return `Cluster node ${unready.name} is not ready.`;
	return undefined;
}

function evidenceOfAll({world, nowMs}: Scene, {instance, pod}: Machine): Evidence[] {
	const {machines} = world;
	const {virtualKubelet, clusterNodes} = machines;
	const node = pod && clusterNodes.find(({name}) => name === pod.node);
	return [
		...(instance ? [evidenceOfInstance(world, instance)] : []),
		...(pod ? [evidenceOfPod(world, pod)] : []),
		...(pod?.evictionAt === undefined
			? []
			: [
					{says: `Kubernetes drives pod ${nameOfPod(pod)} off its node ${sayAgo(pod.evictionAt, nowMs)}.`, atMs: nowMs},
				]),
		...(node?.ready === undefined
			? []
			: [
					{
						says: `Kubernetes: the condition Ready of node ${node.name} is ${node.ready}.`,
						...(node.ready === 'true' ? {} : {wanted: 'true'}),
						atMs: nowMs,
					},
				]),
		...(pod && virtualKubelet
			? [
					{
						says: `Kubernetes: ${virtualKubelet.available} of ${virtualKubelet.wanted} pods of ${virtualKubelet.namespace}/${virtualKubelet.name} are available.`,
						...(virtualKubelet.available > 0 ? {} : {wanted: 'at least one'}),
						atMs: nowMs,
					},
				]
			: []),
	];
}
