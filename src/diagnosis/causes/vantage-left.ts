import {formatSpan} from '../../util/readable.ts';
import {headscaleCommand, preAuthKeysCommand} from '../commands.ts';
import {effectOfVantage, evidenceOfVantage} from '../seen/vantage-words.ts';
import type {Cause} from '../types.ts';

export const vantageLeft: Cause = {
	id: 'vantage-left',
	rung: 'vantage',
	title: 'The machine that looked has left the tailnet',
	means:
		'headscale lists its node no more: it was scaled down, logged out or deleted. That is usual for machines that come and go, and what it looked at may be fine. Its checks end by themselves after their grace; where it should still be there, sign it in again.',
	find(scene) {
		const {vantage: state, nowMs} = scene;
		if (state?.group === undefined || state.condition !== 'gone' || state.leftSinceMs === undefined) return undefined;
		return {
			effect: effectOfVantage(scene),
			confidence: 'certain',
			about: `vantage ${state.name}`,
			says: `headscale has not listed ${state.name} for ${formatSpan(nowMs - state.leftSinceMs)}, so it left the tailnet.`,
			evidence: evidenceOfVantage(scene, state),
			next: [
				headscaleCommand(scene, ['nodes', 'list'], `Whether ${state.name} is back, perhaps by another name.`),
				preAuthKeysCommand(scene, 'Whether there is a key with which it can join again.'),
			],
		};
	},
};
