import {headscaleCommand} from '../commands.ts';
import {noteOf} from '../seen/control-words.ts';
import type {Cause} from '../types.ts';

export const headscaleApiKeyExpiring: Cause = {
	id: 'headscale-api-key-expiring',
	rung: 'control',
	title: 'Our API key is about to expire',
	means:
		'Nothing fails yet. Once the key has expired tailprobe cannot read nodes, users and keys of headscale any more; machines and tunnels do not notice. Create another and put it where headscale.api_key points: it is read anew without a restart.',
	find(scene) {
		const {world, nowMs} = scene;
		const expiryMs = world.platform.headscale?.ownApiKeyExpiryMs;
		if (expiryMs === undefined || expiryMs <= nowMs) return undefined;
		const says = noteOf(world, 'API key');
		if (says === undefined) return undefined;
		return {
			effect: 'beside',
			confidence: 'certain',
			about: 'headscale API key',
			says,
			evidence: [{says, wanted: 'a key that lasts', atMs: nowMs}],
			next: [
				headscaleCommand(
					scene,
					['apikeys', 'create', '--expiration', '90d'],
					'A new key; put it where headscale.api_key points.',
				),
				headscaleCommand(scene, ['apikeys', 'list'], 'When each key ends.'),
			],
		};
	},
};
