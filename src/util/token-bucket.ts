/**
 * Rates per key: each key may do `count` things at once, and as many per `perMs` on average. Memory is bounded whatever comes.
 * Own code because rate-limiter-flexible keeps a timer per key, has no bound on keys, and counts in windows of wall time.
 */

import type {Clock} from './clock.ts';

export interface Rate {
	count: number;
	perMs: number;
}

export interface TokenBuckets {
	/** Takes one. Answers 0 when there was one, else the milliseconds until there is one again (and nothing was taken). */
	take(key: string, rate: Rate): number;
	/** Gives back one that was taken. */
	giveBack(key: string, rate: Rate): void;
	/** Keys that are remembered at present. */
	size(): number;
}

interface Bucket {
	left: number;
	at: number;
}

/** Remembers at most `maxKeys` keys: the one that was quiet for longest is forgotten first, which fills it up. */
export function createTokenBuckets({clock, maxKeys}: {clock: Clock; maxKeys: number}): TokenBuckets {
	const buckets = new Map<string, Bucket>();

	return {
		take(key, rate) {
			const bucket = look(key, rate);
			// Refilling in parts adds up to a hair less than a whole one.
			if (bucket.left < 1 - 1e-9) return Math.max(1, Math.ceil(((1 - bucket.left) * rate.perMs) / rate.count));
			bucket.left--;
			return 0;
		},
		giveBack(key, rate) {
			const bucket = look(key, rate);
			bucket.left = Math.min(rate.count, bucket.left + 1);
		},
		size: () => buckets.size,
	};

	/** The bucket as it is now; becomes the last one in the map, which is in the order of use. */
	function look(key: string, {count, perMs}: Rate): Bucket {
		const now = clock.now();
		const before = buckets.get(key);
		const left = before ? Math.min(count, before.left + ((now - before.at) * count) / perMs) : count;
		const bucket = {left, at: now};
		buckets.delete(key);
		if (buckets.size >= maxKeys) buckets.delete(buckets.keys().next().value as string);
		buckets.set(key, bucket);
		return bucket;
	}
}
