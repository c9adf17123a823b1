/** What somebody may have meant who wrote a word that does not exist. */

/** The candidate that differs least from the word, by few enough slips to be one; undefined where several are as near. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
	const [first, ...others] = allNearest(word, candidates);
	return others.length === 0 ? first : undefined;
}

/** All that differ least from the word, each once. Another number is no slip: it is the name of another thing. */
export function allNearest(word: string, candidates: readonly string[]): string[] {
	const limit = Math.min(2, Math.floor(word.length / 3));
	const small = word.toLowerCase();
	let least = limit;
	let best: string[] = [];
	for (const candidate of new Set(candidates)) {
		if (Math.abs(candidate.length - word.length) > limit) continue;
		const slips = slipsBetween(small, candidate.toLowerCase());
		if (slips > least || (slips > 0 && isAnotherNumber(word, candidate))) continue;
		if (slips < least) best = [];
		least = slips;
		best.push(candidate);
	}
	return best;
}

function isAnotherNumber(word: string, candidate: string): boolean {
	const digitsOf = (text: string) => text.replace(/\D+/g, ' ').trim();
	return digitsOf(word) !== '' && digitsOf(word) !== digitsOf(candidate);
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
