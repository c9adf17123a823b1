import {commandOf, kubectlCommand} from '../commands.ts';
import {effectOfVantage} from '../seen/vantage-words.ts';
import type {Cause} from '../types.ts';
import {aboutLost} from './vantage-gone.ts';

export const vantageUnsupported: Cause = {
	id: 'vantage-unsupported',
	rung: 'vantage',
	title: 'No way to look from that machine can work',
	means:
		'None of the ways that are configured can ever work there: a virtual kubelet serves no exec, the image has no shell, or there is nothing to dial. That is a fact about the machine and no fault of it. Put the agent on it, give it ssh, or take the checks from there off the configuration.',
	find(scene) {
		const {vantage: state, check} = scene;
		if (state?.condition !== 'gone' || !state.unsupported) return undefined;
		const isUnseen = !check || (check.verdict === 'unknown' && check.outcome?.reason !== 'denied');
		return {
			...aboutLost(scene, state, []),
			effect: isUnseen ? 'breaks' : effectOfVantage(scene),
			confidence: 'certain',
			about: `vantage ${state.name}`,
			says: `No way to look from ${state.name} can work there: ${state.detail ?? 'none is configured that does.'}`,
			next: [
				commandOf(
					'wherever tailprobe is',
					['tailprobe', 'diagnose', state.name],
					`What each way to ${state.name} says.`,
				),
				...(state.ways?.some(({type}) => type === 'pod')
					? [
							kubectlCommand(
								['get', 'nodes', '-o', 'wide'],
								'Whether its node gives an address at which a kubelet serves.',
							),
						]
					: []),
			],
		};
	},
};
