import type {PodFacts} from '../../inventory/machine-types.ts';
import {formatSpan} from '../../util/readable.ts';
import {kubectlCommand} from '../commands.ts';
import type {World} from '../scene.ts';
import {evidenceOfPod, kubeletLogCommands, machineOf, nameOfPod, unreadyNodeOf} from '../seen/machine-state.ts';
import {effectOfNode, sayAgo} from '../seen/node-state.ts';
import type {Cause, Evidence, Finding} from '../types.ts';

export const nodeNotReady: Cause = {
	id: 'node-not-ready',
	rung: 'machine',
	title: 'The cluster node of the GPU pod is not ready',
	means:
		'Kubernetes hears nothing of the node that the pod is on. A virtual node has lost its kubelet: the machine goes on for now, but after five minutes Kubernetes drives the pod off, and its machine is destroyed with what is on it. Bring the virtual kubelet back before that. On a real node the pod is as good as gone.',
	find(scene) {
		const {world} = scene;
		const {pod} = machineOf(scene) ?? {};
		const unready = pod && unreadyNodeOf(world.machines, pod);
		if (!pod || !unready) return undefined;
		const finding = findNotReady(world, unready, [pod]);
		// Behind a virtual node the machine is elsewhere and does not stop for it.
		return unready.virtual ? finding : {...finding, effect: effectOfNode(scene), confidence: 'likely'};
	},
};

/** What there is to say of such a node, also where no link leads to its pods. */
export function findNotReady(
	world: World,
	{name, ready, readySince}: World['machines']['clusterNodes'][number],
	pods: readonly PodFacts[],
): Finding {
	const {nowMs} = world;
	const [first] = pods
		.filter(({evictionAt}) => evictionAt !== undefined)
		.toSorted((one, other) => (one.evictionAt ?? 0) - (other.evictionAt ?? 0));
	const since = readySince === undefined ? '' : ` for ${formatSpan(nowMs - readySince)}`;
	return {
		effect: 'beside',
		confidence: 'certain',
		about: `cluster node ${name}`,
		says: `Cluster node ${name} has been ${ready === 'unknown' ? 'silent' : 'not ready'}${since}.${first ? ` ${sayEviction(first, nowMs)}` : ''}`,
		evidence: [
			{
				says: `Kubernetes: the condition Ready of node ${name} is ${ready}${readySince === undefined ? '' : `, changed ${sayAgo(readySince, nowMs)}`}.`,
				wanted: 'true',
				atMs: nowMs,
			},
			...pods.slice(0, podsShown).map((pod): Evidence => evidenceOfPod(world, pod)),
		],
		next: [
			kubectlCommand(['describe', 'node', name], 'Its conditions and taints: since when, and why.'),
			...kubeletLogCommands(world, 'Whether the virtual kubelet runs, and what it says.'),
		],
	};
}

function sayEviction(pod: PodFacts, nowMs: number): string {
	const {evictionAt = 0} = pod;
	return evictionAt > nowMs
		? `Pod ${nameOfPod(pod)} will be driven off ${sayAgo(evictionAt, nowMs)}, and its machine destroyed.`
		: `Pod ${nameOfPod(pod)} is due to be driven off since ${formatSpan(nowMs - evictionAt)}, and its machine destroyed.`;
}

const podsShown = 5;
