/** Requests that were taken, so that none is taken twice while its time still passes. Only proved ones get here. */

export interface Nonces {
	/** `used`: a request with it was taken before. `full`: more came than can be remembered. */
	take(nonce: string, nowMs: number): 'fresh' | 'used' | 'full';
}

/** Remembers each for `keepMs`. */
export function createNonces({keepMs, max}: {keepMs: number; max: number}): Nonces {
	/** When each may be forgotten, in the order in which they came. */
	const seen = new Map<string, number>();
	return {
		take(nonce, nowMs) {
			for (const [old, until] of seen) {
				if (until > nowMs) break;
				seen.delete(old);
			}
			if (seen.has(nonce)) return 'used';
			if (seen.size >= max) return 'full';
			seen.set(nonce, nowMs + keepMs);
			return 'fresh';
		},
	};
}
