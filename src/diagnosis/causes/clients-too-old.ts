import {noteTailscaled} from '../../notes/tailscaled-notes.ts';
import {headscaleCommand, tailscaleCommand} from '../commands.ts';
import {evidenceOf} from '../evidence.ts';
import {doesMachineExplain} from '../seen/machine-state.ts';
import type {Cause} from '../types.ts';

export const clientsTooOld: Cause = {
	id: 'clients-too-old',
	rung: 'control',
	title: 'A client is older than the control server accepts',
	means:
		'Each version of headscale accepts clients from some version on. An older one that is connected may stay, and once it is disconnected headscale turns it away with status 400. Update tailscale on that machine.',
	find(scene) {
		const {world, peer, node, tunnel, nowMs} = scene;
		const {belowMinimum, minimum} = world.platform.clients ?? {};
		if (!belowMinimum || belowMinimum.count === 0) return undefined;
		const says = noteTailscaled(world).find(({about, isMild}) => about === 'clients' && !isMild)?.says;
		if (says === undefined) return undefined;
		const isShutOut =
			belowMinimum.names.includes(peer) &&
			node?.node.online === false &&
			tunnel?.verdict === 'down' &&
			// A machine that does not run is not turned away.
			!doesMachineExplain(scene);
		return {
			effect: isShutOut ? 'breaks' : 'beside',
			confidence: isShutOut ? 'likely' : 'certain',
			about: isShutOut ? `node ${peer}` : 'clients',
			says: isShutOut
				? `${peer} is offline, and its client is older than ${minimum ?? 'headscale accepts'}: it cannot come back.`
				: says,
			evidence: [
				{says, wanted: `clients from ${minimum ?? 'a newer version'} on`, atMs: nowMs},
				...(isShutOut ? [evidenceOf(tunnel)] : []),
			],
			next: [
				tailscaleCommand(
					scene,
					isShutOut ? peer : (belowMinimum.names[0] ?? ''),
					['version'],
					'Which version runs there.',
				),
				headscaleCommand(scene, ['version'], 'Which version of headscale it must suit.'),
			],
		};
	},
};
