import {
	backendOf,
	effectOfVantage,
	evidenceOfVantage,
	rootVantage,
	spanOf,
	tailscaleThere,
} from '../seen/vantage-words.ts';
import type {Cause} from '../types.ts';

export const ownTailscaledStopped: Cause = {
	id: 'own-tailscaled-stopped',
	rung: 'vantage',
	title: "tailprobe's own tailscaled was switched off",
	means:
		'Somebody ran `tailscale down` on the machine that looks: its tailscaled runs and takes no part in the tailnet. Nothing can be said of the other machines, which may be fine. `tailscale up` brings it back.',
	find(scene) {
		const state = rootVantage(scene);
		if (!state || backendOf(state) !== 'Stopped') return undefined;
		return {
			effect: effectOfVantage(scene, 'tailnet'),
			confidence: 'certain',
			about: `vantage ${state.name}`,
			says: `The tailscaled of vantage ${state.name} has been switched off (state Stopped)${spanOf(state, scene.nowMs)}.`,
			evidence: evidenceOfVantage(scene, state),
			next: [
				tailscaleThere(scene, state, ['up'], 'It joins the tailnet again.'),
				tailscaleThere(scene, state, ['status'], 'Whether it is stopped, and its peers once it is not.'),
			],
		};
	},
};
