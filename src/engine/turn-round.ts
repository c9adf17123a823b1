/**
 * `expect: unreachable`: the same reading, judged the other way round. Up means that no connection came about; whatever answered, even
 * wrongly, is down, because something that answers is exposed. Where nothing was tried, nothing is proven.
 */

import {oneLine} from '../util/errors.ts';
import type {Check, DownReason, Outcome} from './types.ts';

/**
 * The outcome as the check means it. To be applied when it is certain that the vantage itself was sound: a vantage that reaches
 * nothing proves nothing.
 */
export function judgeExpectation({expect}: Check, outcome: Outcome): Outcome {
	return expect === 'unreachable' ? turnRound(outcome) : outcome;
}

function turnRound(outcome: Outcome): Outcome {
	const {verdict, reason, detail, reading, ...rest} = outcome;
	if (verdict === 'unknown') return outcome;
	// Noted by every probe as soon as it is so, whatever came after it (probes/shared/answered.ts).
	if (verdict === 'up' || reading?.facts.answered === 'true') {
		const what = detail === undefined ? 'It answered as a service in order would' : `It answered: ${detail}`;
		const said = oneLine(`${what}; wanted was that nothing can be reached there (expect: unreachable)`, 300);
		return {
			...rest,
			verdict: 'down',
			reason: 'expected_unreachable',
			detail: said,
			...(reading ? {reading: {...reading, ok: false, reason: 'expected_unreachable', detail: said}} : {}),
		};
	}
	// Without an address nothing was tried.
	if (!silent.has(reason as DownReason) || reading?.facts.address === undefined) return outcome;
	const {reason: _reason, detail: _detail, ...read} = reading;
	return {...rest, verdict: 'up', reading: {...read, ok: true, facts: {...read.facts, unreachable: reason as string}}};
}

/** Failures of a connection that never came about. `proxy`: tailscaled could not open it, and does not tell why. */
const silent: ReadonlySet<DownReason> = new Set(['refused', 'unreachable', 'timeout', 'reset', 'proxy', 'loss']);
