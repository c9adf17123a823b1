/** Paths as messages show them: somebody may have written a secret where the path of its file should be. */

/** The path, and of what looks like a secret in it only the beginning. */
export function shownPath(path: string): string {
	return path
		.split('/')
		.map(part => (looksSecret(part) ? `${part.slice(0, 4)}…` : part))
		.join('/');
}

/**
 * Whether it has no dot and a long stretch of it looks drawn by lot (base64 or hexadecimal), as in no name that people give. A short
 * one, as at the end of folders that programs make (`mkdtemp`), is none.
 */
export function looksSecret(text: string): boolean {
	return /^[A-Za-z0-9+=_-]+$/.test(text) && text.split(/[-_]/).some(isDrawnByLot);
}

function isDrawnByLot(stretch: string): boolean {
	if (stretch.length < 18) return false;
	if (/^[0-9a-f]{32,}$/i.test(stretch)) return true;
	return /[a-z]/.test(stretch) && /[A-Z]/.test(stretch) && /[0-9+=]/.test(stretch);
}
