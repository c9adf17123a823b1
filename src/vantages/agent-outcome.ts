/** The border for outcomes on the daemon's side: an agent may be anybody's by now, so each is held against its shape and cleaned. */

import {z} from 'zod';
import type {Check, Outcome} from '../engine/types.ts';
import {downReasons, phaseNames, unknownReasons} from '../engine/types.ts';
import {oneLine} from '../util/errors.ts';

export interface ReceivedOutcome extends Omit<Outcome, 'startedAt' | 'belated' | 'withheld'> {
	ageMs: number;
}

/** The outcome, or undefined when it is not of the shape or contradicts itself. */
export function readOutcome(json: unknown): ReceivedOutcome | undefined {
	const read = outcomeSchema.safeParse(json);
	return read.success ? (read.data as ReceivedOutcome) : undefined;
}

/** Number and key of what may be an outcome, looked at first. */
export function readEnvelope(json: unknown): {n: number; key: string} | undefined {
	const read = envelopeSchema.safeParse(json);
	return read.success ? read.data : undefined;
}

/** Whether a run could have taken so long, and its phases, which pass one after the other within it. */
export function isPlausible(
	{durationMs, ageMs, reading}: ReceivedOutcome,
	{timeoutMs}: Pick<Check, 'timeoutMs'>,
): boolean {
	const phasesMs = Object.values(reading?.phases ?? {}).reduce((sum, seconds) => sum + seconds * 1000, 0);
	return durationMs <= timeoutMs + slackMs && ageMs >= durationMs - slackMs && phasesMs <= durationMs + phaseSlackMs;
}

/** A run on a busy machine ends so much after its deadline. */
const slackMs = 10_000;
/** Both are of one clock; what a probe measured over many targets at once is told a little less exactly. */
const phaseSlackMs = 1000;
/** An hour of history and some more. */
const maxAgeMs = 2 * 3_600_000;

const text = (max: number) =>
	z
		.string()
		.max(4 * max)
		.transform(written => oneLine(written, max));
const ms = z.number().min(0).max(86_400_000);
const named = z.string().regex(/^[A-Za-z0-9_.:-]{1,60}$/);
const bounded = <T extends Record<string, unknown>>(record: z.ZodType<T>, max: number) =>
	record.refine(found => Object.keys(found).length <= max);

const gpu = z.object({
	index: z.int().min(0).max(1023),
	uuid: text(100).optional(),
	model: text(100).optional(),
	driverVersion: text(60).optional(),
	cudaVersion: text(60).optional(),
	busId: text(60).optional(),
	values: bounded(z.record(named, z.number()), 100),
	flags: bounded(z.record(named, z.boolean()), 50),
});

const reading = z
	.object({
		ok: z.boolean(),
		reason: z.enum(downReasons).optional(),
		detail: text(300).optional(),
		phases: z.partialRecord(z.enum(phaseNames), z.number().min(0).max(86_400)).optional(),
		values: bounded(z.record(named, z.number()), 200),
		facts: bounded(z.record(named, text(600)), 100),
		gpus: z.array(gpu).max(64).optional(),
	})
	.refine(({ok, reason}) => ok === (reason === undefined));

const outcomeSchema = z
	.object({
		key: z.string().max(600),
		ageMs: z.number().min(0).max(maxAgeMs),
		durationMs: ms,
		latenessMs: ms,
		late: z.boolean(),
		kind: z.enum(['scheduled', 'recheck', 'adhoc']),
		verdict: z.enum(['up', 'down', 'unknown']),
		reason: z.enum([...downReasons, ...unknownReasons]).optional(),
		detail: text(300).optional(),
		reading: reading.optional(),
	})
	.refine(({verdict, reason}) => {
		if (reason === undefined) return verdict === 'up';
		return verdict === (isOf(downReasons, reason) ? 'down' : 'unknown');
	});

const envelopeSchema = z.object({n: z.int().min(1), key: z.string().max(600)});

function isOf(list: readonly string[], reason: string): boolean {
	return list.includes(reason);
}
