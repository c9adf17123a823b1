import {formatSpan} from '../../util/readable.ts';
import {headscaleCommand, signInCommand} from '../commands.ts';
import {keyExpiryOf} from '../seen/own-key-words.ts';
import {rootVantage} from '../seen/vantage-words.ts';
import type {Cause} from '../types.ts';

/** Our own node key ends within so long. */
const soonMs = 14 * 86_400_000;

export const ownKeyExpiring: Cause = {
	id: 'own-key-expiring',
	rung: 'vantage',
	title: "The key of tailprobe's own node is about to expire",
	means:
		'Nothing fails yet. When the key of the machine that looks has ended, it is cut off from all its peers and sees nothing any more. Sign it in again before, at a quiet time, or give its node a tag: then its key never ends.',
	find(scene) {
		const state = rootVantage(scene);
		const expiryMs = state && keyExpiryOf(scene, state);
		if (!state || expiryMs === undefined || expiryMs <= scene.nowMs || expiryMs > scene.nowMs + soonMs)
			return undefined;
		const says = `The key of the node of vantage ${state.name} expires in ${formatSpan(expiryMs - scene.nowMs)}.`;
		return {
			effect: 'beside',
			confidence: 'certain',
			about: `vantage ${state.name}`,
			says,
			evidence: [{says, wanted: 'a key that lasts', atMs: scene.nowMs}],
			next: [
				signInCommand(scene, state.name, 'It signs in again and has a new key; it is away meanwhile.'),
				headscaleCommand(scene, ['nodes', 'list'], 'When the key of each node ends.'),
			],
		};
	},
};
