/** The table of values in the chart's README, below its mark. */

import {type ChartValue, readChartValues} from './values.ts';

const mark = '<!-- Generated from here on by `npm run docs`. -->';

/** The README with the table of these values below its mark. */
export function chartReadme(readme: string, valuesText: string): string {
	const [own = ''] = readme.split(mark);
	const rows = leaves(readChartValues(valuesText)).map(
		({path, meaning, default: value}) =>
			`| \`${path.join('.')}\` | ${shown(value)} | ${meaning.replaceAll('|', '\\|')} |`,
	);
	return [
		`${own}${mark}`,
		'',
		'## Values',
		'',
		'| value | default | meaning |',
		'| --- | --- | --- |',
		...rows,
		'',
	].join('\n');
}

/** What can be set: a key that only holds others says what they are for, and has no default of its own. */
function leaves(values: readonly ChartValue[]): ChartValue[] {
	return values.flatMap(value =>
		value.children.length === 0 ? [value] : [{...value, default: undefined}, ...leaves(value.children)],
	);
}

function shown(value: unknown): string {
	return value === undefined ? '' : `\`${JSON.stringify(value)}\``;
}
