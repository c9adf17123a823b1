import {formatSpan} from '../../util/readable.ts';
import {controlCommands, controlOf, evidenceOfControl} from '../seen/control-words.ts';
import type {Cause} from '../types.ts';

export const headscaleRestarted: Cause = {
	id: 'headscale-restarted',
	rung: 'control',
	title: 'The control server was just restarted',
	means:
		'After a restart headscale lists every node as offline until each has come back, so that “offline” means nothing for a while. Tunnels that are there live on. If it was not you who restarted it, its log says why it ended.',
	find(scene) {
		const {world, nowMs} = scene;
		const until = world.platform.headscale?.graceUntilMs;
		if (until === undefined || controlOf(world)?.trouble !== undefined) return undefined;
		return {
			effect: 'beside',
			confidence: 'likely',
			about: 'headscale',
			says: `headscale was restarted a moment ago; for another ${formatSpan(until - nowMs)} nobody is held to be offline for what it says.`,
			evidence: [
				{says: 'It answers again, or counts anew, or lost all its nodes at once.', atMs: nowMs},
				...evidenceOfControl(scene),
			],
			next: controlCommands(scene, 'Why it ended, and whether it was asked to.'),
		};
	},
};
