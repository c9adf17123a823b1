import {formatSpan} from '../../util/readable.ts';
import {headscaleCommand, kubectlCommand, tailscaleCommand} from '../commands.ts';
import {evidenceOf} from '../evidence.ts';
import {sinceOf} from '../incident-since.ts';
import type {Scene} from '../scene.ts';
import {before} from '../seen/control-words.ts';
import {doesMachineExplain, evidenceOfInstance, evidenceOfPod, machineOf, vastCommand} from '../seen/machine-state.ts';
import {
	effectOfNode,
	evidenceOfList,
	keyFaultOf,
	listSource,
	refusalOf,
	silentTunnels,
	tunnelsToOthers,
} from '../seen/node-state.ts';
import {countDiedTogether} from '../seen/tunnels.ts';
import type {Cause, Command, Confidence, Evidence} from '../types.ts';
import {noUnderlay} from './no-underlay.ts';
import {relayDown} from './relay-down.ts';

export const nodeSilent: Cause = {
	id: 'node-silent',
	rung: 'node',
	title: 'The node does not answer',
	means:
		'Nothing of the node answers, while headscale still calls it online, or tells nothing of now: it notices a machine that froze, or whose packets are lost, only after minutes. The machine froze, its network is cut, or a firewall drops what it sends. Look at the machine by another way than the tailnet, and restart it.',
	find(scene) {
		const {peer, vantageName, world, nowMs} = scene;
		const confidence = confidenceOf(scene);
		if (confidence === undefined) return undefined;
		const silent = silentTunnels(scene);
		const {instance, pod} = machineOf(scene) ?? {};
		// As the incident is dated, which has all that fails with the tunnels.
		const since = sinceOf(world.ofPeer(peer));
		const how = since === undefined ? '' : ` for ${formatSpan(nowMs - since)}`;
		const who = silent.length > 1 ? `, from ${silent.length} vantages` : '';
		return {
			effect: effectOfNode(scene),
			confidence,
			about: `node ${peer}`,
			says: `${peer} has not answered${how}${who}${sayListed(scene)}`,
			evidence: [
				...silent.map(look => evidenceOf(look, 'an answer')),
				evidenceOfList(scene),
				...evidenceOfOthers(scene),
				...(instance ? [evidenceOfInstance(world, instance)] : []),
				...(pod ? [evidenceOfPod(world, pod)] : []),
			],
			next: before(reachCommands(scene), [
				headscaleCommand(scene, ['nodes', 'list'], `Whether headscale now calls ${peer} offline: then it is off.`),
				tailscaleCommand(scene, peer, ['netcheck'], 'Whether that machine reaches anything at all.'),
				tailscaleCommand(scene, vantageName, ['ping', '-c', '3', peer], 'Whether it answers again, and by which path.'),
			]),
		};
	},
};

/**
 * How sure it is that the node is silent, and not the way to it; undefined: it is not, or something else is the likelier reason. With
 * nothing to compare it with, silence fits the node as well as the path.
 */
export function confidenceOf(scene: Scene): Exclude<Confidence, 'certain'> | undefined {
	const {node, tunnel, otherTunnels, world, vantageName} = scene;
	if (!node || (isToldNow(scene) && node.node.online !== true)) return undefined;
	const silent = silentTunnels(scene);
	if (silent.length === 0 || refusalOf(scene) !== undefined || keyFaultOf(scene) !== undefined) return undefined;
	if (doesMachineExplain(scene)) return undefined;
	// An answer to disco by any path means that its tailscaled is there.
	if (tunnel?.outcome?.reading?.facts.disco === 'answered') return undefined;
	const others = tunnelsToOthers(scene);
	// Nothing of what this vantage looks at answers it: the node is not what these have in common.
	const elsewhere = otherTunnels.filter(({verdict}) => verdict === 'down');
	if (others.up === 0 && elsewhere.length === 0 && silent.some(look => countDiedTogether(world, look) > 0))
		return undefined;
	// What lies beneath the tunnel is asked as well: a relay that it went by, or a node that is alive beside the tailnet.
	if (noUnderlay.find(scene) || relayDown.find(scene)?.effect === 'breaks') return undefined;
	if (!isToldNow(scene)) return 'consistent';
	return others.up > 0 || elsewhere.some(({view}) => view.check.vantage !== vantageName) ? 'likely' : 'consistent';
}

/** headscale says now which nodes are online: its list is read, and it was not just restarted. */
function isToldNow({world}: Scene): boolean {
	return world.nodesAreFresh && world.platform.headscale?.graceUntilMs === undefined;
}

function sayListed(scene: Scene): string {
	const {node, world, nowMs} = scene;
	const fault = 'it froze, is off, or its network is cut.';
	if (isToldNow(scene)) return ', while headscale calls it online: it froze, or its network is cut.';
	if (world.nodesAreFresh)
		return node?.node.online === true
			? `, while headscale, which was just restarted, calls it online: ${fault}`
			: `. headscale was just restarted and does not tell yet who is online: ${fault}`;
	const {online} = node?.node ?? {};
	const was = online === undefined ? 'listed' : online ? 'called online' : 'called offline';
	const readMs = listSource(world)?.lastSuccessAt;
	return `; headscale does not tell of now, and in its last list${readMs === undefined ? '' : `, ${formatSpan(nowMs - readMs)} old,`} it was ${was}: ${fault}`;
}

function evidenceOfOthers(scene: Scene): Evidence[] {
	const {up, down} = tunnelsToOthers(scene);
	if (up + down === 0) return [];
	return [{says: `Of the tunnels from ${scene.vantageName} to other nodes ${up} are up and ${down} are down.`}];
}

/** Ways to the machine past the tailnet. */
function reachCommands(scene: Scene): Command[] {
	const {instance, pod} = machineOf(scene) ?? {};
	return [
		...(instance
			? [
					vastCommand(
						['ssh-url', instance.id],
						`The way in past the tailnet; \`vastai reboot instance ${instance.id}\` restarts it where nothing answers there either.`,
					),
				]
			: []),
		...(pod
			? [
					kubectlCommand(
						['-n', pod.namespace, 'exec', '-it', pod.name, '--', 'sh'],
						'The way in past the tailnet: whether the machine lives, and its tailscaled runs.',
					),
				]
			: []),
	];
}
