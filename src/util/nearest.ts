/** What somebody may have meant who wrote a word that does not exist. */

/** The candidate that differs least from the word, by few enough slips to be one; of equal ones the first. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
	const limit = Math.min(2, Math.floor(word.length / 3));
	let best: {candidate: string; slips: number} | undefined;
	for (const candidate of candidates) {
		if (Math.abs(candidate.length - word.length) > limit) continue;
		const slips = slipsBetween(word.toLowerCase(), candidate.toLowerCase());
		if (slips <= limit && slips < (best?.slips ?? Number.POSITIVE_INFINITY)) best = {candidate, slips};
	}
	return best?.candidate;
}

/** Letters left out, put in, replaced, or swapped with the next one (optimal string alignment). */
function slipsBetween(a: string, b: string): number {
	let beforeLast: number[] = [];
	let last = Array.from({length: b.length + 1}, (_, at) => at);
	for (let i = 1; i <= a.length; i++) {
		const row = [i];
		for (let j = 1; j <= b.length; j++) {
			const same = a[i - 1] === b[j - 1];
			const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
			row[j] = Math.min(
				at(last, j) + 1,
				at(row, j - 1) + 1,
				at(last, j - 1) + (same ? 0 : 1),
				swapped ? at(beforeLast, j - 2) + 1 : Number.POSITIVE_INFINITY,
			);
		}
		beforeLast = last;
		last = row;
	}
	return at(last, b.length);
}

function at(row: readonly number[], index: number): number {
	return row[index] ?? Number.POSITIVE_INFINITY;
}
