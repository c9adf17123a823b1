import {asSentence} from '../../util/words.ts';
import {commandOf, probeCommand} from '../commands.ts';
import {detailOf, evidenceAround, hostAndPort, machineName, portWords} from '../seen/service-words.ts';
import {serviceName} from '../seen/subject-words.ts';
import type {Cause} from '../types.ts';

export const publiclyExposed: Cause = {
	id: 'publicly-exposed',
	rung: 'answer',
	title: 'Something answers where nothing may',
	means:
		'The check proves that a place is closed (expect: unreachable), and something answers there: a port is published, a firewall rule is gone, or a service listens on more addresses than it should. Nothing is broken for users, and others may get in. Close the port, then see that the check is up again.',
	find(scene) {
		const {check} = scene;
		if (check?.verdict !== 'down' || check.outcome?.reason !== 'expected_unreachable') return undefined;
		const place = hostAndPort(check) ?? portWords(check);
		return {
			effect: 'breaks',
			confidence: 'certain',
			about: serviceName(check),
			says: `${place} answers from ${scene.vantageName}. ${asSentence(detailOf(check) || 'It must be closed')}`,
			evidence: evidenceAround(scene, 'no connection at all'),
			next: [
				commandOf(
					machineName(scene),
					['ss', '-ltnp'],
					`Which program listens on ${portWords(check)}, and on which addresses.`,
				),
				probeCommand(scene, 'Whether it is closed now.'),
			],
		};
	},
};
