import {commandOf, probeCommand} from '../commands.ts';
import type {Scene} from '../scene.ts';
import {isSeenSince} from '../seen/answered-since.ts';
import {detailOf, endOf, evidenceAround, isService, machineName, portWords, whileUp} from '../seen/service-words.ts';
import {serviceName} from '../seen/subject-words.ts';
import type {Cause} from '../types.ts';

export const connectionReset: Cause = {
	id: 'connection-reset',
	rung: 'connect',
	title: 'The connection is cut off',
	means:
		'The connection is opened and then closed from the other side before there is an answer: the program crashes on requests, is being stopped, has too many connections, or stands behind a proxy that has nothing to pass them to. Read its log at the time of the last run, and look whether it was restarted.',
	find(scene) {
		const {check} = scene;
		if (!isService(check) || check.verdict !== 'down' || check.outcome?.reason !== 'reset' || check.view.check.expect)
			return undefined;
		const end = endOf(check) ?? 'connect';
		return {
			effect: 'breaks',
			rung: end === 'name' ? 'connect' : end,
			confidence: 'likely',
			about: serviceName(check),
			says: `${machineName(scene)} cuts off connections to ${portWords(check)}${stageWords[end]}${whileUp(scene)}${elsewhereWords(scene)}.`,
			evidence: evidenceAround(scene, 'a connection that stays open until the answer is there'),
			next: [
				commandOf(
					machineName(scene),
					['ss', '-ltnp'],
					`Which program listens on ${portWords(check)}, to read its log.`,
				),
				probeCommand(scene, detailOf(check) === '' ? 'In which phase it is cut off.' : 'Whether it is still cut off.'),
			],
		};
	},
};

const stageWords = {
	name: '',
	connect: ' while they are opened',
	tls: ' in the TLS handshake',
	answer: ' before it has answered',
} as const;

function elsewhereWords({check, elsewhere, vantageName}: Scene): string {
	const works = elsewhere.find(look => look.verdict === 'up' && isSeenSince(look, check));
	return works
		? `; from ${works.view.check.vantage} it answers, so something between ${vantageName} and it may be at fault`
		: '';
}
