/** Reads the configuration file: every mistake at once, each with its place and what was expected. */

import {readFile} from 'node:fs/promises';
import {type Document, isMap, isNode, isPair, LineCounter, parseDocument} from 'yaml';
import type {z} from 'zod';
import {oneLine, UserError} from '../util/errors.ts';
import {judgeFile, type Mistake} from './judge.ts';
import {normalise} from './normalise.ts';
import {type File, fileSchema} from './schema.ts';
import type {Config} from './types.ts';

export type Loaded = {ok: true; config: Config} | {ok: false; mistakes: readonly string[]};

/** Exit status for a wrong configuration (EX_CONFIG of sysexits.h). */
export const wrongConfigExitCode = 78;

/** Uses of YAML aliases in a file, unfolded. */
const maxAliasCount = 10_000;
/** A larger file is no configuration. */
const maxFileBytes = 4 * 1024 * 1024;

/** Reads and judges the file. Throws only a UserError when it cannot be read at all. */
export async function loadConfig(path: string): Promise<Loaded> {
	let text: string;
	try {
		text = await readFile(path, 'utf8');
	} catch (error) {
		const why = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : (error as Error).message;
		throw new UserError(`The configuration ${path} cannot be read: ${why}.`, wrongConfigExitCode);
	}
	return parseConfig(text, path);
}

/** Judges the text of a configuration; `path` is only for the messages. */
export function parseConfig(text: string, path: string): Loaded {
	if (text.length > maxFileBytes)
		return {ok: false, mistakes: [`${path}: larger than 4 MiB; that is no configuration`]};
	const lines = new LineCounter();
	const document = parseDocument(text, {lineCounter: lines});
	if (document.errors.length > 0)
		return {
			ok: false,
			mistakes: document.errors.map(error => {
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
	const {file, mistakes} = judge(written ?? {});
	if (file && mistakes.length === 0) return {ok: true, config: normalise(file, written)};
	const placed = mistakes.map(mistake => ({mistake, offset: offsetOf(document, mistake.path)}));
	const inOrder = placed.toSorted((a, b) => a.offset - b.offset);
	return {ok: false, mistakes: inOrder.map(({mistake, offset}) => describe(mistake, lines.linePos(offset), path))};
}

/**
 * A wrong value is taken out and the rest judged again, so that mistakes between good values are seen in the same go. What only looks
 * wrong because something was taken out is not told.
 */
function judge(written: unknown): {file?: File; mistakes: Mistake[]} {
	const mistakes: Mistake[] = [];
	const rest = structuredClone(written);
	const told = new Set<string>();
	for (let round = 0; round < maxRounds; round++) {
		const result = fileSchema.safeParse(rest);
		if (result.success) {
			const between = judgeFile(result.data).filter(mistake => !isPhantom(mistake, written, rest));
			return {file: result.data, mistakes: [...mistakes, ...between]};
		}
		for (const issue of result.error.issues) {
			const fresh = mistakesOf(issue).filter(mistake => !told.has(mistake.path.join('\n')));
			for (const mistake of fresh) told.add(mistake.path.join('\n'));
			mistakes.push(...fresh);
			takeOut(rest, issue);
		}
	}
	return {mistakes};
}

/** Deeper than any value of the schema lies, so that taking out always ends. */
const maxRounds = 12;

/** Whether the mistake only speaks of something that was written, and was taken out because it was wrong in itself. */
function isPhantom(mistake: Mistake, written: unknown, rest: unknown): boolean {
	const about = mistake.about ?? mistake.path;
	return valueAt(written, about) !== undefined && valueAt(rest, about) === undefined;
}

function mistakesOf(issue: z.core.$ZodIssue): Mistake[] {
	const path = issue.path.map(part => (typeof part === 'symbol' ? String(part) : part));
	if (issue.code === 'unrecognized_keys')
		return issue.keys.map(key => ({
			path: [...path, key],
			message: `there is no key named ${JSON.stringify(oneLine(key, 60))} here`,
		}));
	if (issue.code === 'invalid_key')
		return [
			{
				path,
				message: `${JSON.stringify(oneLine(String(path.at(-1)), 60))} is no name: ${issue.issues[0]?.message ?? issue.message}`,
			},
		];
	if (issue.code === 'invalid_union') {
		const inner = issue.errors.map(errors => errors[0]).filter(error => error !== undefined);
		const deepest = inner.toSorted((a, b) => b.path.length - a.path.length)[0];
		if (deepest && deepest.path.length > 0) return mistakesOf({...deepest, path: [...issue.path, ...deepest.path]});
	}
	return [
		{path, message: issue.message.replace(/^(?:Invalid input|Too small|Too big|Invalid option): expected/, 'expected')},
	];
}

/** Removes what the issue complains of; a value that is missing takes what should have held it along, a check keeps its place. */
function takeOut(value: unknown, issue: z.core.$ZodIssue): void {
	const path = issue.path;
	if (issue.code === 'unrecognized_keys') {
		const holder = valueAt(value, path);
		if (isObject(holder)) for (const key of issue.keys) delete holder[key];
		return;
	}
	for (let length = path.length; length > 0; length--) {
		const holder = valueAt(value, path.slice(0, length - 1));
		const last = path[length - 1] as PropertyKey;
		if (path[0] === 'checks' && length === 2) {
			if (Array.isArray(holder)) holder[Number(last)] = placeholderFor(holder[Number(last)], Number(last));
			return;
		}
		if (isObject(holder) && last in holder) {
			if (Array.isArray(holder)) holder.splice(Number(last), 1);
			else delete holder[last as string];
			return;
		}
	}
}

/** A check that lacks its name, or is no check at all, stands in for the one that was written, so that all others keep their numbers. */
function placeholderFor(check: unknown, at: number): Record<string, unknown> {
	const name = `check-${at + 1}`;
	return isObject(check) && !Array.isArray(check)
		? {...check, name}
		: {name, prober: 'tunnel', targets: ['placeholder']};
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
	return path.reduce<unknown>((at, key) => (isObject(at) ? at[key as string] : undefined), value);
}

function isObject(value: unknown): value is Record<string, unknown> {
	return typeof value === 'object' && value !== null;
}

function describe(mistake: Mistake, {line, col}: {line: number; col: number}, path: string): string {
	const place = mistake.path.reduce<string>(
		(text, part) => (typeof part === 'number' ? `${text}[${part}]` : text === '' ? part : `${text}.${part}`),
		'',
	);
	return oneLine(`${path}:${line}:${col}: ${place === '' ? '' : `${place}: `}${mistake.message}`, 500);
}

/** Where the value, or else the nearest thing around it, begins in the text. */
function offsetOf(document: Document, path: readonly (string | number)[]): number {
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
