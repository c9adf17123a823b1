/**
 * Files of a volume as kubelet writes them: all of a version lie in a directory of their own, `..data` points to it, each file
 * is a link through `..data`, and a new version comes by one rename, so that a reader never sees half of a change.
 */

import {
	chmod,
	chown,
	lstat,
	mkdir,
	mkdtemp,
	readdir,
	readFile,
	readlink,
	rename,
	rm,
	symlink,
	writeFile,
} from 'node:fs/promises';
import {basename, dirname, join} from 'node:path';

/** A file of a volume. */
export interface VolumeFile {
	data: Buffer;
	mode: number;
}

/** Makes the files of a volume so, by their path inside it. `group` owns and may read them, where given. */
export async function writeAtomically(
	directory: string,
	files: ReadonlyMap<string, VolumeFile>,
	group: number | undefined,
): Promise<void> {
	const current = join(directory, '..data');
	const old = await readlink(current).catch(() => undefined);
	if (old !== undefined && (await holds(join(directory, old), files))) return;

	const fresh = await mkdtemp(`${directory}/..`);
	// It is made for its owner alone.
	await chmod(fresh, 0o755);
	for (const [path, {data, mode}] of files) {
		const file = join(fresh, path);
		await mkdir(dirname(file), {recursive: true});
		await writeFile(file, data);
		await chmod(file, group === undefined ? mode : mode | 0o040);
		if (group !== undefined) await chown(file, 0, group);
	}
	await symlink(basename(fresh), join(directory, '..data_tmp'));
	await rename(join(directory, '..data_tmp'), current);

	const tops = new Set([...files.keys()].map(path => path.split('/')[0] ?? path));
	for (const top of tops) {
		const link = join(directory, top);
		if ((await lstat(link).catch(() => undefined)) === undefined) await symlink(join('..data', top), link);
	}
	for (const name of await readdir(directory)) {
		if (!name.startsWith('..') && !tops.has(name)) await rm(join(directory, name));
	}
	if (old !== undefined) await rm(join(directory, old), {recursive: true});
}

/** Whether a version is these files and no others. */
async function holds(version: string, files: ReadonlyMap<string, VolumeFile>): Promise<boolean> {
	const entries = await readdir(version, {recursive: true, withFileTypes: true});
	if (entries.filter(entry => entry.isFile()).length !== files.size) return false;
	for (const [path, {data}] of files) {
		const written = await readFile(join(version, path)).catch(() => undefined);
		if (written === undefined || !written.equals(data)) return false;
	}
	return true;
}
