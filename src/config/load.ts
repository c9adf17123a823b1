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
	const document = parseDocument(text, {lineCounter: lines, maxAliasCount: 100} as never);
	if (document.errors.length > 0)
		return {
			ok: false,
			mistakes: document.errors.map(error => {
				const {line, col} = lines.linePos(error.pos[0]);
				return `${path}:${line}:${col}: this is no YAML: ${oneLine(error.message.split('\n')[0]?.replace(/ at line.*$/, '') ?? '', 200)}`;
			}),
		};
	const written: unknown = document.toJS({maxAliasCount: 100});
	const {file, mistakes} = judge(written ?? {});
	if (file && mistakes.length === 0) return {ok: true, config: normalise(file, written)};
	return {ok: false, mistakes: mistakes.map(mistake => describe(mistake, document, lines, path))};
}

/**
 * A wrong value is taken out and the rest judged again, so that mistakes between good values are seen in the same go.
 * A check that cannot stand without what was wrong is replaced by one that nobody looks at.
 */
function judge(written: unknown): {file?: File; mistakes: Mistake[]} {
	const mistakes: Mistake[] = [];
	const skipped = new Set<number>();
	const rest = structuredClone(written);
	for (let round = 0; round < 5; round++) {
		const result = fileSchema.safeParse(rest);
		if (result.success) return {file: result.data, mistakes: [...mistakes, ...judgeFile(result.data, skipped)]};
		for (const issue of result.error.issues) {
			mistakes.push(...mistakesOf(issue));
			takeOut(rest, issue, skipped);
		}
	}
	return {mistakes};
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
	return [{path, message: issue.message.replace(/^Invalid input: expected/, 'expected')}];
}

function takeOut(value: unknown, issue: z.core.$ZodIssue, skipped: Set<number>): void {
	const [first, second] = issue.path;
	const parent = issue.path
		.slice(0, -1)
		.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key], value);
	const last = issue.path.at(-1);
	if (issue.code === 'unrecognized_keys') {
		const holder = issue.path.reduce<unknown>(
			(at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key],
			value,
		);
		for (const key of issue.keys) delete (holder as Record<string, unknown>)[key];
		return;
	}
	if (first === 'checks' && typeof second === 'number' && (issue.path.length <= 3 || Array.isArray(parent))) {
		skipped.add(second);
		(value as {checks: unknown[]}).checks[second] = {name: `skipped-${second}`, prober: 'tunnel', nodes: {}};
		return;
	}
	if (typeof parent === 'object' && parent !== null && last !== undefined && last in parent)
		delete (parent as Record<PropertyKey, unknown>)[last];
	else if (first !== undefined && typeof value === 'object' && value !== null)
		delete (value as Record<PropertyKey, unknown>)[first];
}

function describe(mistake: Mistake, document: Document, lines: LineCounter, path: string): string {
	const {line, col} = lines.linePos(offsetOf(document, mistake.path));
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
