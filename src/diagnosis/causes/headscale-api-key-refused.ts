import {headscaleCommand} from '../commands.ts';
import {controlOf, evidenceOfControl, failingFor, noteOf} from '../seen/control-words.ts';
import type {Cause} from '../types.ts';

export const headscaleApiKeyRefused: Cause = {
	id: 'headscale-api-key-refused',
	rung: 'control',
	title: 'The control server refuses our API key',
	means:
		'Only tailprobe is blind here: it cannot read nodes, users and keys, and what it shows of them is old. Machines and tunnels do not notice. The key expired, was deleted, or is another one: create a new one and put it where headscale.api_key points.',
	find(scene) {
		const {world, nowMs} = scene;
		const control = controlOf(world);
		const refused = control?.failing.find(({obstacle}) => obstacle === 'unauthorized');
		const expiryMs = world.platform.headscale?.ownApiKeyExpiryMs;
		const hasEnded = expiryMs !== undefined && expiryMs <= nowMs;
		if (!control || (!refused && !hasEnded)) return undefined;
		const note = hasEnded ? noteOf(world, 'API key') : undefined;
		return {
			effect: 'beside',
			confidence: 'certain',
			about: 'headscale',
			says: note ?? `headscale has refused our API key${failingFor(refused, nowMs)}.`,
			evidence: evidenceOfControl(scene, refused ? [refused] : []),
			next: [
				headscaleCommand(scene, ['apikeys', 'list'], 'Whether our key is there, by its prefix, and when it ends.'),
				headscaleCommand(
					scene,
					['apikeys', 'create', '--expiration', '90d'],
					'A new key; put it where headscale.api_key points.',
				),
			],
		};
	},
};
