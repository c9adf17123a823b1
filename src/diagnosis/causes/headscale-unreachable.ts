import {commandOf} from '../commands.ts';
import {controlCommands, controlOf, effectOfControl, evidenceOfControl, failingFor} from '../seen/control-words.ts';
import type {Cause} from '../types.ts';

export const headscaleUnreachable: Cause = {
	id: 'headscale-unreachable',
	rung: 'control',
	title: 'The control server cannot be reached',
	means:
		'No connection to headscale comes about: it does not run, its name does not resolve, or the way to it is closed. Tunnels that are there live on, and no machine can join, sign in again, or learn of another. Start it, or mend the way to it.',
	find(scene) {
		const control = controlOf(scene.world);
		if (control?.trouble !== 'unreachable') return undefined;
		const {shownBy} = control;
		const host = scene.world.landmarks.headscale[0];
		const [first, ...rest] = controlCommands(scene, 'Why it ended, or what it waits for.');
		return {
			...effectOfControl(scene, shownBy?.name === 'headscale-health' ? 'certain' : 'likely'),
			about: 'headscale',
			says: `headscale cannot be reached${failingFor(shownBy, scene.nowMs)}: ${words[shownBy?.obstacle ?? ''] ?? 'no connection comes about'}.`,
			evidence: evidenceOfControl(scene),
			next: [
				first,
				...(shownBy?.obstacle === 'unresolved' && host !== undefined
					? [commandOf('where tailprobe runs', ['getent', 'hosts', host], 'Whether its name resolves there.')]
					: []),
				...rest,
			],
		};
	},
};

const words: Readonly<Record<string, string>> = {
	unresolved: 'its name is not resolved',
	refused: 'nothing listens there',
	unreachable: 'there is no way to it, or nothing answers at its address',
	closed: 'connections to it are closed at once',
};
