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

export const ownTunnelsLost: Cause = {
	id: 'own-tunnels-lost',
	rung: 'vantage',
	title: "tailprobe's own tailscaled has lost its tunnels",
	means:
		'The machine that looks reaches its peers beside WireGuard, and none of them through it: its own tailscaled has lost its keys or its peers, and the others may be fine. Restart it; while the control server does not answer it would not come back, so mend that first.',
	find(scene) {
		const state = rootVantage(scene);
		if (!state || troubleOf(state) !== 'tunnels-lost') return undefined;
		const isCutOff = state.facts.online === 'false';
		return {
			effect: effectOfVantage(scene, 'tailnet'),
			confidence: 'likely',
			about: `vantage ${state.name}`,
			says: `No peer has answered vantage ${state.name} through WireGuard${spanOf(state, scene.nowMs)}, though several answer beside it.`,
			evidence: [
				...evidenceOfVantage(scene, state),
				...(isCutOff
					? [{says: 'Its tailscaled is not connected to its control server either.', atMs: scene.nowMs}]
					: []),
			],
			next: [
				tailscaleThere(scene, state, ['status'], 'Whether bytes come in from any peer (rx).'),
				commandOf(
					state.name,
					['systemctl', 'restart', 'tailscaled'],
					isCutOff
						? 'Only once headscale answers: it takes its peers from there.'
						: 'Whether peers answer again; in a pod, restart its container.',
				),
			],
		};
	},
};
