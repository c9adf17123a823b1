/** A projected volume as the kubelet keeps it: names are links through `..data`, which is swapped as a whole by a rename. */

import {
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readlinkSync,
	renameSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import type {ExecutionContext} from 'ava';

export interface KubeletVolume {
	folder: string;
	path(name: string): string;
	/** Puts exactly these files in place of what is there, in the order of the kubelet. */
	put(files: Readonly<Record<string, string>>): void;
}

/** An empty one, as of Secrets that are optional and missing; gone when the test ends. */
export function kubeletVolume(t: ExecutionContext): KubeletVolume {
	const folder = mkdtempSync(join(tmpdir(), 'tailprobe-volume-'));
	t.teardown(() => rmSync(folder, {recursive: true}));
	let generation = 0;
	const volume: KubeletVolume = {
		folder,
		path: name => join(folder, name),
		put(files) {
			const before = readdirSync(folder).includes('..data') ? readlinkSync(join(folder, '..data')) : undefined;
			const fresh = `..2026_11_23_10_00_00.${++generation}`;
			mkdirSync(join(folder, fresh));
			for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, fresh, name), text);
			symlinkSync(fresh, join(folder, '..data_tmp'));
			renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
			const shown = readdirSync(folder).filter(name => !name.startsWith('..'));
			for (const name of Object.keys(files))
				if (!shown.includes(name)) symlinkSync(join('..data', name), join(folder, name));
			for (const name of shown) if (!(name in files)) rmSync(join(folder, name));
			if (before !== undefined) rmSync(join(folder, before), {recursive: true});
		},
	};
	volume.put({});
	return volume;
}
