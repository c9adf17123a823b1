/** How long what headscale said may be told on. */

import type {HeadscaleState, Read} from './types.ts';

/** The value, unless its last success is more than three intervals old. */
export function freshValue<T>(read: Read<T>, intervalMs: number, nowMs: number): T | undefined {
	return isFresh(read.succeededAt, intervalMs, nowMs) ? read.value : undefined;
}

/** Whether something that happens every interval has happened within the last three. */
export function isFresh(atMs: number | undefined, intervalMs: number, nowMs: number): boolean {
	return atMs !== undefined && nowMs - atMs <= 3 * intervalMs;
}

/** Whether "offline" may now only mean that headscale was restarted. */
export function isInGrace(state: HeadscaleState, nowMs: number): boolean {
	return state.graceUntil !== undefined && nowMs < state.graceUntil;
}

/** Whether GET /key was answered as by a control server; undefined while that is not known, also because nothing answered at all. */
export function isControlKeyAnswered(
	{key}: HeadscaleState,
	inventoryIntervalMs: number,
	nowMs: number,
): boolean | undefined {
	if (!key || key.failure === 'unanswered' || !isFresh(key.triedAt, inventoryIntervalMs, nowMs)) return undefined;
	return key.error === undefined;
}
