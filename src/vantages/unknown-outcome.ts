/** What is said of a check that nobody could run. */

import type {Check, Outcome, UnknownReason} from '../engine/types.ts';
import {systemClock} from '../util/clock.ts';

/** How the detail of a run begins that found the target down, and is not believed because the vantage was not sound. */
export const notBelieved = 'Nothing can be said about the target:';

/** An outcome of now, without a reading. `detail`: one sentence why. */
export function unknownOutcome(
	check: Check,
	kind: Outcome['kind'],
	detail: string,
	reason: UnknownReason = 'vantage',
): Outcome {
	return {
		key: check.key,
		startedAt: systemClock.wall(),
		durationMs: 0,
		latenessMs: 0,
		late: false,
		kind,
		verdict: 'unknown',
		reason,
		detail,
	};
}
