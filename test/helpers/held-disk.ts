/**
 * A disk that does not answer: all threads that look at files, pack and derive keys are busy. They are the whole process's, other test
 * files among it, so it is done in a process of its own.
 */

import {execFile, execFileSync} from 'node:child_process';
import {closeSync, constants, mkdtempSync, openSync, rmSync} from 'node:fs';
import {open} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {promisify} from 'node:util';

/** Runs the program in test/fixtures/held-disk; resolves to what it reported. */
export async function withHeldDisk(program: string): Promise<unknown> {
	const file = join(import.meta.dirname, '../fixtures/held-disk', program);
	const {stdout} = await promisify(execFile)(process.execPath, [file], {timeout: 30_000});
	return JSON.parse(stdout);
}

/** In such a program: holds the disk until what it returns is called, which leaves `folder` as it is. */
export function holdDisk(folder: string): () => Promise<void> {
	const count = Number(process.env.UV_THREADPOOL_SIZE ?? 4);
	const pipes = Array.from({length: count}, (_, at) => join(folder, `pipe-${at}`));
	for (const pipe of pipes) execFileSync('mkfifo', [pipe]);
	// Opening one waits for a writer.
	const held = pipes.map(pipe => open(pipe, 'r'));
	return async () => {
		const writers = pipes.map(pipe => openSync(pipe, constants.O_RDWR));
		for (const handle of await Promise.all(held)) await handle.close();
		for (const writer of writers) closeSync(writer);
	};
}

/** In such a program: does its work in a folder of its own, and reports what came of it. */
export async function report(work: (folder: string) => Promise<unknown>): Promise<void> {
	const folder = mkdtempSync(join(tmpdir(), 'held-'));
	try {
		process.stdout.write(JSON.stringify(await work(folder)));
	} finally {
		rmSync(folder, {recursive: true});
	}
}
