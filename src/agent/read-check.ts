/** The border for checks on the agent's side: what a daemon wants run is held against the schemas of this program. */

import {z} from 'zod';
import type {Check, UnknownReason} from '../engine/types.ts';
import {findProbe} from '../probes/registry.ts';
import type {Probe} from '../probes/types.ts';
import {oneLine} from '../util/errors.ts';
import {version} from '../util/version.ts';
import {type AllowList, refusalOf} from './allow.ts';

export type ReadCheck =
	| {kind: 'runs'; check: Check}
	/** It may not, or cannot, be run here; told at each of its slots. */
	| {kind: 'denied'; check: Check; reason: UnknownReason; detail: string}
	/** Not even its key is right. */
	| {kind: 'nonsense'};

/** Judges one check as it came. */
export function readCheck(json: unknown, allow: AllowList): ReadCheck {
	const read = checkSchema.safeParse(json);
	if (!read.success) return {kind: 'nonsense'};
	const {options: written, ...rest} = read.data;
	const probe = findProbe(rest.type);
	const check = withoutAbsent({...rest, options: written ?? {}});
	const deny = (reason: UnknownReason, detail: string): ReadCheck => ({kind: 'denied', check, reason, detail});
	if (!probe)
		return deny(
			'unsupported',
			`The agent (tailprobe ${version}) knows no ${oneLine(check.type, 40)} probe: update it.`,
		);
	const options = optionsSchemaOf(probe).safeParse(written ?? {});
	if (!options.success)
		return deny(
			'unsupported',
			`The agent (tailprobe ${version}) does not understand the options of this check (${whereOf(options.error)}): has the daemon another version?`,
		);
	if (!probe.vias.includes(check.target.via) && probe.address !== 'self')
		return deny('unsupported', `A ${check.type} probe does not go by ${check.target.via}.`);
	const wanted = {...check, options: options.data};
	const refusal = refusalOf(wanted, probe, allow);
	return refusal === undefined ? {kind: 'runs', check: wanted} : deny('denied', refusal);
}

/** Options as the daemon's schema returned them, judged again. */
export function optionsSchemaOf(probe: Probe): z.ZodType {
	const known = optionSchemas.get(probe.type);
	if (known) return known;
	const schema = (probe.settled ?? probe.options)(z);
	optionSchemas.set(probe.type, schema);
	return schema;
}

const optionSchemas = new Map<string, z.ZodType>();

const shortText = z.string().min(1).max(600);
const label = z.string().regex(/^[A-Za-z0-9._:[\]-]{0,300}$/);
const durationMs = (min: number) => z.number().min(min).max(86_400_000);

const checkSchema = z.object({
	// Slashes part name, vantage and target.
	key: z.string().regex(/^[A-Za-z0-9._:[\]/-]{1,600}$/),
	name: label,
	type: z.string().regex(/^[a-z0-9_]{1,40}$/),
	vantage: label,
	target: z.object({
		name: label,
		address: z.string().min(1).max(4096),
		via: z.enum(['tailnet', 'direct']),
		peer: label,
		only: z.array(shortText).max(100).optional(),
	}),
	options: z.unknown(),
	intervalMs: durationMs(500),
	timeoutMs: durationMs(10),
	recheckMs: durationMs(100).optional(),
	confirm: z.int().min(1).max(100),
	detail: z.enum(['full', 'lean', 'least']),
	histogram: z.boolean(),
	objectiveMs: durationMs(0).optional(),
	expect: z.literal('unreachable').optional(),
});

type Parsed = Omit<z.output<typeof checkSchema>, 'options'> & {options: unknown};

/** The same without keys that are there and undefined. */
function withoutAbsent(parsed: Parsed): Check {
	const {recheckMs, objectiveMs, expect, target, ...rest} = parsed;
	const {only, ...aim} = target;
	return {
		...rest,
		target: {...aim, ...(only === undefined ? {} : {only})},
		...(recheckMs === undefined ? {} : {recheckMs}),
		...(objectiveMs === undefined ? {} : {objectiveMs}),
		...(expect === undefined ? {} : {expect}),
	};
}

/** Where a schema complains, without what stands there: it may be a secret. */
function whereOf(error: z.ZodError): string {
	const places = error.issues.map(({path, code}) => (path.length === 0 ? code : path.map(String).join('.')));
	return oneLine([...new Set(places)].slice(0, 3).join(', '), 120);
}
