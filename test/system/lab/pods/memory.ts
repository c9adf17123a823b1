/** What a container takes of the machine's memory. */

import {readFile} from 'node:fs/promises';

/** Memory of a process and all that came from it. */
export interface Memory {
	/** Shares counted in proportion. */
	residentBytes: number;
	/** Of it, what no file stands behind. */
	ownBytes: number;
}

/** Of a container, by its first process. */
export async function memoryOf(pid: number): Promise<Memory> {
	const [rollup, children] = await Promise.all([
		readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => ''),
		readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => ''),
	]);
	const field = (name: string) => Number(new RegExp(`^${name}: +(\\d+) kB`, 'm').exec(rollup)?.[1] ?? 0) * 1024;
	const below = await Promise.all(children.split(' ').filter(Boolean).map(Number).map(memoryOf));
	return {
		residentBytes: below.reduce((sum, one) => sum + one.residentBytes, field('Pss')),
		ownBytes: below.reduce((sum, one) => sum + one.ownBytes, field('Pss_Anon')),
	};
}
