/** Which looks are witnesses of a link that fails: those from after it began to fail. Pure. */

import type {Look} from '../scene.ts';

/** When the link began to fail as it does now, milliseconds since 1970; undefined where it is not down. */
export function failingSince({verdict, outcome, view, isFresh}: Look): number | undefined {
	if (verdict !== 'down') return undefined;
	// What was found just now need not be what failed before.
	const isAsBefore = !isFresh || view.downReason === undefined || view.downReason === outcome?.reason;
	return (isAsBefore ? (view.reasonSince ?? view.downSince) : undefined) ?? outcome?.startedAt;
}

/** The newest run of this look ended at that time or later. */
export function endedSince({outcome}: Look, sinceMs: number | undefined): boolean {
	if (sinceMs === undefined) return true;
	return outcome !== undefined && outcome.startedAt + outcome.durationMs >= sinceMs;
}

/** It was looked at after the other began to fail as it does now: what was seen before that says nothing of the failure. */
export function isSeenSince(look: Look, failed: Look | undefined): boolean {
	return endedSince(look, failed && failingSince(failed));
}
