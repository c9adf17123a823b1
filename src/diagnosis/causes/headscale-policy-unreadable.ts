import {headscaleCommand} from '../commands.ts';
import {controlCommands, controlOf, noteOf} from '../seen/control-words.ts';
import type {Cause} from '../types.ts';

export const headscalePolicyUnreadable: Cause = {
	id: 'headscale-policy-unreadable',
	rung: 'control',
	title: 'The control server cannot read its access policy',
	means:
		'headscale works on with the policy that it read before, and may not start again with this one. Correct the policy before anything restarts headscale.',
	find(scene) {
		const {world, nowMs} = scene;
		// A database that does not answer has no policy to tell either.
		if (world.platform.headscale?.policy !== 'unreadable' || controlOf(world)?.trouble === 'database') return undefined;
		const says = noteOf(world, 'policy');
		if (says === undefined) return undefined;
		return {
			effect: 'beside',
			confidence: 'certain',
			about: 'headscale policy',
			says,
			evidence: [{says, wanted: 'a policy that can be read', atMs: nowMs}],
			next: [
				headscaleCommand(scene, ['policy', 'get'], 'In which line it cannot be read.'),
				...controlCommands(scene, 'What it says of its policy.'),
			],
		};
	},
};
