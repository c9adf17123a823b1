import {formatSpan} from '../../util/readable.ts';
import {evidenceOf} from '../evidence.ts';
import type {World} from '../scene.ts';
import {
	describePodCommand,
	evidenceOfPod,
	isPending,
	kubeletLogCommands,
	machineOf,
	nameOfPod,
	vastCommand,
} from '../seen/machine-state.ts';
import {doesAnswer, effectOfNode, evidenceOfList} from '../seen/node-state.ts';
import type {Cause, Finding} from '../types.ts';

export const podPending: Cause = {
	id: 'pod-pending',
	rung: 'machine',
	title: 'The GPU pod waits for a machine',
	means:
		'The pod is there, and no machine was found for it: mostly there is no offer at vast.ai that fits its wishes and its price, or no virtual kubelet that rents one. Nothing runs until there is one. See what it says, and whether GPU, price or region can be wished for less strictly.',
	find(scene) {
		const {world, check} = scene;
		const {pod} = machineOf(scene) ?? {};
		if (!pod || !isPending(pod) || !world.machines.podsAt?.isFresh || doesAnswer(scene)) return undefined;
		const finding = findPending(world, pod);
		return {
			...finding,
			effect: effectOfNode(scene),
			evidence: [...finding.evidence, evidenceOfList(scene), ...(check ? [evidenceOf(check)] : [])],
		};
	},
};

type Pod = NonNullable<ReturnType<typeof machineOf>>['pod'] & object;

/** What there is to say of such a pod, also where no link leads to it. */
export function findPending(world: World, pod: Pod): Finding {
	const {createdAt, detail, node, reason} = pod;
	const since = createdAt === undefined ? '' : ` for ${formatSpan(world.nowMs - createdAt)}`;
	const isPlaced = node !== undefined && reason !== 'Unschedulable';
	const what = isPlaced ? `it is given to ${node}, which has not started it` : 'no node takes it';
	return {
		effect: 'beside',
		confidence: 'certain',
		about: `pod ${nameOfPod(pod)}`,
		says: `Pod ${nameOfPod(pod)} has been pending${since}: ${detail === undefined ? what : `${what}. It says: ${detail}`}${detail?.endsWith('.') ? '' : '.'}`,
		evidence: [evidenceOfPod(world, pod, 'a pod that runs')],
		next: [
			describePodCommand(pod, 'Its events at the end: why no machine takes it.'),
			...kubeletLogCommands(world, 'Whether it finds an offer, and what vast.ai answers.'),
			...(world.machines.instancesAt ? [vastCommand(['show', 'instances'], 'Whether one was rented for it.')] : []),
		],
	};
}
