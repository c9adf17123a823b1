import {formatSpan} from '../../util/readable.ts';
import {headscaleCommand, tailscaleCommand} from '../commands.ts';
import {evidenceOf} from '../evidence.ts';
import type {Scene} from '../scene.ts';
import type {Cause, Confidence, Evidence} from '../types.ts';
import {doesMachineExplain, evidenceOfInstance, evidenceOfPod, machineOf} from './machine-state.ts';
import {noUnderlay} from './no-underlay.ts';
import {effectOfNode, evidenceOfList, keyFaultOf, refusalOf, silentTunnels, tunnelsToOthers} from './node-state.ts';
import {relayDown} from './relay-down.ts';

export const nodeSilent: Cause = {
	id: 'node-silent',
	rung: 'node',
	title: 'The node is called online and does not answer',
	means:
		'Nothing of the node answers, while headscale still calls it online: it notices a machine that froze, or whose packets are lost, only after minutes. The machine froze, its network is cut, or a firewall drops what it sends. Look at the machine by another way than the tailnet, and restart it.',
	find(scene) {
		const {peer, vantageName, world, nowMs} = scene;
		const confidence = confidenceOf(scene);
		if (confidence === undefined) return undefined;
		const silent = silentTunnels(scene);
		const {instance, pod} = machineOf(scene) ?? {};
		const since = Math.min(...silent.flatMap(({view: {downSince}}) => downSince ?? []));
		const how = Number.isFinite(since) ? ` for ${formatSpan(nowMs - since)}` : '';
		const who = silent.length > 1 ? `, from ${silent.length} vantages` : '';
		return {
			effect: effectOfNode(scene),
			confidence,
			about: `node ${peer}`,
			says: `${peer} has not answered${how}${who}, while headscale calls it online: it froze, or its network is cut.`,
			evidence: [
				...silent.map(look => evidenceOf(look, 'an answer')),
				evidenceOfList(scene),
				...evidenceOfOthers(scene),
				...(instance ? [evidenceOfInstance(world, instance)] : []),
				...(pod ? [evidenceOfPod(world, pod)] : []),
			],
			next: [
				tailscaleCommand(vantageName, ['ping', '-c', '3', peer], 'Whether it answers again, and by which path.'),
				headscaleCommand(scene, ['nodes', 'list'], `Whether headscale now calls ${peer} offline: then it is off.`),
				tailscaleCommand(peer, ['netcheck'], 'Whether that machine reaches anything at all.'),
			],
		};
	},
};

/**
 * How sure it is that the node is silent, and not the way to it; undefined: it is not, or something else is the likelier reason. With
 * nothing to compare it with, silence fits the node as well as the path.
 */
export function confidenceOf(scene: Scene): Exclude<Confidence, 'certain'> | undefined {
	const {node, tunnel, otherTunnels, world, vantageName} = scene;
	if (node?.node.online !== true || !world.nodesAreFresh) return undefined;
	const silent = silentTunnels(scene);
	if (silent.length === 0 || refusalOf(scene) !== undefined || keyFaultOf(scene) !== undefined) return undefined;
	if (doesMachineExplain(scene)) return undefined;
	// An answer to disco by any path means that its tailscaled is there.
	if (tunnel?.outcome?.reading?.facts.disco === 'answered') return undefined;
	const others = tunnelsToOthers(scene);
	// Nothing of what this vantage looks at answers it: the node is not what these have in common.
	const elsewhere = otherTunnels.filter(({verdict}) => verdict === 'down');
	if (others.up === 0 && others.down > 0 && elsewhere.length === 0) return undefined;
	// What lies beneath the tunnel is asked as well: a relay that it went by, or a node that is alive beside the tailnet.
	if (noUnderlay.find(scene) || relayDown.find(scene)?.effect === 'breaks') return undefined;
	return others.up > 0 || elsewhere.some(({view}) => view.check.vantage !== vantageName) ? 'likely' : 'consistent';
}

function evidenceOfOthers(scene: Scene): Evidence[] {
	const {up, down} = tunnelsToOthers(scene);
	if (up + down === 0) return [];
	return [{says: `Of the tunnels from ${scene.vantageName} to other nodes ${up} are up and ${down} are down.`}];
}
