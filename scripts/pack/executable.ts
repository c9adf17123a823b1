/** One file that runs without Node.js: a copy of this Node.js, without its symbols, with a program inside. */

import {createHash} from 'node:crypto';
import {copyFile, mkdir, mkdtemp, readFile, rename, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {execa} from 'execa';
import {nodeFlags} from '../as-started.ts';
import type {Bundle} from './bundle.ts';
import {doWithoutLibatomic} from './libatomic.ts';

/**
 * Writes the executable; it starts Node.js with the flags of `as-started.ts` and takes no others, from NODE_OPTIONS neither.
 *
 * @returns sentences: where it is larger, or needs more of a machine, than it could
 * @throws Error with the last words of `strip` or Node.js where they fail
 */
export async function buildExecutable({main, workers}: Bundle, output: string): Promise<string[]> {
	const scratch = await mkdtemp(join(tmpdir(), 'tailprobe-pack-'));
	try {
		const put = async (name: string, text: string) => {
			const file = join(scratch, name);
			await writeFile(file, text);
			return file;
		};
		const assets: Record<string, string> = {};
		for (const [name, text] of workers) assets[name] = await put(`worker-${name}.cjs`, text);
		const node = join(scratch, 'node');
		const notes = await prepareNode(node);
		const settings = {
			main: await put('main.cjs', main),
			executable: node,
			output: join(scratch, 'executable'),
			disableExperimentalSEAWarning: true,
			useCodeCache: true,
			execArgv: nodeFlags,
			execArgvExtension: 'none',
			assets,
		};
		await execa(process.execPath, ['--build-sea', await put('settings.json', JSON.stringify(settings))]);
		await mkdir(dirname(output), {recursive: true});
		// Under its name there is always a whole file, and one that runs is not overwritten.
		await copyFile(settings.output, `${output}.new`);
		await rename(`${output}.new`, output);
		return notes;
	} finally {
		await rm(scratch, {recursive: true, force: true});
	}
}

/** Hexadecimal, as `sha256sum` writes it. */
export async function sha256Of(file: string): Promise<string> {
	return createHash('sha256')
		.update(await readFile(file))
		.digest('hex');
}

/** A copy of Node.js that is smaller and needs less. Stripped with the program inside, it would lose that. */
async function prepareNode(file: string): Promise<string[]> {
	await copyFile(process.execPath, file);
	const strip = await execa('strip', ['--strip-all', file], {reject: false});
	if (strip.failed && strip.code !== 'ENOENT') throw new Error(`strip failed: ${strip.stderr.slice(-500)}`);
	const bytes = await readFile(file);
	const needs = doWithoutLibatomic(bytes);
	await writeFile(file, bytes);
	return [
		...(strip.failed ? ['It is 30 MB larger than it could be: there is no strip here (package binutils).'] : []),
		...(needs === undefined ? [] : [needs]),
	];
}
