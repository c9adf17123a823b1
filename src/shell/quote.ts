/** The one place where text becomes part of a shell script. */

/**
 * The text as one word of a POSIX shell, which reads nothing in it. Throws TypeError on a NUL, which no argument can carry.
 */
export function shellQuote(text: string): string {
	if (text.includes('\0')) throw new TypeError('an argument with a NUL cannot be passed to a program');
	return `'${text.replaceAll("'", "'\\''")}'`;
}
