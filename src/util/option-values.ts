/** Schemas of values that several probe types take as options. */

import type * as zod from 'zod';
import type {Zod} from '../probes/types.ts';
import {formatDurationMs, parseDurationMs} from './units.ts';

/** A duration as people write it (`200ms`), milliseconds in the result. `example` is for the message. */
export function durationOption(z: Zod, minMs: number, maxMs: number, example: string): zod.ZodType<number, string> {
	const expected = `expected a duration between ${formatDurationMs(minMs)} and ${formatDurationMs(maxMs)}, such as ${example}`;
	const isFine = (text: string) => {
		const durationMs = parseDurationMs(text);
		return durationMs !== undefined && durationMs >= minMs && durationMs <= maxMs;
	};
	return z
		.string(expected)
		.refine(isFine, expected)
		.transform(text => parseDurationMs(text) ?? minMs);
}
