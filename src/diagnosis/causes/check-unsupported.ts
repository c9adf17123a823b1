import {commandOf} from '../commands.ts';
import {evidenceOf} from '../evidence.ts';
import {sayStanding} from '../seen/vantage-words.ts';
import type {Cause} from '../types.ts';

export const checkUnsupported: Cause = {
	id: 'check-unsupported',
	rung: 'vantage',
	title: 'This check cannot run from there',
	means:
		'What the check needs is not on that machine: a tunnel device for pings, a program, or a way that this type of check can take. Waiting does not mend it, and nothing is known of the target. Let another vantage run the check (`from`), or give the machine what is missing.',
	find({check, vantage, vantageName, nowMs}) {
		if (check?.verdict !== 'unknown' || check.outcome?.reason !== 'unsupported' || vantage?.unsupported)
			return undefined;
		const {name, type} = check.view.check;
		return {
			effect: 'breaks',
			confidence: 'certain',
			about: `${type} checks from ${vantageName}`,
			says: `The check ${name} cannot run from ${vantageName}: ${check.outcome.detail ?? 'it did not say why.'}`,
			evidence: [
				evidenceOf(check, 'a run that can look'),
				...(vantage ? [{says: sayStanding(vantage, nowMs), atMs: nowMs}] : []),
			],
			next: [
				commandOf(
					'wherever tailprobe is',
					['tailprobe', 'probe', '--check', name, check.view.check.target.name],
					'Whether the target answers another vantage.',
				),
			],
		};
	},
};
