import {asSentence} from '../../util/words.ts';
import {commandOf, probeCommand} from '../commands.ts';
import {doesGpuExplain} from '../seen/gpu-state.ts';
import {detailOf, evidenceAround, isService, machineName, portWords, statusOf, whileUp} from '../seen/service-words.ts';
import {serviceName} from '../seen/subject-words.ts';
import type {Cause} from '../types.ts';

export const serviceWrongStatus: Cause = {
	id: 'service-wrong-status',
	rung: 'answer',
	title: 'The service answers with an error',
	means:
		'The service answers, so everything below it works, and the status of its answer is not the one that is wanted. A status from 500 on is trouble of its own, from 502 to 504 trouble of what it passes requests to; from 400 on it does not accept what was asked. Read its log, or look at what it depends on.',
	find(scene) {
		const {check} = scene;
		if (!isService(check) || check.verdict !== 'down' || check.outcome?.reason !== 'status') return undefined;
		if (check.view.check.type === 'gpu') return undefined;
		const status = statusOf(check);
		const start = check.outcome.reading?.facts.body_start;
		return {
			effect: doesGpuExplain(scene) ? 'beside' : 'breaks',
			confidence: 'certain',
			about: serviceName(check),
			says: [
				status === undefined
					? `${machineName(scene)} answers at ${portWords(check)}${whileUp(scene)}, with a status that is not wanted.`
					: `${machineName(scene)} answers ${status} at ${portWords(check)}${whileUp(scene)}: ${meaningOf(status)}.`,
				...(start === undefined ? [] : [`Its answer begins: ${asSentence(start)}`]),
			].join(' '),
			evidence: evidenceAround(scene, wantedOf(detailOf(check))),
			next: [
				commandOf(
					machineName(scene),
					['ss', '-ltnp'],
					`Which program listens on ${portWords(check)}, to read its log.`,
				),
				probeCommand(scene, 'What it answers now.'),
			],
		};
	},
};

/** What our own runs say that they wanted. */
function wantedOf(detail: string): string {
	return /; wanted (.+?)\.?$/.exec(detail)?.[1] ?? 'another status';
}

const meanings: Readonly<Record<number, string>> = {
	401: 'it wants to know who asks, and did not learn it',
	403: 'it does not allow this',
	404: 'it does not know this address',
	406: 'it is not ready to serve (livekit says so while it starts, or has lost what it needs)',
	408: 'it waited for the request too long',
	429: 'it gets too many requests',
	500: 'it failed inside',
	502: 'it passes requests on, and what is behind it answers nothing usable',
	503: 'it cannot serve at present, or what is behind it is down',
	504: 'it passes requests on, and what is behind it does not answer in time',
};

function meaningOf(status: number): string {
	const known = meanings[status];
	if (known !== undefined) return known;
	if (status >= 500) return 'it failed inside';
	if (status >= 400) return 'it does not accept the request';
	return status >= 300 ? 'it sends callers elsewhere' : 'that is not the status that is wanted';
}
