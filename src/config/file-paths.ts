/** Which values of a configuration are paths of files or names of environment variables, known by their keys, and what relative paths are relative to. */

import {resolve} from 'node:path';

/**
 * A copy of plain data of a configuration in which every path of a file is absolute: relative ones start at `folder`. Not for
 * `module_files`, which is read before.
 */
export function withAbsolutePaths<T>(value: T, folder: string): T {
	return walk(value, {isWanted: isFileKey, change: path => resolve(folder, path)}) as T;
}

/** Every path of a file in plain data of a configuration, with the key that it stands under. */
export function filesNamed(value: unknown): {key: string; path: string}[] {
	return listOf(value, isFileKey).map(({key, text}) => ({key, path: text}));
}

/** Every name of an environment variable in plain data of a configuration. */
export function variablesNamed(value: unknown): string[] {
	return listOf(value, key => key === 'env').map(({text}) => text);
}

function listOf(value: unknown, isWanted: Walk['isWanted']): {key: string; text: string}[] {
	const found: {key: string; text: string}[] = [];
	const change = (text: string, key: string) => {
		found.push({key, text});
		return text;
	};
	walk(value, {isWanted, change});
	return found;
}

/** What is done with the texts under some keys. */
interface Walk {
	isWanted(key: string): boolean;
	change(text: string, key: string): string;
}

function walk(value: unknown, how: Walk, key = '', holder = ''): unknown {
	if (typeof value === 'string') return how.isWanted(key) ? how.change(value, key) : value;
	if (Array.isArray(value)) return value.map(item => walk(item, how, key, holder));
	if (!isPlain(value)) return value;
	if (isHeaderTexts(value, key, holder)) return {...value};
	return Object.fromEntries(
		Object.entries(value).map(([inner, part]) => [inner, walk(part, how, inner, key)] as const),
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
