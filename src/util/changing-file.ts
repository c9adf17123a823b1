/** Small files that change under us (rotated secrets, bodies), kept as long as they stay the same. */

import {readFile, stat} from 'node:fs/promises';
import {messageOf} from './errors.ts';

/**
 * The content, from memory as long as the file is the same one, unchanged. Rejects with an Error whose message is a clause and shows
 * nothing of the content.
 */
export async function readChanging(file: string, maxBytes: number): Promise<Buffer> {
	// A file that is written between these two is read as it is then, and again at the next run.
	const {mtimeMs, ctimeMs, size, ino} = await stat(file).catch(error => {
		throw new Error(messageOf(error));
	});
	if (size > maxBytes) throw new Error(`it is larger than ${maxBytes} bytes`);
	const version = `${mtimeMs} ${ctimeMs} ${size} ${ino}`;
	let known = files.get(file);
	if (known?.version !== version) {
		// The promise is kept, so that runs which start together read the file once.
		known = {version, content: readFile(file)};
		if (files.size >= maxFiles) files.clear();
		files.set(file, known);
	}
	try {
		const content = await known.content;
		if (content.length > maxBytes) throw new Error(`it is larger than ${maxBytes} bytes`);
		return content;
	} catch (error) {
		if (files.get(file) === known) files.delete(file);
		throw new Error(messageOf(error));
	}
}

const files = new Map<string, {version: string; content: Promise<Buffer>}>();
const maxFiles = 200;
