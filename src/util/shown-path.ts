/** Paths as messages show them: somebody may have written a secret where the path of its file should be. */

/** The path, and of what looks like a secret in it only the beginning. */
export function shownPath(path: string): string {
	return path
		.split('/')
		.map((part, at, {length}) => (looksSecret(part, {alsoForUrls: at === length - 1}) ? `${part.slice(0, 4)}…` : part))
		.join('/');
}

/**
 * Whether it has no dot and looks drawn by lot (base64 or hexadecimal), as no name that people give does. `alsoForUrls`: base64 with
 * `-` and `_`, as folders that programs make may look like.
 */
export function looksSecret(text: string, {alsoForUrls = true} = {}): boolean {
	if (!(alsoForUrls ? /^[A-Za-z0-9+=_-]{20,}$/ : /^[A-Za-z0-9+=]{20,}$/).test(text)) return false;
	return /^[0-9a-f]{32,}$/i.test(text) || (/[a-z]/.test(text) && /[A-Z]/.test(text) && /[0-9+=]/.test(text));
}
