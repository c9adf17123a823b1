/**
 * `expect: unreachable`: the same reading, judged the other way round. Up means that no connection came about; whatever answered, even
 * wrongly, is down, because something that answers is exposed. Where nothing was tried, nothing is proven.
 */

import {oneLine} from '../util/errors.ts';
import type {Check, DownReason, Outcome, PhaseName, Reading} from './types.ts';

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
	if (verdict === 'up' || hasAnswered(reason as DownReason, reading)) {
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
	if (!silent.has(reason as DownReason)) return outcome;
	if (!reading) return {...rest, verdict: 'up'};
	const {reason: _reason, detail: _detail, ...read} = reading;
	return {...rest, verdict: 'up', reading: {...read, ok: true, facts: {...read.facts, unreachable: reason as string}}};
}

/** Failures of a connection that never came about. `proxy`: tailscaled could not open it, and does not tell why. */
const silent: ReadonlySet<DownReason> = new Set(['refused', 'unreachable', 'timeout', 'reset', 'proxy', 'loss']);

const afterConnecting: ReadonlySet<PhaseName> = new Set(['tls', 'processing', 'transfer']);

/** Whether the target did something that only a reachable one can do. */
function hasAnswered(reason: DownReason, reading: Reading | undefined): boolean {
	// Some pings came back.
	if (reason === 'loss') return (reading?.values.loss_ratio ?? 1) < 1;
	if (reason === 'tls' || reason === 'protocol' || reason === 'status' || reason === 'content') return true;
	const phase = reading?.facts.phase;
	// A question by UDP has no connection: there `processing` is waiting for the first sign of life.
	const connected = phase !== undefined && afterConnecting.has(phase as PhaseName);
	return connected && (reading?.phases?.connect ?? reading?.phases?.connect_proxy) !== undefined;
}
