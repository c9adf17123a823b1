import {commandOf} from '../commands.ts';
import {evidenceOf} from '../evidence.ts';
import type {Cause} from '../types.ts';

export const checkDenied: Cause = {
	id: 'check-denied',
	rung: 'vantage',
	title: 'The check is not allowed there',
	means:
		'That machine answers and refuses to run the check: the allow-list of its agent does not have the target, ssh does not let us in, or Kubernetes gives no right to exec. Nothing is known of the target. Allow it there, or take the check off.',
	find({check, vantageName}) {
		if (check?.verdict !== 'unknown' || check.outcome?.reason !== 'denied') return undefined;
		const {name, target} = check.view.check;
		return {
			effect: 'breaks',
			confidence: 'certain',
			about: `vantage ${vantageName}`,
			says: `${vantageName} refuses to run the check ${name} of ${target.name}: ${check.outcome.detail ?? 'it did not say why.'}`,
			evidence: [evidenceOf(check, 'leave to look')],
			next: [
				commandOf(
					vantageName,
					['grep', '-n', '-A', '20', 'allow:', '/etc/tailprobe/agent.yaml'],
					'Whether the allow-list of the agent there has this target; the file may be elsewhere.',
				),
				commandOf(
					'wherever tailprobe is',
					['tailprobe', 'probe', '--check', name, target.name],
					'Whether the target answers another vantage.',
				),
			],
		};
	},
};
