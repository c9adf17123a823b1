/** Small files that are replaced while we run (passwords, tokens, certificates): read again when they changed, and only then. */

import {readFileSync, statSync} from 'node:fs';
import {UserError} from './errors.ts';

export interface FreshFile {
	/** The text as it is now. Throws a UserError that names the file and never its content. */
	read(): string;
	/** Grows with each text that differs from the one before. */
	version(): number;
}

/** A file whose time of change is younger may change again without that being seen: file systems count in steps. */
const settledMs = 2000;

/** A look costs some microseconds; a text beyond `maxBytes` is an error. */
export function createFreshFile(path: string, maxBytes: number): FreshFile {
	let seen: {mark: string; text: string; settled: boolean} | undefined;
	let version = 0;

	return {
		read() {
			try {
				const stat = statSync(path, {bigint: true});
				// Reading a pipe would wait for ever.
				if (!stat.isFile()) throw new UserError(`${path} is no file.`, 78);
				const {ino, dev, size, mtimeNs, ctimeNs, ctimeMs} = stat;
				const mark = `${dev} ${ino} ${size} ${mtimeNs} ${ctimeNs}`;
				if (seen?.mark === mark && seen.settled) return seen.text;
				if (size > maxBytes) throw new UserError(`${path} is larger than ${maxBytes} bytes.`, 78);
				const text = readFileSync(path, 'utf8');
				if (text !== seen?.text) version++;
				seen = {mark, text, settled: Date.now() - Number(ctimeMs) > settledMs};
				return text;
			} catch (error) {
				if (error instanceof UserError) throw error;
				const code = (error as NodeJS.ErrnoException).code;
				const why = code === 'ENOENT' ? 'there is no such file' : (code ?? 'it cannot be read');
				throw new UserError(`${path} cannot be read: ${why}.`, 78);
			}
		},
		version: () => version,
	};
}
