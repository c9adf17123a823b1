import {headscaleCommand, tailscaleCommand} from '../commands.ts';
import {evidenceOf} from '../evidence.ts';
import {doesMachineExplain, evidenceOfInstance, evidenceOfPod, machineOf, vastCommand} from '../seen/machine-state.ts';
import {
	doesAnswer,
	effectOfNode,
	evidenceOfList,
	keyFaultOf,
	livingTwinOf,
	sayAgo,
	silentTunnels,
} from '../seen/node-state.ts';
import type {Cause} from '../types.ts';

export const nodeOffline: Cause = {
	id: 'node-offline',
	rung: 'node',
	title: 'The node is off',
	means:
		'headscale has lost its connection to the node, and nothing of it answers: the machine is off or lost its network, or tailscaled does not run there. Everything on it is out of reach. Start the machine, or tailscaled on it.',
	find(scene) {
		const {peer, node, nowMs, vantageName, world} = scene;
		if (node?.node.online !== false || !world.nodesAreFresh || doesAnswer(scene)) return undefined;
		if (keyFaultOf(scene) !== undefined || livingTwinOf(scene) || doesMachineExplain(scene)) return undefined;
		const silent = silentTunnels(scene);
		const {lastSeenMs, ephemeral} = node.node;
		const {instance, pod} = machineOf(scene) ?? {};
		const seen = lastSeenMs === undefined ? '' : `, last noted ${sayAgo(lastSeenMs, nowMs)}`;
		const end = ephemeral ? ' It is ephemeral: headscale will remove it if it stays away.' : '';
		const first = instance
			? vastCommand(['logs', instance.id, '--tail', '100'], 'Why tailscaled ended there.')
			: tailscaleCommand(scene, peer, ['status'], 'Whether the machine is there, and tailscaled runs on it.');
		return {
			effect: effectOfNode(scene),
			confidence: silent.length > 0 ? 'certain' : 'likely',
			about: `node ${peer}`,
			says: `${peer} is off: headscale has lost it${seen}${silent.length > 0 ? ', and its tunnel is silent' : ''}.${end}`,
			evidence: [
				evidenceOfList(scene, 'online'),
				...silent.map(look => evidenceOf(look)),
				...(instance ? [evidenceOfInstance(world, instance)] : []),
				...(pod ? [evidenceOfPod(world, pod)] : []),
			],
			next: [
				first,
				headscaleCommand(scene, ['nodes', 'list'], `Whether ${peer} is still offline, and since when.`),
				tailscaleCommand(scene, vantageName, ['ping', '-c', '3', peer], 'Whether it answers again.'),
			],
		};
	},
};
