import {headscaleCommand} from '../commands.ts';
import {noteOf} from '../seen/control-words.ts';
import type {Cause} from '../types.ts';

export const headscaleUserMissing: Cause = {
	id: 'headscale-user-missing',
	rung: 'control',
	title: 'A user that must exist is missing in the control server',
	means:
		'headscale lacks a user that the configuration expects, as after a new installation or a lost database. Pre-auth keys of that user are gone with it, so that machines which are set up with them cannot join. Create the user, and new keys.',
	find(scene) {
		const {world, nowMs} = scene;
		const missing = world.platform.headscale?.missingUsers;
		const says = missing && missing.count > 0 ? noteOf(world, 'users') : undefined;
		if (!missing || says === undefined) return undefined;
		const [one = ''] = missing.names;
		return {
			effect: 'beside',
			confidence: 'certain',
			about: 'headscale users',
			says,
			evidence: [{says, wanted: `the user ${one}`, atMs: nowMs}],
			next: [
				headscaleCommand(scene, ['users', 'list'], 'Which users there are.'),
				headscaleCommand(scene, ['users', 'create', one], 'It is there again; then create its keys.'),
			],
		};
	},
};
