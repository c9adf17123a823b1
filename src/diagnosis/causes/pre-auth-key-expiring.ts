import {headscaleCommand, preAuthKeysCommand} from '../commands.ts';
import {noteOf} from '../seen/control-words.ts';
import type {Cause} from '../types.ts';

export const preAuthKeyExpiring: Cause = {
	id: 'pre-auth-key-expiring',
	rung: 'control',
	title: 'The pre-auth key with which machines join is about to expire',
	means:
		'Nothing fails yet. Once the key has ended no new machine can join with it, and those that are rented then cost money without being seen. Create another and put it where machines get theirs.',
	find(scene) {
		const {world, nowMs} = scene;
		const keys = world.platform.headscale?.preAuthKeys;
		if (keys?.ending.earliestExpiryMs === undefined || keys.usable === 0) return undefined;
		// What has ended already is told by its own cause, in the same words.
		if (keys.unreplaced.latestExpiryMs !== undefined) return undefined;
		const says = noteOf(world, 'pre-auth keys');
		if (says === undefined) return undefined;
		return {
			effect: 'beside',
			confidence: 'certain',
			about: 'headscale pre-auth keys',
			says,
			evidence: [{says, wanted: 'a key that lasts', atMs: nowMs}],
			next: [
				preAuthKeysCommand(scene, 'When each key ends.'),
				headscaleCommand(
					scene,
					['preauthkeys', 'create', '--help'],
					'How to make one like it: same user, tags, reusable, ephemeral.',
				),
			],
		};
	},
};
