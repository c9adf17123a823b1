/** A YAML file from outside: bounded, and with the place of everything in it. */

import {type Document, isMap, isNode, isPair, LineCounter, parseDocument, type YAMLError} from 'yaml';
import {oneLine} from '../util/errors.ts';
import type {Mistake} from './judge.ts';
import {describeMistake} from './mistakes.ts';

export interface YamlFile {
	/** What is written, as plain data. */
	written: unknown;
	/** How far into the text the value, or else the nearest thing around it, begins. */
	offsetAt(path: readonly (string | number)[]): number;
	/** The mistake with its place in front. */
	describe(mistake: Pick<Mistake, 'path' | 'message'>): string;
}

/** Uses of YAML aliases in a file, unfolded. */
const maxAliasCount = 10_000;
/** A larger file is no configuration. */
export const maxFileBytes = 4 * 1024 * 1024;

/**
 * Reads the text of the file `path`, whose name is only for messages; what is wrong with it comes back as sentences.
 * `asGo`: with what Go's reader takes besides (`<<` merges mappings, `!!binary` is a Uint8Array).
 */
export function readYaml(
	text: string,
	path: string,
	{asGo = false} = {},
): {ok: true; file: YamlFile} | {ok: false; mistakes: readonly string[]} {
	if (text.length > maxFileBytes)
		return {ok: false, mistakes: [`${path}: larger than 4 MiB; that is no configuration`]};
	const lines = new LineCounter();
	const document = parseDocument(text, {lineCounter: lines, ...(asGo ? {merge: true, customTags: ['binary']} : {})});
	const wrong: YAMLError[] = [...document.errors, ...(asGo ? document.warnings : [])];
	if (wrong.length > 0)
		return {
			ok: false,
			mistakes: wrong.map(error => {
				const {line, col} = lines.linePos(error.pos[0]);
				return `${path}:${line}:${col}: this is no YAML: ${oneLine(error.message.split('\n')[0]?.replace(/ at line.*$/, '') ?? '', 200)}`;
			}),
		};
	let written: unknown;
	try {
		written = document.toJS({maxAliasCount});
	} catch (error) {
		// The only error here is that of the bound on aliases (a bomb of them unfolds to gigabytes).
		return {
			ok: false,
			mistakes: [`${path}: ${oneLine((error as Error).message, 200)} (at most ${maxAliasCount} aliases)`],
		};
	}
	const offsetAt = (at: readonly (string | number)[]) => offsetOf(document, at);
	const describe: YamlFile['describe'] = mistake =>
		describeMistake(mistake, lines.linePos(offsetAt(mistake.path)), path);
	return {ok: true, file: {written, offsetAt, describe}};
}

/** Where the value, or else the nearest thing around it, begins in the text. */
export function offsetOf(document: Document, path: readonly (string | number)[]): number {
	for (let length = path.length; length >= 0; length--) {
		const part = path.slice(0, length);
		const parent = length === 0 ? undefined : document.getIn(part.slice(0, -1), true);
		if (isMap(parent)) {
			const pair = parent.items.find(
				item => isPair(item) && String(isNode(item.key) ? item.key.toJSON() : item.key) === String(part.at(-1)),
			);
			if (pair && isNode(pair.key) && pair.key.range) return pair.key.range[0];
		}
		const node = length === 0 ? document.contents : document.getIn(part, true);
		if (isNode(node) && node.range) return node.range[0];
	}
	return 0;
}
