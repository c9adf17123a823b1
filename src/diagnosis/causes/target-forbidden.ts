import {asSentence} from '../../util/words.ts';
import {commandOf, probeCommand} from '../commands.ts';
import {detailOf, evidenceAround} from '../seen/service-words.ts';
import {serviceName} from '../seen/subject-words.ts';
import type {Cause} from '../types.ts';

export const targetForbidden: Cause = {
	id: 'target-forbidden',
	rung: 'name',
	title: 'tailprobe refuses to dial that address',
	means:
		'The address that the check leads to is one that tailprobe never dials: of the machine itself (loopback), of the local link, a metadata service of a cloud, or outside what may be asked for. Nothing was sent, so nothing is known of the service. A name that suddenly leads to such an address points to a wrong record, or to somebody who meddles with it; else correct the target in the configuration.',
	find(scene) {
		const {check} = scene;
		if (check?.verdict !== 'down' || check.outcome?.reason !== 'forbidden') return undefined;
		const {phases = {}} = check.outcome.reading ?? {};
		const wasAnswered = 'processing' in phases;
		return {
			effect: 'breaks',
			...(wasAnswered ? {rung: 'answer' as const} : {}),
			confidence: 'certain',
			about: serviceName(check),
			says: `${check.view.check.target.name} leads to an address that is never dialled. ${asSentence(detailOf(check) || 'The run said no more')}`,
			evidence: evidenceAround(scene, 'an address of the tailnet, or a public one'),
			next: [
				commandOf(
					scene.vantageName,
					['getent', 'hosts', check.view.check.target.name],
					'Which address the name leads to.',
				),
				probeCommand(scene, 'Whether it still leads there.'),
			],
		};
	},
};
