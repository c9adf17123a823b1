/** The outcome of a check that was looked at over there. Pure. */

import type {Check, Outcome, Reading} from '../engine/types.ts';
import {CannotLookError, messageOf, TargetDownError} from '../util/errors.ts';
import type {Found} from './round.ts';

/** `found` undefined: nobody told anything about it. Times are taken over there, so our own lateness spoils none. */
export function outcomeOf(
	{key}: Pick<Check, 'key'>,
	kind: Outcome['kind'],
	startedAt: number,
	found: Found | undefined,
): Outcome {
	const result =
		found?.result ?? new CannotLookError('incomplete', 'The round ended without an answer for this target.');
	const durationMs = result instanceof Error ? (found?.durationMs ?? 0) : measuredMs(result, found?.durationMs ?? 0);
	return {key, startedAt, durationMs, latenessMs: 0, late: false, kind, ...judge(result)};
}

/** The phases are exact, the clock of the script is not. */
function measuredMs({phases}: Reading, durationMs: number): number {
	const seconds = Object.values(phases ?? {}).reduce((sum, one) => sum + one, 0);
	return seconds > 0 ? seconds * 1000 : durationMs;
}

function judge(result: Reading | Error): Pick<Outcome, 'verdict' | 'reason' | 'detail' | 'reading'> {
	if (result instanceof TargetDownError) return {verdict: 'down', reason: result.reason, detail: messageOf(result)};
	if (result instanceof CannotLookError) return {verdict: 'unknown', reason: result.reason, detail: messageOf(result)};
	if (result instanceof Error)
		return {verdict: 'unknown', reason: 'internal', detail: `tailprobe failed, not the target: ${messageOf(result)}`};
	if (result.ok) return {verdict: 'up', reading: result};
	return {
		verdict: 'down',
		reason: result.reason ?? 'protocol',
		...(result.detail === undefined ? {} : {detail: result.detail}),
		reading: result,
	};
}
