/** Words that depend on their neighbours. */

/** `an http`, `a tcp`: a probe type with its article. */
export function withArticle(type: string): string {
	return `${/^(?:[aeio]|http)/.test(type) ? 'an' : 'a'} ${type}`;
}

/** Texts end in many ways; here a sentence of its own follows. */
export function asSentence(text: string): string {
	return /[.!?…]$/.test(text) ? text : `${text}.`;
}

/** `1 check`, `2 checks`. */
export function count(number: number, one: string, many = `${one}s`): string {
	return `${number} ${number === 1 ? one : many}`;
}

/** The first five, and how many more there are. */
export function listNames({count: total, names}: {count: number; names: readonly string[]}): string {
	const shown = names.slice(0, 5);
	const hidden = total - shown.length;
	return hidden > 0 ? `${shown.join(', ')} and ${hidden} more` : shown.join(', ');
}
