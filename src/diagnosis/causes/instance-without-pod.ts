import type {World} from '../scene.ts';
import {evidenceOfInstance, kubeletLogCommands, machineOf, vastCommand} from '../seen/machine-state.ts';
import type {Cause, Finding} from '../types.ts';

export const instanceWithoutPod: Cause = {
	id: 'instance-without-pod',
	rung: 'machine',
	title: 'A rented machine has no pod',
	means:
		'The instance runs at vast.ai, and no pod in the cluster stands for it: nobody will end it, and it goes on costing money. Mostly its pod was deleted while vast.ai or the virtual kubelet was away. Destroy it if nobody needs it.',
	find(scene) {
		const {instance} = machineOf(scene) ?? {};
		const {instancesAt, podsAt} = scene.world.machines;
		if (!instance?.withoutPod || !instancesAt?.isFresh || !podsAt?.isFresh) return undefined;
		return findWithoutPod(scene.world, instance);
	},
};

type Instance = NonNullable<ReturnType<typeof machineOf>>['instance'] & object;

/** What there is to say of such an instance, also where no link leads to it. It breaks nothing. */
export function findWithoutPod(world: World, instance: Instance): Finding {
	const {id, label, pricePerHour} = instance;
	const price = pricePerHour === undefined ? '' : ` It costs $${pricePerHour.toFixed(2)} per hour.`;
	return {
		effect: 'beside',
		confidence: 'likely',
		about: `instance ${id}`,
		says: `Instance ${id}${label === '' ? '' : ` (${label})`} has no pod that stands for it.${price}`,
		evidence: [
			evidenceOfInstance(world, instance, 'a pod that stands for it'),
			{
				says: 'Kubernetes: no GPU pod stands for it.',
				...(world.machines.podsAt ? {atMs: world.machines.podsAt.ms} : {}),
			},
		],
		next: [
			vastCommand(['show', 'instance', id], 'Who rented it, and since when.'),
			...kubeletLogCommands(world, 'Whether the virtual kubelet lost it.'),
		],
	};
}
