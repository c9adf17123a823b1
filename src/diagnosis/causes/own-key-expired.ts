import {formatSpan} from '../../util/readable.ts';
import {headscaleCommand, signInCommand} from '../commands.ts';
import {isKeyExpired, keyExpiryOf} from '../seen/own-key-words.ts';
import {backendOf, effectOfVantage, evidenceOfVantage, rootVantage} from '../seen/vantage-words.ts';
import type {Cause} from '../types.ts';

export const ownKeyExpired: Cause = {
	id: 'own-key-expired',
	rung: 'vantage',
	title: "The key of tailprobe's own node expired",
	means:
		'Every node has a key, and that of the machine that looks has ended: its peers no longer talk to it, and nothing can be said of them. Sign it in again. A node with a tag has a key that never ends.',
	find(scene) {
		const state = rootVantage(scene);
		if (!state || state.condition === 'sound' || !isKeyExpired(scene, state)) return undefined;
		const backend = backendOf(state);
		// A key that headscale calls expired says nothing of a machine that cannot be asked.
		if (backend === undefined || backend === 'Stopped') return undefined;
		const agoMs = scene.nowMs - (keyExpiryOf(scene, state) ?? scene.nowMs);
		return {
			effect: effectOfVantage(scene, 'tailnet'),
			confidence: backend === 'NeedsLogin' ? 'certain' : 'likely',
			about: `vantage ${state.name}`,
			says: `The key of the node of vantage ${state.name} expired ${formatSpan(agoMs)} ago, and its tailscaled is in state ${backend}.`,
			evidence: [
				{says: `Its node key expired ${formatSpan(agoMs)} ago.`, wanted: 'a key that is valid', atMs: scene.nowMs},
				...evidenceOfVantage(scene, state),
			],
			next: [
				signInCommand(scene, state.name, 'It signs in again and has a new key.'),
				headscaleCommand(scene, ['nodes', 'list'], 'When the key of each node ends.'),
			],
		};
	},
};
