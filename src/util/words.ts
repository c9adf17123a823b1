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
export function count(number: number, noun: string): string {
	return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
