/** docs/performance.md: what is written by hand, and behind its mark the tables of one run. */

import {readFile, writeFile} from 'node:fs/promises';
import {UserError} from '../../src/util/errors.ts';
import {partNames} from './options.ts';
import {median} from './statistics.ts';
import {busyFrom, summarize} from './summary.ts';
import type {BenchResult} from './types.ts';

const page = new URL('../../docs/performance.md', import.meta.url);
const mark = '<!-- Written from here on by `npm run bench -- --write`. -->';

/** Puts the tables into the page. */
export async function writePage(result: BenchResult): Promise<void> {
	await writeFile(page, withTables(await readFile(page, 'utf8'), result));
}

/** Throws a UserError for a run whose figures do not belong into the page; without `comparisons`, before a run, by its form alone. */
export function refuseForPage(
	{
		form,
		parts,
		comparisons,
	}: Pick<BenchResult, 'form' | 'parts'> & {comparisons: BenchResult['comparisons'] | undefined},
	evenIfBusy: boolean,
): void {
	if (form !== 'default' || parts.length < partNames.length)
		throw new UserError('--write takes the whole default form only: leave out --quick, --short and --only.', 64);
	if (comparisons === undefined || evenIfBusy) return;
	const others = median(comparisons.flatMap(({windows}) => Object.values(windows).flat()).map(each => each.othersCpu));
	if (others <= busyFrom) return;
	throw new UserError(
		`--write wants a quiet machine: in the median window other work took ${others.toFixed(2)} processors' worth, at most ${busyFrom} may be. Run it again when nothing else runs, or write with --even-if-busy: then it stands above the tables.`,
		69,
	);
}

/** The page with the tables of this run in the place of those that stood there. Throws where the mark is missing. */
export function withTables(text: string, result: BenchResult): string {
	const at = text.indexOf(mark);
	if (at === -1) throw new Error(`docs/performance.md has no line "${mark}".`);
	return `${text.slice(0, at)}${mark}\n\n## Figures\n\n${summarize(result)}\n`;
}
