/** Label values as /metrics shows them. All metrics of a check share one such set, and so its text: a check has many series. */

export interface LabelSet {
	readonly values: Readonly<Record<string, string>>;
	/** Such as `check="tunnel",vantage="cluster"`, escaped; empty without labels. */
	readonly text: string;
}

/** In the order of the metric's row. */
export function labelSet(values: Readonly<Record<string, string>>): LabelSet {
	return {values, text: labelText(values)};
}

/** Of a metric that has one series, or whose only label is told apart from the set. */
export const noLabels: LabelSet = labelSet({});

/** The text alone, where it is not kept. */
export function labelText(values: Readonly<Record<string, string>>): string {
	let text = '';
	for (const name in values) text += `${text === '' ? '' : ','}${name}="${escapeValue(values[name] ?? '')}"`;
	return text;
}

/** As it is written: whoever compares texts must not take two for different that are one in UTF-8. */
function escapeValue(given: string): string {
	const value = given.toWellFormed();
	if (!/[\\\n"]/.test(value)) return value;
	return value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"');
}
