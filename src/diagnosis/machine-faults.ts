/** Faults of machines, told for all of them at once: also of those that no link leads to, because they never came into the tailnet. Pure. */

import {findNeverJoined, instanceNeverJoined, neverJoined} from './causes/instance-never-joined.ts';
import {findWithoutPod, instanceWithoutPod} from './causes/instance-without-pod.ts';
import {findNotReady, nodeNotReady} from './causes/node-not-ready.ts';
import {findFailing, podFailing} from './causes/pod-failing.ts';
import {findPending, podPending} from './causes/pod-pending.ts';
import {findWithoutInstance, podWithoutInstance} from './causes/pod-without-instance.ts';
import {nameCause} from './explain.ts';
import type {World} from './scene.ts';
import {isFailing, isPending, unreadyNodeOf} from './seen/machine-state.ts';
import type {NamedCause} from './types.ts';

/** Each fault once, those that weigh most first, at most `faultsAtMost`. Nothing is told of what is not known now. */
export function findMachineFaults(world: World): NamedCause[] {
	const {machines, nowMs} = world;
	const {byNode, podsOutside, instancesOutside, clusterNodes, podsAt, instancesAt} = machines;
	const inside = [...byNode.values()];
	const outside = podsAt?.isFresh ? podsOutside : [];
	const pods = podsAt?.isFresh ? [...outside, ...inside.flatMap(({pod}) => pod ?? [])] : [];
	const instances = instancesAt?.isFresh
		? [...instancesOutside, ...inside.flatMap(({instance}) => instance ?? [])]
		: [];
	const waiting = outside.filter(pod => isPending(pod) && nowMs - (pod.createdAt ?? 0) > startMs);
	const empty = outside.filter(
		pod => instancesAt?.isFresh && pod.withoutInstance && !isPending(pod) && !isFailing(pod),
	);
	return [
		...clusterNodes.flatMap(node => {
			const own = pods.filter(pod => pod.node === node.name);
			const unready = own.some(pod => unreadyNodeOf(machines, pod));
			return unready ? [nameCause(nodeNotReady, findNotReady(world, node, own))] : [];
		}),
		...neverJoined(world).map(instance => nameCause(instanceNeverJoined, findNeverJoined(world, instance, nowMs))),
		...waiting.map(pod => nameCause(podPending, findPending(world, pod))),
		...outside.filter(isFailing).map(pod => nameCause(podFailing, findFailing(world, pod))),
		...empty.map(pod => nameCause(podWithoutInstance, findWithoutInstance(world, pod))),
		...[...new Map(instances.map(instance => [instance.id, instance])).values()]
			.filter(({withoutPod}) => withoutPod && podsAt?.isFresh)
			.map(instance => nameCause(instanceWithoutPod, findWithoutPod(world, instance))),
	].slice(0, faultsAtMost);
}

/** So many tell that something is wrong with all of them. */
export const faultsAtMost = 100;
/** So long it is usual that a pod waits for a machine. */
const startMs = 300_000;
