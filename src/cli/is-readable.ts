/** Whether a file that a configuration names is there. */

import {accessSync, constants, statSync} from 'node:fs';

/** Here and now, by us; only regular files are ever read. */
export function isReadable(path: string): boolean {
	try {
		accessSync(path, constants.R_OK);
		return statSync(path).isFile();
	} catch {
		return false;
	}
}
