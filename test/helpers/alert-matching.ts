/** Matchers of Alertmanager, as it reads them itself. */

/** Labels of an alert. */
export type Labels = Readonly<Record<string, string>>;

/** Whether all matchers, such as `peer=~".+"`, hold for the labels; a label that is missing is empty. */
export function matches(matchers: readonly string[], labels: Labels): boolean {
	return matchers.every(matcher => {
		const {label, operator, value} = partsOf(matcher);
		const actual = labels[label] ?? '';
		const holds = operator.endsWith('~') ? new RegExp(`^(?:${value})$`).test(actual) : actual === value;
		return operator.startsWith('!') ? !holds : holds;
	});
}

/** The names that matchers want of a label or exclude, one pattern for each alternative: `Link(A|B)|C.+` is LinkA, LinkB and C.+. */
export function alternatives(matchers: readonly string[], label: string): string[] {
	return matchers
		.map(partsOf)
		.filter(part => part.label === label)
		.flatMap(({value}) => value.match(/(?:[^|(]|\([^)]*\))+/g) ?? [])
		.flatMap(alternative => {
			const [, before = '', group, after = ''] = /^(.*?)\((.*)\)(.*)$/.exec(alternative) ?? [];
			return group === undefined ? [alternative] : group.split('|').map(one => `${before}${one}${after}`);
		});
}

function partsOf(matcher: string) {
	const [, label, operator, value] = /^(\w+)(=~|!~|!=|=)"(.*)"$/.exec(matcher) ?? [];
	if (label === undefined || operator === undefined || value === undefined)
		throw new Error(`${matcher} is no matcher of the form label="value".`);
	return {label, operator, value};
}
