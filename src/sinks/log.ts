/** Tells state changes to the log: never a line per probe. */

import type {Logger} from 'pino';
import type {Check} from '../engine/types.ts';
import {formatDurationMs} from '../util/units.ts';
import type {Transition} from './history.ts';

/** Writes one line for the change. A target being down is news, not an error of ours. */
export function logTransition(log: Logger, check: Check, transition: Transition): void {
	const {outcome, from, to} = transition;
	const fields = {
		check: check.name,
		type: check.type,
		vantage: check.vantage,
		target: check.target.name,
		...(check.target.peer === '' ? {} : {peer: check.target.peer}),
		from,
		to,
		since: new Date(transition.sinceMs).toISOString(),
		...(outcome.reason === undefined ? {} : {reason: outcome.reason}),
		...(transition.downForMs === undefined ? {} : {down_for: formatDurationMs(transition.downForMs)}),
		...(outcome.detail === undefined ? {} : {detail: outcome.detail}),
	};
	if (to === 'up') log.info(fields, 'check is up');
	else if (to === 'down') log.warn(fields, 'check is down');
	else log.warn(fields, 'check cannot be looked at');
}
