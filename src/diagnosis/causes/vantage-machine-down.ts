import {spanOf} from '../seen/vantage-words.ts';
import type {Cause} from '../types.ts';
import {aboutLost, isDead, lostVantage, tunnelsTo} from './vantage-gone.ts';

export const vantageMachineDown: Cause = {
	id: 'vantage-machine-down',
	rung: 'vantage',
	title: 'The machine that looks is cut off itself',
	means:
		'Nobody can look from that machine because the machine does not answer, and no tunnel to it is up. What it looked at may be fine. The fault is that of the machine: diagnose its node.',
	find(scene) {
		const state = lostVantage(scene);
		if (!state) return undefined;
		const tunnels = tunnelsTo(scene, state);
		if (!isDead(tunnels)) return undefined;
		return {
			...aboutLost(scene, state, tunnels.slice(0, 3)),
			confidence: 'certain',
			about: `node ${state.name}`,
			says: `${state.name} cannot look${spanOf(state, scene.nowMs)}, because nothing reaches its machine: no tunnel to it is up.`,
		};
	},
};
