/** Paths as a container will see them: links of its image lead to places in the image. */

import {readlink} from 'node:fs/promises';
import {dirname, join} from 'node:path';

/** More are a circle. */
const mostLinks = 40;

/** The path without links, as an absolute one below `root`; parts that do not exist stay as they are. Throws where links go in a circle. */
export async function resolveInRoot(root: string, path: string): Promise<string> {
	const partsOf = (text: string) => text.split('/').filter(part => part !== '' && part !== '.');
	const rest = partsOf(path);
	let done = '/';
	let links = 0;
	for (let part = rest.shift(); part !== undefined; part = rest.shift()) {
		if (part === '..') {
			done = dirname(done);
			continue;
		}
		const link = await readlink(join(root, done, part)).catch(() => undefined);
		if (link === undefined) {
			done = join(done, part);
			continue;
		}
		links += 1;
		if (links > mostLinks) throw new Error(`The links of ${path} in ${root} go in a circle.`);
		rest.unshift(...partsOf(link));
		if (link.startsWith('/')) done = '/';
	}
	return done;
}
