/** What the lists of headscale's API have in common: fields that may be missing, ids as text or number, times that mean "none". */

import {z} from 'zod';

/** More entries than any headscale holds: a longer list is an accident or an attack, and would hold the main thread for seconds. */
export const maxEntries = 10_000;

// `nullish` first: a fallback taken by `catch` costs far more, and nulls are everywhere.
/** A field that counts as not told when it is missing or of another type. */
export const lenient = <T extends z.ZodType>(schema: T) => schema.nullish().catch(undefined);
/** 64-bit ids are decimal text, in old versions and from the command line sometimes a number. */
export const id = lenient(z.union([z.string().regex(/^\d{1,20}$/), z.int().nonnegative().transform(String)]));
export const text = lenient(z.string());
// Not z.array: it looks at all of a long list before it refuses it.
export const texts = lenient(z.custom<string[]>(isTexts));
export const flag = lenient(z.boolean());

/** The entries of a list answer, which stand under one key; undefined when this is no such answer. */
export function entriesOf(body: unknown, key: string): unknown[] | undefined {
	if (typeof body !== 'object' || body === null || !Object.hasOwn(body, key)) return undefined;
	const listed: unknown = (body as Record<string, unknown>)[key];
	if (listed === null) return [];
	return Array.isArray(listed) ? listed : undefined;
}

/** The first so many entries; a longer list becomes a problem. */
export function firstEntries(listed: readonly unknown[], noun: string, problems: string[]): readonly unknown[] {
	if (listed.length <= maxEntries) return listed;
	problems.push(`Only the first ${maxEntries} of ${listed.length} listed ${noun} are used.`);
	return listed.slice(0, maxEntries);
}

/** Milliseconds since 1970; undefined when not set, which some versions write as the year 1. */
export function parseTime(raw: string | null | undefined): number | undefined | 'unreadable' {
	if (!raw) return undefined;
	const time = /^\d{4}-\d\d-\d\dT[0-9:.]{8,20}(Z|[+-]\d\d:\d\d)$/.test(raw) ? Date.parse(raw) : Number.NaN;
	if (Number.isNaN(time)) return 'unreadable';
	return time < 0 ? undefined : time;
}

/**
 * Until when a pre-auth or API key is taken, in milliseconds since 1970; undefined: for ever. A key that was made through the API
 * without an expiration is stored with the year 1, and every version refuses it as expired: so that is 0 and not "never".
 */
export function parseKeyExpiry(raw: string | null | undefined): number | undefined | 'unreadable' {
	if (!raw) return undefined;
	return parseTime(raw) ?? 0;
}

/** A time that means something; Go's zero time and 1970 mean that there is none. */
export function timeOf(raw: string | null | undefined): number | undefined {
	const time = parseTime(raw);
	return typeof time === 'number' && time > 0 ? time : undefined;
}

/** At most 64 characters of which none is unsafe to print. */
export function clean(raw: string, unsafe: RegExp): string {
	return raw.slice(0, 64).replace(unsafe, '_');
}

/** A user's name, or what stands before the @ of a mail address. */
export function cleanUserName(raw: string): string {
	return clean(raw.split('@', 1)[0] ?? '', /[^A-Za-z0-9._-]/g);
}

/** Tags, each once. */
export function cleanTags(raw: readonly string[]): string[] {
	return [...new Set(raw.slice(0, 50).map(tag => clean(tag, /[^A-Za-z0-9:._-]/g)))];
}

/** The first problems, and how many more there are. */
export function bounded(problems: readonly string[], list: string): string[] {
	if (problems.length <= maxProblems) return [...problems];
	return [
		...problems.slice(0, maxProblems),
		`${problems.length - maxProblems} more entries of the ${list} have faults.`,
	];
}

const maxProblems = 20;

function isTexts(raw: unknown): boolean {
	return Array.isArray(raw) && raw.length <= 1000 && raw.every(text => typeof text === 'string');
}

/** The object without what is undefined. */
export function known<T extends object>(object: T): Known<T> {
	return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as Known<T>;
}

type Known<T> = {[K in keyof T]?: Exclude<T[K], undefined>};
