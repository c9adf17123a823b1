/** Notices that headscale was restarted: it then lists every node as offline until each has come back. */

import type {HeadscaleState, InventoryReads, PromptReads} from './types.ts';

/** The kernel's boot time, from which this is reckoned, moves by a second now and then. */
const startJitterSeconds = 2;

/**
 * When headscale was restarted (milliseconds since 1970, at most `nowMs`), as far as the read of one part shows it; undefined when
 * it shows nothing: its process start time changed or is recent, it answers again after a failure (its metrics, only where they do
 * not tell that the process is the same), or every node that was online went offline at once.
 */
export function restartSeen(
	part: keyof PromptReads | keyof InventoryReads,
	before: HeadscaleState,
	after: HeadscaleState,
	nowMs: number,
): number | undefined {
	if (part === 'nodes')
		return onlineCount(before) >= 2 && onlineCount(after) === 0 && !after.nodes.error ? nowMs : undefined;
	if ((part !== 'health' && part !== 'metrics') || after[part].error !== undefined) return undefined;
	const cameBack = before[part].error !== undefined;
	if (part === 'health') return cameBack ? nowMs : undefined;
	const was = processStartSeconds(before);
	const is = processStartSeconds(after);
	if (is === undefined) return cameBack ? nowMs : undefined;
	if (was === undefined) return cameBack ? nowMs : Math.min(is * 1000, nowMs);
	return Math.abs(is - was) > startJitterSeconds ? nowMs : undefined;
}

/** `process_start_time_seconds` of the metrics read last; undefined where they do not tell it. */
export function processStartSeconds(state: HeadscaleState): number | undefined {
	const seconds = state.metrics.value?.families.get('process_start_time_seconds')?.samples[0]?.value;
	return Number.isFinite(seconds) ? seconds : undefined;
}

function onlineCount(state: HeadscaleState): number {
	return state.nodes.value?.nodes.filter(node => node.online === true).length ?? 0;
}
