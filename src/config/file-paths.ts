/** Which values of a configuration are paths of files, known by their keys, and what relative ones are relative to. */

import {resolve} from 'node:path';

/**
 * A copy of plain data of a configuration in which every path of a file is absolute: relative ones start at `folder`. Not for
 * `module_files`, which is read before.
 */
export function withAbsolutePaths<T>(value: T, folder: string): T {
	return walk(value, path => resolve(folder, path)) as T;
}

/** Every path of a file in plain data of a configuration, with the key that it stands under. */
export function filesNamed(value: unknown): {key: string; path: string}[] {
	const found: {key: string; path: string}[] = [];
	walk(value, (path, key) => {
		found.push({key, path});
		return path;
	});
	return found;
}

function walk(value: unknown, change: (path: string, key: string) => string, key = '', holder = ''): unknown {
	if (typeof value === 'string') return isFileKey(key) ? change(value, key) : value;
	if (Array.isArray(value)) return value.map(item => walk(item, change, key, holder));
	if (!isPlain(value)) return value;
	if (isHeaderTexts(value, key, holder)) return {...value};
	return Object.fromEntries(
		Object.entries(value).map(([inner, part]) => [inner, walk(part, change, inner, key)] as const),
	);
}

function isFileKey(key: string): boolean {
	return key === 'file' || key === 'files' || key.endsWith('_file');
}

/**
 * The option `headers`: name to text, whose names are the user's own and may look like the key of a file. Of `http_headers` a header
 * may be called `headers` too, and what is in that one are keys.
 */
function isHeaderTexts(value: Record<string, unknown>, key: string, holder: string): boolean {
	return key === 'headers' && holder !== 'http_headers' && Object.values(value).every(one => typeof one === 'string');
}

function isPlain(value: unknown): value is Record<string, unknown> {
	if (typeof value !== 'object' || value === null) return false;
	const prototype: unknown = Object.getPrototypeOf(value);
	return prototype === Object.prototype || prototype === null;
}
