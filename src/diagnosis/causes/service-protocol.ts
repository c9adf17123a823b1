import {asSentence} from '../../util/words.ts';
import {commandOf, probeCommand} from '../commands.ts';
import {detailOf, evidenceAround, isService, machineName, portWords} from '../seen/service-words.ts';
import {serviceName} from '../seen/subject-words.ts';
import type {Cause} from '../types.ts';

export const serviceProtocol: Cause = {
	id: 'service-protocol',
	rung: 'answer',
	title: 'What answers does not speak the protocol',
	means:
		'Something answers on that port, and not in the protocol that the check speaks: another program has the port, the check is aimed at the wrong one, or TLS is spoken where none is expected. Look which program listens there, and compare the port and the scheme with the configuration.',
	find(scene) {
		const {check} = scene;
		if (!isService(check) || check.verdict !== 'down' || check.outcome?.reason !== 'protocol') return undefined;
		return {
			effect: 'breaks',
			confidence: 'certain',
			about: serviceName(check),
			says: `What answers at ${portWords(check)} of ${machineName(scene)} does not speak ${check.view.check.type} as it should. ${asSentence(detailOf(check) || 'The run said no more')}`,
			evidence: evidenceAround(scene, `an answer in the protocol of ${check.view.check.type}`),
			next: [
				commandOf(machineName(scene), ['ss', '-ltnp'], `Which program listens on ${portWords(check)}.`),
				probeCommand(scene, 'What it answers now.'),
			],
		};
	},
};
