import {evidenceOf} from '../evidence.ts';
import {controlCommands} from '../seen/control-words.ts';
import {tailscaleThere} from '../seen/vantage-words.ts';
import type {Cause} from '../types.ts';

export const derpMapMissing: Cause = {
	id: 'derp-map-missing',
	rung: 'control',
	title: 'The list of relays is empty',
	means:
		'headscale gives its clients no relay (DERP map): it could not fetch the list, or has none configured. Machines that find no direct path to each other are then cut off, and no new direct path is found. Look at derp in its configuration and at its log.',
	find(scene) {
		const {world, vantage: state, tunnel, check, nowMs} = scene;
		if (!state || state.condition === 'gone') return undefined;
		const regions = world.platform.tailscaled.find(({vantage}) => vantage === state.name)?.derpRegions;
		const hasNoHome = state.condition === 'sound' && state.facts.relay === '' && state.facts.online === 'true';
		if (regions !== 0 && !(regions === undefined && hasNoHome)) return undefined;
		const says = regions === 0 ? 'knows of no relay at all' : 'has no home relay';
		return {
			effect: check?.verdict === 'down' && tunnel?.verdict === 'down' ? 'breaks' : 'beside',
			confidence: regions === 0 ? 'likely' : 'consistent',
			about: 'headscale relay list',
			says: `The tailscaled of vantage ${state.name} ${says}, so that only direct paths are left.`,
			evidence: [
				{says: `The tailscaled of vantage ${state.name} ${says}.`, wanted: 'at least one relay', atMs: nowMs},
				...(tunnel ? [evidenceOf(tunnel)] : []),
			],
			next: [
				tailscaleThere(scene, state, ['netcheck'], 'Which relays it knows, and how far they are.'),
				...controlCommands(scene, 'Whether it could fetch the list: derp.'),
			],
		};
	},
};
