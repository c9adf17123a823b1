import {headscaleCommand, preAuthKeysCommand, tailscaleCommand} from '../commands.ts';
import {doesMachineExplain} from '../seen/machine-state.ts';
import {effectOfRecord, evidenceOfList, isUnlisted} from '../seen/node-state.ts';
import type {Cause} from '../types.ts';
import {livingSignsOf} from './node-left.ts';

export const nodeDeletedWhileAlive: Cause = {
	id: 'node-deleted-while-alive',
	rung: 'node',
	title: 'The node lost its place in the tailnet while its machine runs',
	means:
		'headscale does not list the node any more, but its machine is still there. Ephemeral nodes are removed when they lose headscale for too long, also when it is headscale that was away; a node can be deleted by hand, and tailscaled on it may have ended. The machine does not come back by itself: sign tailscaled in again there with a valid key. It may get another address.',
	find(scene) {
		const {peer, world} = scene;
		if (peer === '' || !isUnlisted(scene)) return undefined;
		const signs = livingSignsOf(scene);
		if (signs.length === 0 || doesMachineExplain(scene)) return undefined;
		const state = world.vantage(peer)?.facts.backendState;
		const isSignedOut = state === 'NeedsLogin' || state === 'NeedsMachineAuth';
		return {
			effect: effectOfRecord(scene),
			confidence: isSignedOut ? 'certain' : 'likely',
			about: `node ${peer}`,
			says: `headscale does not list ${peer} any more, while its machine still runs${isSignedOut ? ` and asks to sign in again (${state})` : ''}.`,
			evidence: [evidenceOfList(scene, `${peer}, which was listed before`), ...signs],
			next: [
				tailscaleCommand(
					scene,
					peer,
					['status'],
					'Whether it says that it is logged out, or that tailscaled does not run.',
				),
				headscaleCommand(scene, ['nodes', 'list'], `Whether ${peer} came back, perhaps under another name.`),
				preAuthKeysCommand(scene, 'Whether there is a key with which it can sign in again.'),
			],
		};
	},
};
