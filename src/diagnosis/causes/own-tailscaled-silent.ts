import {asSentence} from '../../util/words.ts';
import {commandOf} from '../commands.ts';
import {
	effectOfVantage,
	evidenceOfVantage,
	rootVantage,
	spanOf,
	tailscaleThere,
	troubleOf,
} from '../seen/vantage-words.ts';
import type {Cause} from '../types.ts';

export const ownTailscaledSilent: Cause = {
	id: 'own-tailscaled-silent',
	rung: 'vantage',
	title: "tailprobe's own tailscaled does not answer",
	means:
		'The machine that looks has a tailscaled that hangs, does not run, or may not be asked by tailprobe; so failures through the tailnet say nothing about the other machines. See whether it runs, restart it, and look whether its socket is where the configuration says.',
	find(scene) {
		const state = rootVantage(scene);
		if (!state || troubleOf(state) !== 'tailscaled-silent') return undefined;
		const socket = scene.world.landmarks.tailscaledSockets?.[state.name] ?? '/var/run/tailscale/tailscaled.sock';
		return {
			effect: effectOfVantage(scene, 'tailnet'),
			confidence: 'certain',
			about: `vantage ${state.name}`,
			says: asSentence(
				`The tailscaled of vantage ${state.name} has not answered${spanOf(state, scene.nowMs)}: ${state.detail ?? 'it gave no reason'}`,
			),
			evidence: evidenceOfVantage(scene, state),
			next: [
				tailscaleThere(scene, state, ['status'], 'Whether it answers its own command line.'),
				commandOf(
					state.name,
					['systemctl', 'status', 'tailscaled'],
					'Whether it runs; in a pod, look at its container.',
				),
				commandOf(state.name, ['ls', '-l', socket], 'Whether the socket is there, and who may use it.'),
			],
		};
	},
};
