import {commandOf} from '../commands.ts';
import {backendOf, effectOfVantage, evidenceOfVantage, isLocal, troubleOf} from '../seen/vantage-words.ts';
import type {Cause} from '../types.ts';

export const vantageUntrusted: Cause = {
	id: 'vantage-untrusted',
	rung: 'vantage',
	title: 'An agent sends what nobody asked it for',
	means:
		'The agent on that machine told outcomes of checks that it does not have, or such as cannot be; they were dropped. It has another version, or the machine is not in good hands. Believe nothing that it says until that is clear: look at that machine, and put our agent on it anew.',
	find(scene) {
		const {vantage: state} = scene;
		if (!state || isLocal(state) || state.condition !== 'sick') return undefined;
		const rejected = Object.entries(state.intake?.rejected ?? {}).filter(([, number]) => number > 0);
		if (rejected.length === 0 || troubleOf(state) || (backendOf(state) ?? 'Running') !== 'Running') return undefined;
		return {
			effect: effectOfVantage(scene),
			confidence: 'likely',
			about: `vantage ${state.name}`,
			says: `What the agent on ${state.name} sends had to be dropped: ${rejected.map(([kind, number]) => `${number} ${kind}`).join(', ')}.`,
			evidence: evidenceOfVantage(scene, state),
			next: [
				commandOf(state.name, ['tailprobe', '--version'], 'Whether both sides have the same version.'),
				commandOf(state.name, ['pgrep', '-af', 'tailprobe agent'], 'Whether it is our agent that runs there.'),
			],
		};
	},
};
