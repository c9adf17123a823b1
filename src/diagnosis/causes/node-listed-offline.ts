import {headscaleCommand, tailscaleCommand} from '../commands.ts';
import {evidenceOf} from '../evidence.ts';
import {evidenceOfList} from '../seen/node-state.ts';
import type {Cause} from '../types.ts';

export const nodeListedOffline: Cause = {
	id: 'node-listed-offline',
	rung: 'node',
	title: 'headscale calls a node offline that answers',
	means:
		'The tunnel to the node is up, so the node is there; headscale has lost its connection to it. That breaks no link by itself, but the node learns of no changes until the connection is back, and an ephemeral one will be removed. If it lasts, restart tailscaled on the node.',
	find(scene) {
		const {peer, node, tunnel, otherTunnels, world} = scene;
		if (node?.disagreement !== 'offline_but_reachable' || !world.nodesAreFresh) return undefined;
		const up = [...(tunnel ? [tunnel] : []), ...otherTunnels].filter(({verdict}) => verdict === 'up');
		const [first] = up;
		if (!first) return undefined;
		return {
			effect: 'beside',
			confidence: 'certain',
			about: `node ${peer}`,
			says: `headscale calls ${peer} offline, while its tunnel answers.${node.node.ephemeral ? ' It is ephemeral: headscale will remove it although it is alive.' : ''}`,
			evidence: [evidenceOfList(scene, 'online'), evidenceOf(first)],
			next: [
				headscaleCommand(scene, ['nodes', 'list'], `Whether ${peer} is still called offline.`),
				tailscaleCommand(scene, peer, ['status'], 'Whether it says that it cannot reach its control server.'),
			],
		};
	},
};
