/** Reads the configuration file: every mistake at once, each with its place and what was expected. */

import {readFile} from 'node:fs/promises';
import {dirname, resolve} from 'node:path';
import type {z} from 'zod';
import {UserError} from '../util/errors.ts';
import {withAbsolutePaths} from './file-paths.ts';
import {judgeFile, type Mistake} from './judge.ts';
import {mistakesOf} from './mistakes.ts';
import {type ModuleFiles, readModuleFiles} from './module-files.ts';
import {normalise} from './normalise.ts';
import {type File, fileSchema} from './schema.ts';
import type {Config} from './types.ts';
import {readYaml} from './yaml-file.ts';

export type Loaded =
	| {ok: true; config: Config}
	/** `moduleFiles`: absolute paths of the files that it names, whose mistakes may be among these. */
	| {ok: false; mistakes: readonly string[]; moduleFiles?: readonly string[]};

export interface LoadOptions {
	/** Targets on loopback are no mistake. Only the embedded lab and tests may say so. */
	allowLoopback?: boolean;
}

/** Exit status for a wrong configuration (EX_CONFIG of sysexits.h). */
export const wrongConfigExitCode = 78;

/** Reads and judges the file. Throws only a UserError when it cannot be read at all. */
export async function loadConfig(path: string, options: LoadOptions = {}): Promise<Loaded> {
	let text: string;
	try {
		text = await readFile(path, 'utf8');
	} catch (error) {
		const why = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : (error as Error).message;
		throw new UserError(`The configuration ${path} cannot be read: ${why}.`, wrongConfigExitCode);
	}
	return parseConfig(text, path, options);
}

/** Judges the text of a configuration; `path` is for the messages, and its folder is what relative paths in it start at. */
export function parseConfig(text: string, path: string, options: LoadOptions = {}): Loaded {
	const read = readYaml(text, path);
	if (!read.ok) return read;
	const {describe, offsetAt} = read.file;
	const moduleFiles = readModuleFiles(read.file.written ?? {}, path);
	const written = withModules(read.file.written ?? {}, moduleFiles);
	const {file, mistakes} = judge(written, moduleFiles.broken, options);
	mistakes.push(...moduleFiles.own);
	if (file && mistakes.length === 0 && moduleFiles.mistakes.length === 0) {
		const config = normalise(withAbsolutePaths(file, dirname(resolve(path))), written);
		return {ok: true, config: {...config, moduleFiles: moduleFiles.paths}};
	}
	const inOrder = mistakes.toSorted((a, b) => offsetAt(a.path) - offsetAt(b.path));
	if (isForAgent(written)) inOrder.unshift({path: [], message: looksForAgent});
	return {
		ok: false,
		mistakes: [...inOrder.map(describe), ...moduleFiles.mistakes],
		moduleFiles: moduleFiles.paths,
	};
}

function isForAgent(written: unknown): boolean {
	return isObject(written) && 'secret' in written && !('checks' in written);
}

const looksForAgent =
	"this looks like an agent's configuration: it is for `tailprobe agent --config FILE`, and `tailprobe agent --config FILE --check` judges it";

/** The configuration as if the modules of its files were written in it. */
function withModules(written: unknown, {modules}: ModuleFiles): unknown {
	if (!isObject(written) || modules.size === 0) return written;
	const own = written.modules ?? {};
	return isObject(own) ? {...written, modules: {...Object.fromEntries(modules), ...own}} : written;
}

/**
 * A wrong value is taken out and the rest judged again, so that mistakes between good values are seen in the same go. What only looks
 * wrong because something was taken out is not told.
 */
function judge(
	written: unknown,
	brokenModules: ReadonlySet<string>,
	options: LoadOptions,
): {file?: File; mistakes: Mistake[]} {
	const mistakes: Mistake[] = [];
	const rest = structuredClone(written);
	const told = new Set<string>();
	for (let round = 0; round < maxRounds; round++) {
		const result = fileSchema.safeParse(rest);
		if (result.success) {
			const between = judgeFile(result.data, options)
				.filter(mistake => !isPhantom(mistake, written, rest))
				.filter(({about}) => !about?.some(([first, name]) => first === 'modules' && brokenModules.has(String(name))));
			return {file: result.data, mistakes: [...mistakes, ...between]};
		}
		for (const issue of result.error.issues) {
			const fresh = mistakesOf(issue, fileSchema, rest).filter(
				mistake => !told.has(mistake.path.join('\n')) && !isPhantom(mistake, written, rest),
			);
			for (const mistake of fresh) told.add(mistake.path.join('\n'));
			mistakes.push(...fresh);
		}
		// From behind, so that entries of a list keep their numbers until it is their turn.
		for (const issue of result.error.issues.toReversed()) takeOut(rest, issue);
	}
	return {mistakes};
}

/** Deeper than any value of the schema lies, so that taking out always ends. */
const maxRounds = 12;

/** Whether the mistake only speaks of something that was written, and was taken out because it was wrong in itself. */
function isPhantom(mistake: Mistake, written: unknown, rest: unknown): boolean {
	const abouts = mistake.about ?? [mistake.path];
	return abouts.some(about => {
		const [before, after] = [valueAt(written, about), valueAt(rest, about)];
		return before !== undefined && (after === undefined || (isEmpty(after) && !isEmpty(before)));
	});
}

function isEmpty(value: unknown): boolean {
	return isObject(value) && Object.keys(value).length === 0;
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
		if (length === 2 && (path[0] === 'checks' || path[0] === 'vantages')) {
			const standIn = path[0] === 'checks' ? placeholderFor : placeholderForVantage;
			if (Array.isArray(holder)) holder[Number(last)] = standIn(holder[Number(last)], Number(last));
			return;
		}
		if (isObject(holder) && last in holder) {
			if (!Array.isArray(holder)) delete holder[last as string];
			// Not by emptying it: that it holds nothing would look like another mistake.
			else if (holder.length > 1) holder.splice(Number(last), 1);
			else continue;
			return;
		}
	}
}

/** A vantage that lacks something stands in for the one that was written, so that checks may name it. */
function placeholderForVantage(vantage: unknown, at: number): Record<string, unknown> {
	const name = isObject(vantage) && typeof vantage.name === 'string' ? vantage.name : `vantage-${at + 1}`;
	const isLocal = isObject(vantage) && (vantage.type === 'local' || (at === 0 && vantage.type !== 'remote'));
	if (!isObject(vantage) || isLocal) return {name, type: 'local'};
	const hosts = [{name: `${name}-placeholder`, address: `placeholder-${at}`}];
	return {name, type: 'remote', hosts, ways: [{agent: {secret: {env: 'PLACEHOLDER'}}}]};
}

/** A check that lacks its name, or is no check at all, stands in for the one that was written, so that all others keep their numbers. */
function placeholderFor(check: unknown, at: number): Record<string, unknown> {
	const name = `check-${at + 1}`;
	return isObject(check) && !Array.isArray(check)
		? {...check, name}
		: {name, prober: 'icmp', via: 'direct', targets: ['placeholder']};
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
	return path.reduce<unknown>((at, key) => (isObject(at) ? at[key as string] : undefined), value);
}

function isObject(value: unknown): value is Record<string, unknown> {
	return typeof value === 'object' && value !== null;
}

/** The configuration, or a UserError that lists every mistake. */
export function insist(loaded: Loaded): Config {
	if (loaded.ok) return loaded.config;
	const count = loaded.mistakes.length === 1 ? 'a mistake' : `${loaded.mistakes.length} mistakes`;
	const list = loaded.mistakes.map(mistake => `  ${mistake}`).join('\n');
	throw new UserError(`The configuration has ${count}:\n${list}`, wrongConfigExitCode);
}
