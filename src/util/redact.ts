/** What may be secret, judged in one place: names of keys and headers, and configuration shown without them. */

/** Names of keys whose values are never shown. */
const secretName = /authorization|cookie|token|secret|password|passwd|credential|api[-_]?key|private|^key$/i;

/** What is sent to a target as it stands: it may hold a password or a token. */
const sentTexts: ReadonlySet<string> = new Set(['body', 'send', 'subprotocols']);

/** Headers whose values are no secrets; every other value is, for all we know. In lower case: ask `isHarmlessHeader`. */
export const harmlessHeaders: ReadonlySet<string> = new Set([
	'accept',
	'accept-encoding',
	'accept-language',
	'content-type',
	'host',
	'user-agent',
]);

/** Whether the value of a header of that name may be shown, and sent to whomever. */
export function isHarmlessHeader(name: string): boolean {
	return harmlessHeaders.has(name.toLowerCase());
}

/**
 * A copy in which the value of every key with such a name, of every header that is not harmless, and everything that is sent as it
 * stands is `<redacted>`.
 */
export function redact(value: unknown): unknown {
	if (Array.isArray(value)) return value.map(redact);
	if (typeof value !== 'object' || value === null) return value;
	return Object.fromEntries(
		Object.entries(value).map(([key, inner]) => {
			if (/^(?:http_)?headers$/.test(key) && typeof inner === 'object' && inner !== null)
				return [key, redactHeaders(inner)];
			return [key, sentTexts.has(key) || secretName.test(key) ? '<redacted>' : redact(inner)];
		}),
	);
}

function redactHeaders(headers: object): object {
	return Object.fromEntries(
		Object.entries(headers).map(([name, value]) => [name, isHarmlessHeader(name) ? value : '<redacted>']),
	);
}
