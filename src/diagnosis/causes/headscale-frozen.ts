import {controlCommands, controlOf, effectOfControl, evidenceOfControl, failingFor} from '../seen/control-words.ts';
import type {Cause} from '../types.ts';

export const headscaleFrozen: Cause = {
	id: 'headscale-frozen',
	rung: 'control',
	title: 'The control server is frozen',
	means:
		'headscale accepts connections and answers none. Tunnels that are there live on, and no machine can join, sign in again, or learn of another; who is online is not known. Look at its log, its load and its disk, and restart it.',
	find(scene) {
		const control = controlOf(scene.world);
		if (control?.trouble !== 'frozen') return undefined;
		return {
			...effectOfControl(scene, control.shownBy?.name === 'headscale-health' ? 'certain' : 'likely'),
			about: 'headscale',
			says: `headscale has accepted connections and not answered${failingFor(control.shownBy, scene.nowMs)}.`,
			evidence: evidenceOfControl(scene),
			next: controlCommands(scene, 'What it did last before it froze.'),
		};
	},
};
