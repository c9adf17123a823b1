/** Shows configuration without what might be secret in it. */

/** Names of keys and headers whose values are never shown. */
const secretName = /authorization|cookie|token|secret|password|passwd|credential|api[-_]?key|private/i;

/** A copy in which the value of every key with such a name is `<redacted>`. */
export function redact(value: unknown): unknown {
	if (Array.isArray(value)) return value.map(redact);
	if (typeof value !== 'object' || value === null) return value;
	return Object.fromEntries(
		Object.entries(value).map(([key, inner]) => [key, secretName.test(key) ? '<redacted>' : redact(inner)]),
	);
}
