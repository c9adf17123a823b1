import {commandOf, probeCommand} from '../commands.ts';
import {evidenceOf} from '../evidence.ts';
import type {Cause} from '../types.ts';

export const checkUnfinished: Cause = {
	id: 'check-unfinished',
	rung: 'vantage',
	title: 'The run did not come to its end',
	means:
		'A run was cut off or cut short, or tailprobe itself failed in it, so nothing is known of the target. Once is nothing: the next run tells. Where it stays so, the way to that machine breaks in the middle, or tailprobe has a fault: its log has more.',
	find(scene) {
		const {check, vantageName} = scene;
		const reason = check?.outcome?.reason ?? '';
		if (check?.verdict !== 'unknown' || !['incomplete', 'canceled', 'internal'].includes(reason)) return undefined;
		const isOurs = reason === 'internal';
		return {
			effect: 'breaks',
			confidence: isOurs ? 'certain' : 'likely',
			about: isOurs ? 'tailprobe' : `vantage ${vantageName}`,
			says: `The last run of ${check.view.check.name} from ${vantageName} came to no end: ${check.outcome?.detail ?? 'it did not say why.'}`,
			evidence: [evidenceOf(check, 'a whole answer')],
			next: [
				probeCommand(scene, 'Whether it comes to its end now.'),
				commandOf('where tailprobe runs', ['journalctl', '-u', 'tailprobe', '-n', '50'], 'What tailprobe logged then.'),
			],
		};
	},
};
