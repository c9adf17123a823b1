/** How long what headscale said may be told on. */

import {isFresh} from '../sources/read.ts';
import type {HeadscaleState} from './types.ts';

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
