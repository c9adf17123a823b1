/**
 * What counters that come and go have counted in all. A series that is missing was removed; what it had counted stays counted, and
 * when it comes again it begins anew.
 */

export interface Ledger {
	/** All series of one look, by an id; answers what each gained since the look before. */
	look(series: ReadonlyMap<string, number>): Map<string, number>;
	total(): number;
	/** Series that were removed. */
	removed(): number;
}

export function createLedger(): Ledger {
	let known: ReadonlyMap<string, number> = new Map();
	let total = 0;
	let removed = 0;
	return {
		look(series) {
			const gains = new Map<string, number>();
			for (const [id, value] of series) {
				const before = known.get(id) ?? 0;
				const gain = value >= before ? value - before : value;
				total += gain;
				if (gain > 0) gains.set(id, gain);
			}
			for (const id of known.keys()) if (!series.has(id)) removed++;
			known = new Map(series);
			return gains;
		},
		total: () => total,
		removed: () => removed,
	};
}
