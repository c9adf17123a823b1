import {headscaleCommand, tailscaleCommand} from '../commands.ts';
import {evidenceOf} from '../evidence.ts';
import type {Scene} from '../scene.ts';
import {doesMachineExplain, evidenceOfInstance, evidenceOfPod, isStopped, machineOf} from '../seen/machine-state.ts';
import {effectOfRecord, evidenceOfList, evidenceOfRefusal, isUnlisted} from '../seen/node-state.ts';
import type {Cause, Evidence} from '../types.ts';

export const nodeLeft: Cause = {
	id: 'node-left',
	rung: 'node',
	title: 'The node left the tailnet',
	means:
		'headscale listed this node and does not any more: somebody deleted it, it was logged out, or it was ephemeral and away for too long, which removes it by itself. Links to it end until a machine joins under its name. If the machine should be there, start it, or tailscaled on it, with a key that is valid.',
	find(scene) {
		const {peer, tunnel, vantageName} = scene;
		if (peer === '' || !isUnlisted(scene)) return undefined;
		if (livingSignsOf(scene).length > 0 || doesMachineExplain(scene)) return undefined;
		const refusal = evidenceOfRefusal(scene);
		return {
			effect: effectOfRecord(scene),
			confidence: 'certain',
			about: `node ${peer}`,
			says: `headscale does not list ${peer} any more. It was deleted or logged out, or was ephemeral and away for too long.`,
			evidence: [
				evidenceOfList(scene, `${peer}, which was listed before`),
				...(refusal ? [refusal] : tunnel ? [evidenceOf(tunnel)] : []),
			],
			next: [
				headscaleCommand(scene, ['nodes', 'list'], `Whether ${peer} came back, perhaps under another name.`),
				tailscaleCommand(scene, vantageName, ['status'], `Whether tailscaled here still knows ${peer}.`),
			],
		};
	},
};

/** What shows that the machine of a node goes on without its record. */
export function livingSignsOf(scene: Scene): Evidence[] {
	const {peer, world} = scene;
	const {instance, pod} = machineOf(scene) ?? {};
	const self = world.vantage(peer);
	const lost = lostStates.find(state => state === self?.facts.backendState);
	const look = world
		.fromVantage(peer)
		.map(world.look)
		.find(({verdict, outcome}) => verdict === 'up' && outcome !== undefined && isRecent(outcome.startedAt, scene));
	return [
		...(lost === undefined ? [] : [{says: `tailscaled on ${peer} is in state ${lost}: it has to sign in again.`}]),
		...(look ? [evidenceOf(look)] : []),
		...(instance && world.machines.instancesAt?.isFresh && !isStopped(instance)
			? [evidenceOfInstance(world, instance)]
			: []),
		...(pod?.phase === 'Running' && pod.ready !== false && world.machines.podsAt?.isFresh
			? [evidenceOfPod(world, pod)]
			: []),
	];
}

const lostStates = ['NeedsLogin', 'NeedsMachineAuth', 'Stopped'] as const;

/** Since the list was read that the node is missing on. */
function isRecent(startedAt: number, {nowMs}: Scene): boolean {
	return nowMs - startedAt < 120_000;
}
