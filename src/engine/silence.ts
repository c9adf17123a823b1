/** Ways in which nothing answers: one fault shows as several of them. */

import type {DownReason} from './types.ts';

const silences: ReadonlySet<string | undefined> = new Set<DownReason>([
	'refused',
	'unreachable',
	'timeout',
	'reset',
	'proxy',
]);

/** Whether no connection, or no answer, came about. */
export function isSilence(reason: string | undefined): boolean {
	return silences.has(reason);
}

/** Whether two downs may have one cause: the same reason, or no answer both times. */
export function isSameTrouble(one: string | undefined, other: string | undefined): boolean {
	return one === other || (isSilence(one) && isSilence(other));
}
