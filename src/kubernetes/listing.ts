/** The objects of one kind, by name, without what could not be used. */

import {isNameless, keyOf, type Parsed} from './meta.ts';
import type {Listed} from './types.ts';

export interface Listing<T> {
	/** `before`: the listing that this one will replace. */
	put(raw: unknown, before?: Listing<T>): void;
	remove(raw: unknown): void;
	/** By what `keyOf` says. */
	get(key: string): T | undefined;
	/** A value that is never changed, only replaced. */
	current(): Listed<T>;
}

/** More than any cluster that a virtual kubelet is seen in has of what is looked at. */
export const maxObjects = 10_000;
const maxProblems = 20;

/** `join`: what is known of an object that was there before, in the light of what it was; such as since when. */
export function createListing<T>(
	parse: (raw: unknown) => Parsed<T>,
	join: (now: T, before: T) => T = now => now,
): Listing<T> {
	const items = new Map<string, T>();
	const problems = new Map<string, string>();
	/** Keys: events come as often as their senders like, and count no object twice. */
	const nameless = new Set<string>();
	const beyond = new Set<string>();
	let snapshot: Listed<T> | undefined;

	return {
		put(raw, before) {
			snapshot = undefined;
			const key = keyOf(raw);
			const parsed = parse(raw);
			forget(key);
			if ('value' in parsed) {
				const known = items.get(key) ?? before?.get(key);
				const value = known === undefined ? parsed.value : join(parsed.value, known);
				if (items.has(key) || items.size < maxObjects) items.set(key, value);
				else if (beyond.size < maxObjects) beyond.add(key);
				return;
			}
			// What it was before is no longer so.
			items.delete(key);
			if ('skip' in parsed) return;
			if (isNameless(key)) {
				if (nameless.size < maxObjects) nameless.add(key);
			} else if (problems.size < maxObjects) problems.set(key, parsed.problem);
		},
		remove(raw) {
			snapshot = undefined;
			const key = keyOf(raw);
			items.delete(key);
			forget(key);
		},
		get: key => items.get(key),
		current() {
			snapshot ??= {
				items: [...items.values()],
				problems: [
					...(beyond.size > 0 ? [`Only the first ${maxObjects} objects are used.`] : []),
					...(nameless.size > 0 ? [`${nameless.size} objects without a usable name cannot be used.`] : []),
					...[...problems.values()].slice(0, maxProblems),
				],
				bad: problems.size + nameless.size + beyond.size,
			};
			return snapshot;
		},
	};

	/** What was bad about it. */
	function forget(key: string): void {
		for (const bad of [problems, nameless, beyond]) bad.delete(key);
	}
}
