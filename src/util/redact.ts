/** Shows configuration without what might be secret in it. */

/** Names of keys and headers whose values are never shown. */
const secretName = /authorization|cookie|token|secret|password|passwd|credential|api[-_]?key|private/i;

/** Headers whose values are no secrets; every other value is, for all we know. */
export const harmlessHeaders: ReadonlySet<string> = new Set([
	'accept',
	'accept-encoding',
	'accept-language',
	'content-type',
	'host',
	'user-agent',
]);

/** A copy in which the value of every key with such a name, of every header that is not harmless, and every body is `<redacted>`. */
export function redact(value: unknown): unknown {
	if (Array.isArray(value)) return value.map(redact);
	if (typeof value !== 'object' || value === null) return value;
	return Object.fromEntries(
		Object.entries(value).map(([key, inner]) => {
			if (key === 'headers' && typeof inner === 'object' && inner !== null) return [key, redactHeaders(inner)];
			return [key, key === 'body' || secretName.test(key) ? '<redacted>' : redact(inner)];
		}),
	);
}

function redactHeaders(headers: object): object {
	return Object.fromEntries(
		Object.entries(headers).map(([name, text]) => [
			name,
			harmlessHeaders.has(name.toLowerCase()) ? text : '<redacted>',
		]),
	);
}
