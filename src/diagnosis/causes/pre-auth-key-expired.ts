import {headscaleCommand, preAuthKeysCommand} from '../commands.ts';
import {hasNeverJoined, noteOf} from '../seen/control-words.ts';
import type {Cause} from '../types.ts';

export const preAuthKeyExpired: Cause = {
	id: 'pre-auth-key-expired',
	rung: 'control',
	title: 'The pre-auth key with which machines join has expired',
	means:
		'A new machine joins the tailnet with a pre-auth key, and the one that machines here are set up with has expired or was used up. Those that joined stay; a new one starts, costs money, and is never seen. Create another key and put it where machines get theirs.',
	find(scene) {
		const {world, nowMs, peer} = scene;
		const keys = world.platform.headscale?.preAuthKeys;
		if (!keys) return undefined;
		const noneIsLeft = keys.areInUse && keys.usable === 0;
		if (!noneIsLeft && keys.unreplaced.latestExpiryMs === undefined) return undefined;
		const says = noteOf(world, 'pre-auth keys');
		if (says === undefined) return undefined;
		// While another key is left, the machine may have that one.
		const isAbsent = noneIsLeft && hasNeverJoined(scene);
		return {
			effect: isAbsent ? 'breaks' : 'beside',
			confidence: isAbsent ? 'likely' : 'certain',
			about: 'headscale pre-auth keys',
			says: isAbsent ? `${peer} is not in the tailnet. ${says}` : says,
			evidence: [
				{
					says: `${keys.usable} pre-auth keys can be used, ${keys.expired} expired, ${keys.usedUp} are used up.`,
					wanted: 'one that can be used, of each kind',
					atMs: nowMs,
				},
				...(isAbsent ? [{says: `headscale lists no node ${peer}.`, wanted: 'a node of that name', atMs: nowMs}] : []),
			],
			next: [
				preAuthKeysCommand(scene, 'When each key ends, and whether it was used.'),
				headscaleCommand(
					scene,
					['preauthkeys', 'create', '--help'],
					'How to make one like the one that ended: same user, tags, reusable, ephemeral.',
				),
			],
		};
	},
};
