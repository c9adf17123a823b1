import {asSentence} from '../../util/words.ts';
import {probeCommand} from '../commands.ts';
import {detailOf, evidenceAround, isService, machineName, portWords} from '../seen/service-words.ts';
import {serviceName} from '../seen/subject-words.ts';
import type {Cause} from '../types.ts';

export const serviceWrongContent: Cause = {
	id: 'service-wrong-content',
	rung: 'answer',
	title: 'The service answers something else than it should',
	means:
		'The service answers with a status that is fine, and what it says is not what the check wants: it reports trouble of its own, or another program or version answers there. Read what it says, and compare it with what the check asks for.',
	find(scene) {
		const {check} = scene;
		if (!isService(check) || check.verdict !== 'down' || check.outcome?.reason !== 'content') return undefined;
		if (check.view.check.type === 'gpu') return undefined;
		const {body_start: start, banner} = check.outcome.reading?.facts ?? {};
		const said = start ?? banner;
		return {
			effect: 'breaks',
			confidence: 'certain',
			about: serviceName(check),
			says: [
				`${machineName(scene)} answers at ${portWords(check)}, and not as wanted.`,
				asSentence(detailOf(check) || 'The run said no more'),
				...(said === undefined ? [] : [`Its answer begins: ${asSentence(said)}`]),
			].join(' '),
			evidence: evidenceAround(scene, 'an answer as the check wants it'),
			next: [probeCommand(scene, 'What it answers now.')],
		};
	},
};
