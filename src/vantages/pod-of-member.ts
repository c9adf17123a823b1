/** Which pod stands for a member. Pure. */

import type {PodWayConfig} from '../config/types.ts';
import type {Listed, Pod} from '../kubernetes/types.ts';
import {canonicalAddress} from '../net/guard.ts';
import type {Read} from '../sources/read.ts';
import type {Member} from './members.ts';

/** As much of a pod as an exec needs; more where the list of pods knows it. */
export type FoundPod = Pick<Pod, 'namespace' | 'name' | 'uid'> & Partial<Pod>;

/**
 * The pod, or a sentence that names what was looked for. A pod that was replaced by another of its name is that other one; among several
 * that fit, one that runs and does not go is taken, the youngest first.
 */
export function findPod(
	member: Member,
	way: Pick<PodWayConfig, 'namespace' | 'selector' | 'nodeBy'>,
	pods: Read<Listed<Pod>> | undefined,
): {pod: FoundPod} | {missing: string} {
	const where = `among the pods ${way.selector} in ${way.namespace}`;
	const listed = pods?.value?.items;
	if (!listed) {
		// What named the pod knew it.
		if (member.pod) return {pod: member.pod};
		const why = pods?.error === undefined ? 'they were not listed yet' : `they cannot be listed: ${pods.error}`;
		return {missing: `No pod can be found for ${member.name} ${where}: ${why}`};
	}
	const {test, wanted} = member.pod ? byItself(member.pod) : byNode(member, way.nodeBy);
	const fitting = listed.filter(test).toSorted((a, b) => rank(b) - rank(a) || (b.createdAt ?? 0) - (a.createdAt ?? 0));
	const pod = fitting[0];
	if (!pod) return {missing: `There is no pod ${wanted} ${where} (${listed.length} there).`};
	if (pod.phase === 'Succeeded' || pod.phase === 'Failed' || pod.phase === 'Pending')
		return {
			missing: `The pod ${pod.namespace}/${pod.name} does not run: it is ${pod.phase}${pod.reason === 'none' ? '' : ` (${pod.reason})`}.`,
		};
	return {pod};
}

interface Wish {
	test: (pod: Pod) => boolean;
	/** What stands behind "pod" in a sentence. */
	wanted: string;
}

function byItself({namespace, name}: NonNullable<Member['pod']>): Wish {
	return {test: pod => pod.namespace === namespace && pod.name === name, wanted: `${namespace}/${name}`};
}

function byNode(member: Member, nodeBy: PodWayConfig['nodeBy']): Wish {
	const name = member.node?.name ?? member.name;
	if (nodeBy === 'name') return {test: pod => pod.name === name, wanted: `named ${name}`};
	if (nodeBy === 'address') {
		const own = member.address === undefined ? [] : [member.address];
		const addresses = [...new Set([...(member.node?.addresses ?? []), ...own])];
		const canonical = new Set(addresses.map(canonicalOf));
		return {
			test: pod => pod.podIp !== undefined && canonical.has(canonicalOf(pod.podIp)),
			wanted: `with an address of ${name} (${addresses.join(', ') || 'none is known'})`,
		};
	}
	if ('label' in nodeBy)
		return {test: pod => pod.labels[nodeBy.label] === name, wanted: `with the label ${nodeBy.label}=${name}`};
	return {
		test: pod => pod.annotations[nodeBy.annotation] === name,
		wanted: `with the annotation ${nodeBy.annotation}: ${name}`,
	};
}

/** IPv6 has many ways to write one address. */
function canonicalOf(address: string): string {
	return canonicalAddress(address) ?? address;
}

function rank(pod: Pod): number {
	const lives = pod.phase === 'Running' || pod.phase === 'Unknown';
	return (lives ? 2 : 0) + (pod.deletionAt === undefined ? 1 : 0);
}
