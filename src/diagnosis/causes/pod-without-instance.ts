import {evidenceOf} from '../evidence.ts';
import type {World} from '../scene.ts';
import {
	describePodCommand,
	evidenceOfPod,
	kubeletLogCommands,
	machineOf,
	nameOfPod,
	vastCommand,
} from '../seen/machine-state.ts';
import {effectOfNode, evidenceOfList} from '../seen/node-state.ts';
import type {Cause, Finding} from '../types.ts';

export const podWithoutInstance: Cause = {
	id: 'pod-without-instance',
	rung: 'machine',
	title: 'A GPU pod has no machine behind it',
	means:
		'Kubernetes shows the pod, and no instance at vast.ai stands behind it: the machine was destroyed, by the host or by hand, and the virtual kubelet has not noticed. Nothing of it answers. Delete the pod, so that another machine is rented.',
	find(scene) {
		const {world, check} = scene;
		const {pod, instance} = machineOf(scene) ?? {};
		const {podsAt, instancesAt} = world.machines;
		if (!pod?.withoutInstance || instance || !podsAt?.isFresh || !instancesAt?.isFresh) return undefined;
		// One that waits for its machine is told as pending.
		if (pod.phase === 'Pending') return undefined;
		const finding = findWithoutInstance(world, pod);
		return {
			...finding,
			effect: effectOfNode(scene),
			evidence: [...finding.evidence, evidenceOfList(scene), ...(check ? [evidenceOf(check)] : [])],
		};
	},
};

type Pod = NonNullable<ReturnType<typeof machineOf>>['pod'] & object;

/** What there is to say of such a pod, also where no link leads to it. */
export function findWithoutInstance(world: World, pod: Pod): Finding {
	const {instancesAt} = world.machines;
	return {
		effect: 'beside',
		confidence: 'likely',
		about: `pod ${nameOfPod(pod)}`,
		says: `Pod ${nameOfPod(pod)} is ${pod.phase}, and no instance at vast.ai stands behind it.`,
		evidence: [
			evidenceOfPod(world, pod),
			{
				says: 'vast.ai: no instance stands behind it.',
				wanted: 'an instance that was rented for it',
				...(instancesAt ? {atMs: instancesAt.ms} : {}),
			},
		],
		next: [
			vastCommand(['show', 'instances'], 'Whether its instance is really gone.'),
			describePodCommand(pod, 'Its events: what became of its machine.'),
			...kubeletLogCommands(world, 'Whether the virtual kubelet noticed.'),
		],
	};
}
