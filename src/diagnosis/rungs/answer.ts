/** The rung of the answer: what the service says once it is connected, and how soon. */

import {measuredSeconds} from '../../engine/latency.ts';
import {formatLatency} from '../../util/readable.ts';
import {asSentence} from '../../util/words.ts';
import type {Look} from '../scene.ts';
import {detailOf, endOf, evidenceAround, isDialled, secondsIn} from '../seen/service-words.ts';
import type {RungLook} from './types.ts';

/** Whether the service answers as it should. */
export const answerRung: RungLook = {
	name: 'answer',
	look(scene) {
		const {check} = scene;
		if (!check || !isDialled(check) || check.view.check.expect || !mustAnswer(check)) return undefined;
		const evidence = evidenceAround(scene, wantedOf(check));
		if (endOf(check) === 'answer') return {state: 'broken', says: asSentence(detailOf(check)), evidence};
		if (check.verdict !== 'up' || !check.outcome)
			return {state: 'unseen', says: 'The last run did not come as far as an answer.', evidence};
		const {values = {}} = check.outcome.reading ?? {};
		const status = values.status_code === undefined ? 'It answers' : `It answers ${values.status_code}`;
		const waited = secondsIn(check, ['processing']);
		const after = waited === undefined ? '' : `, ${formatLatency(waited)} of them waiting for its first word`;
		return {
			state: 'holds',
			says: `${status}; the whole run took ${formatLatency(measuredSeconds(check.outcome))}${after}.`,
			evidence,
		};
	},
};

/** A connection or a handshake alone is all that some checks want. */
function mustAnswer(look: Look): boolean {
	const {type} = look.view.check;
	if (type === 'tls') return false;
	return type !== 'tcp' || secondsIn(look, ['processing', 'transfer']) !== undefined || endOf(look) === 'answer';
}

function wantedOf({view: {check}}: Look): string {
	const promised =
		check.objectiveMs === undefined
			? ''
			: `, better within the objective of ${formatLatency(check.objectiveMs / 1000)}`;
	return `an answer as configured within ${check.timeoutMs / 1000} s${promised}`;
}
