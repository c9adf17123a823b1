/** The files that `module_files` names: read, and put beside the modules of the configuration itself. */

import {dirname, resolve} from 'node:path';
import {readChangingNow} from '../util/changing-file.ts';
import {messageOf, oneLine} from '../util/errors.ts';
import {parseModules, type TranslatedModule} from './blackbox-modules.ts';
import {withAbsolutePaths} from './file-paths.ts';
import type {Mistake} from './judge.ts';
import {moduleFilesSchema} from './schema.ts';
import {maxFileBytes} from './yaml-file.ts';

export interface ModuleFiles {
	modules: ReadonlyMap<string, TranslatedModule>;
	/** Names of modules that are written in a file and wrong. */
	broken: ReadonlySet<string>;
	/** What is wrong in the files, as sentences with their place. */
	mistakes: readonly string[];
	/** What is wrong in the configuration that names them. */
	own: readonly Mistake[];
	/** Absolute paths of all files that were named. */
	paths: readonly string[];
}

/** Reads them all. `written` is the whole configuration as it is written; `configPath` is what paths are relative to. */
export function readModuleFiles(written: unknown, configPath: string): ModuleFiles {
	const modules = new Map<string, TranslatedModule>();
	const broken = new Set<string>();
	const [mistakes, own, paths]: [string[], Mistake[], string[]] = [[], [], []];
	const {modules: ownModules, module_files: files} = (written ?? {}) as {
		modules?: object | null;
		module_files?: unknown;
	};
	const wanted = moduleFilesSchema.safeParse(files);
	// What is wrong with the key itself is told with the mistakes of the whole configuration.
	for (const [at, entry] of (wanted.data ?? []).entries()) {
		const {path, via, trust_adhoc: trustAdhoc, only} = typeof entry === 'string' ? {path: entry} : entry;
		const file = resolve(dirname(configPath), path);
		const shown = oneLine(file, 200);
		const complain = (message: string) => own.push({path: ['module_files', at], message});
		paths.push(file);
		const read = readFile(file);
		if ('fault' in read) {
			complain(`the file ${shown} cannot be used: ${read.fault}`);
			continue;
		}
		const parsed = parseModules(read.text, file, {via, trustAdhoc, only});
		mistakes.push(...parsed.mistakes);
		for (const name of parsed.broken) broken.add(name);
		for (const name of parsed.missing) complain(`there is no module named ${oneLine(name, 60)} in ${shown}`);
		for (const [name, module] of parsed.modules) {
			const taken = modules.has(name) || Object.hasOwn(ownModules ?? {}, name);
			if (taken)
				complain(
					`there is a module named ${name} already, and ${shown} brings another; say with \`only\` which to take`,
				);
			else modules.set(name, withAbsolutePaths(module, dirname(file)));
		}
	}
	return {modules, broken, mistakes, own, paths};
}

function readFile(file: string): {text: string} | {fault: string} {
	try {
		return {text: readChangingNow(file, maxFileBytes).toString()};
	} catch (error) {
		return {fault: messageOf(error)};
	}
}
