/** What is quoted of an API server, without the credentials that it, or a proxy before it, may say again. */

import {messageOf} from '../util/errors.ts';

/**
 * Remembers what the headers of a request prove us with, so that it is taken out of whatever is quoted from then on. The last few are
 * kept: also what is said of a token that was rotated a moment ago must not be told.
 */
export function rememberCredentials(headers: Readonly<Record<string, unknown>> = {}): void {
	for (const [name, value] of Object.entries(headers)) {
		if (name.toLowerCase() !== 'authorization' || typeof value !== 'string') continue;
		const credential = value.slice(value.indexOf(' ') + 1).trim();
		// Shorter ones are no secrets, and parts of ordinary words; no other characters can be sent.
		if (credential.length < leastChars || !/^[\u0021-\u007e]+$/.test(credential)) continue;
		inUse.delete(credential);
		inUse.add(credential);
		for (const oldest of inUse) {
			if (inUse.size <= mostKept) break;
			inUse.delete(oldest);
		}
	}
}

/** The text without credentials in use, and without anything that looks like one; to be asked before the text is cut to be shown. */
export function withoutSecrets(said: string): string {
	let text = said.length <= mostChars ? said : said.slice(0, lastBlankOf(said));
	for (const credential of inUse) {
		text = text.replaceAll(credential, hidden);
		const encoded = encodeURIComponent(credential);
		if (encoded !== credential) text = text.replaceAll(encoded, hidden);
	}
	return text.replace(bearer, `$1${hidden}`).replace(jsonToken, hidden);
}

/** The message of what was thrown while the API server was asked. */
export function safeMessageOf(error: unknown): string {
	return messageOf(
		error instanceof Error ? withoutSecrets(error.message) || error.name : withoutSecrets(String(error)),
	);
}

const inUse = new Set<string>();
const mostKept = 16;
const leastChars = 8;
const mostChars = 65_536;
const hidden = '<redacted>';

/** Not the words of an API server that speak of a "bearer token". */
const bearer = /(bearer\s{1,10})(?!tokens?[,.;:)\]]?(?:\s|$))\S+/gi;
/** A JSON web token begins like this, as its first part is an object. */
const jsonToken = /eyJ[\w.+/=-]{8,}/g;

/** Where to cut so that no word is: the rest of a token could not be told from others. */
function lastBlankOf(said: string): number {
	let at = mostChars;
	while (at > 0 && !/\s/.test(said[at] ?? '')) at--;
	return at;
}
