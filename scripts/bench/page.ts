/** docs/performance.md: what is written by hand, and behind its mark the tables of one run. */

import {readFile, writeFile} from 'node:fs/promises';
import {summarize} from './summary.ts';
import type {BenchResult} from './types.ts';

const page = new URL('../../docs/performance.md', import.meta.url);
const mark = '<!-- Written from here on by `npm run bench -- --write`. -->';

/** Puts the tables into the page. */
export async function writePage(result: BenchResult): Promise<void> {
	await writeFile(page, withTables(await readFile(page, 'utf8'), result));
}

/** The page with the tables of this run in the place of those that stood there. Throws where the mark is missing. */
export function withTables(text: string, result: BenchResult): string {
	const at = text.indexOf(mark);
	if (at === -1) throw new Error(`docs/performance.md has no line "${mark}".`);
	return `${text.slice(0, at)}${mark}\n\n## Figures\n\n${summarize(result)}\n`;
}
