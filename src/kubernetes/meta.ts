/** What all objects of the Kubernetes API have in common, read leniently: what is missing or of another type counts as not told. */

import {z} from 'zod';
import {lenient, text, timeOf} from '../headscale/lenient.ts';
import {oneLine} from '../util/errors.ts';

/** An object became one of ours, or a sentence says why it cannot, or it is not one that matters. */
export type Parsed<T> = {value: T} | {problem: string} | {skip: true};

// Whoever can make objects in the cluster chooses names; the API server lets no other ones pass.
const objectName = z.string().regex(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/);
const uid = z.string().regex(/^[A-Za-z0-9-]{1,64}$/);

export const metaSchema = z.object({
	name: objectName,
	namespace: objectName.optional(),
	uid,
	labels: lenient(z.record(z.string(), z.unknown())),
	annotations: lenient(z.record(z.string(), z.unknown())),
	creationTimestamp: text,
	deletionTimestamp: text,
});

export const conditionsSchema = lenient(
	z.array(
		z.object({type: text, status: text, reason: text, message: text, lastTransitionTime: text}).nullable().catch(null),
	),
);

export interface Condition {
	status: 'true' | 'false' | 'unknown';
	since?: number;
	reason?: string;
	message?: string;
}

/** The condition of that type; undefined where there is none that says anything. */
export function conditionOf(conditions: z.output<typeof conditionsSchema>, type: string): Condition | undefined {
	const found = conditions?.find(condition => condition?.type === type);
	const status = found?.status?.toLowerCase();
	if (!found || (status !== 'true' && status !== 'false' && status !== 'unknown')) return undefined;
	const since = timeOf(found.lastTransitionTime);
	return {
		status,
		...(since === undefined ? {} : {since}),
		...(found.reason ? {reason: found.reason.slice(0, 1200)} : {}),
		...(found.message ? {message: oneLine(found.message.slice(0, 1200), 300)} : {}),
	};
}

/** Labels, or annotations that `wanted` keeps, bounded in number and length. */
export function textsOf(
	raw: Readonly<Record<string, unknown>> | null | undefined,
	maxLength: number,
	wanted: (key: string) => boolean = () => true,
): Record<string, string> {
	const kept: Record<string, string> = {};
	let count = 0;
	for (const [key, value] of Object.entries(raw ?? {})) {
		if (!isKey(key) || typeof value !== 'string' || value.length > maxLength || !wanted(key)) continue;
		if (++count > maxTexts) break;
		kept[key] = oneLine(value, maxLength);
	}
	return kept;
}

const maxTexts = 64;

function isKey(key: string): boolean {
	return key.length <= 317 && /^[A-Za-z0-9][A-Za-z0-9./_-]*$/.test(key);
}

/** The sentence for an object that cannot be used. Its name is only told when it is one. */
export function problemOf(kind: string, raw: unknown, error: z.ZodError): string {
	const {name, namespace} = nameOf(raw);
	const issue = error.issues[0];
	const whose =
		name === undefined
			? `A ${kind} without a usable name`
			: `The ${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;
	return `${whose} cannot be used: ${(issue?.path ?? []).map(String).join('.').slice(0, 80) || 'it'} is not as expected.`;
}

/** What an object is kept under, also one that cannot be used. All that tell neither a name of any kind nor a uid are one. */
export function keyOf(raw: unknown): string {
	const {namespace, name} = nameOf(raw);
	return name === undefined ? `?${marksOf(raw)}` : `${namespace ?? ''}/${name}`;
}

/** Whether that is the key of an object without a usable name. */
export function isNameless(key: string): boolean {
	return key.startsWith('?');
}

const marksSchema = z.object({metadata: z.object({uid: lenient(uid), namespace: text, name: text})});

function marksOf(raw: unknown): string {
	const found = marksSchema.safeParse(raw);
	if (!found.success) return '';
	const {uid: own, namespace, name} = found.data.metadata;
	return own ?? `${namespace ?? ''}/${name ?? ''}`.slice(0, 512);
}

const namesSchema = z.object({metadata: z.object({name: objectName, namespace: lenient(objectName)})});

function nameOf(raw: unknown): {name?: string; namespace?: string | undefined} {
	const found = namesSchema.safeParse(raw);
	return found.success ? {...found.data.metadata, namespace: found.data.metadata.namespace ?? undefined} : {};
}

/** What else is lenient here. */
export const count = lenient(z.int().nonnegative());
