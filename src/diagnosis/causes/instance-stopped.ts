import {tailscaleCommand} from '../commands.ts';
import {evidenceOf} from '../evidence.ts';
import {
	evidenceOfInstance,
	isStopped,
	isSurelyStopped,
	machineOf,
	sayStatus,
	vastCommand,
} from '../seen/machine-state.ts';
import {doesAnswer, effectOfNode, evidenceOfList, nodeNameOf, silentTunnels} from '../seen/node-state.ts';
import type {Cause} from '../types.ts';

export const instanceStopped: Cause = {
	id: 'instance-stopped',
	rung: 'machine',
	title: 'The rented machine does not run',
	means:
		'The instance at vast.ai that this node is does not run, so nothing on it can answer. If it ended or was stopped, start it again or rent another; if its host is silent, wait or rent elsewhere; if it is still starting, it joins the tailnet when it is done.',
	find(scene) {
		const {world, vantageName} = scene;
		const {instance} = machineOf(scene) ?? {};
		if (!instance || !isStopped(instance) || !world.machines.instancesAt?.isFresh || doesAnswer(scene))
			return undefined;
		const name = nodeNameOf(scene);
		const {id} = instance;
		return {
			effect: effectOfNode(scene),
			confidence: isSurelyStopped(instance) ? 'certain' : 'likely',
			about: `instance ${id}`,
			says: `Instance ${id}, which is ${name}, ${sayStatus(instance)}.`,
			evidence: [
				evidenceOfInstance(world, instance, 'an instance that runs'),
				evidenceOfList(scene),
				...silentTunnels(scene).map(look => evidenceOf(look)),
			],
			next: [
				vastCommand(['show', 'instance', id], 'Its status, and what its host says of it.'),
				vastCommand(['logs', id, '--tail', '100'], 'Why the container ended.'),
				tailscaleCommand(scene, vantageName, ['ping', '-c', '3', name], 'Whether it answers again.'),
			],
		};
	},
};
