/**
 * Modules of blackbox_exporter's own files, translated into ours. What means the same is taken, what a default says there is said
 * here, and what is not supported is a mistake with its place and what to do: nothing is passed over in silence.
 */

import {findProbe} from '../probes/registry.ts';
import {oneLine} from '../util/errors.ts';
import {withArticle} from '../util/words.ts';
import {missingProbers, type TheirOption, type TheirProber, theirProbers} from './blackbox-options.ts';
import type {Mistake} from './judge.ts';
import {mistakesOf} from './mistakes.ts';
import {hasOption, takesFile, takesText} from './our-options.ts';
import {moduleSchema} from './schema.ts';
import {name as nameSchema} from './values.ts';
import {readYaml} from './yaml-file.ts';

/** A module in the words of our own configuration. */
export type TranslatedModule = Record<string, unknown>;

export interface ParsedModules {
	/** By name; all of them right. */
	modules: ReadonlyMap<string, TranslatedModule>;
	/** Names of those that are wrong. */
	broken: readonly string[];
	/** Named by `only`, and not in the file. */
	missing: readonly string[];
	/** As sentences with their place. */
	mistakes: readonly string[];
}

/** What `module_files` says of all modules of a file. */
interface Settings {
	/** How ad hoc targets are reached through them. */
	via?: string | undefined;
	trustAdhoc?: boolean | undefined;
}

/** The modules of the text of such a file; `path` is for the messages. */
export function parseModules(
	text: string,
	path: string,
	{only, ...settings}: Settings & {only?: readonly string[] | undefined} = {},
): ParsedModules {
	const modules = new Map<string, TranslatedModule>();
	const broken: string[] = [];
	const read = readYaml(text, path, {asGo: true});
	if (!read.ok) return {modules, broken, missing: [], mistakes: read.mistakes};
	const {written, describe, offsetAt} = read.file;
	const theirs = isMapping(written) ? (written.modules ?? {}) : undefined;
	if (!isMapping(written) || !isMapping(theirs)) {
		const message = 'expected a file of blackbox_exporter: modules by name, under the key modules';
		return {modules, broken, missing: [], mistakes: [describe({path: [], message})]};
	}
	const mistakes: Mistake[] = Object.keys(written)
		.filter(key => key !== 'modules')
		.map(key => ({path: [key], message: 'a file of modules has no other key than modules'}));
	for (const [name, module] of Object.entries(theirs)) {
		if (only && !only.includes(name)) continue;
		const translation = new Translation(name, settings);
		const translated = translation.of(module);
		if (translated) modules.set(name, translated);
		else broken.push(name);
		mistakes.push(...translation.mistakes);
	}
	return {
		modules,
		broken,
		missing: (only ?? []).filter(name => !Object.hasOwn(theirs, name)),
		mistakes: mistakes.toSorted((a, b) => offsetAt(a.path) - offsetAt(b.path)).map(describe),
	};
}

type Path = readonly (string | number)[];

/** A value of ours and where it came from; without `theirs` it is a default of theirs. */
interface Taken {
	ours: Path;
	theirs?: Path;
	value: unknown;
}

class Translation {
	readonly mistakes: Mistake[] = [];
	readonly #name: string;
	readonly #here: Path;
	readonly #settings: Settings;
	readonly #taken: Taken[] = [];

	constructor(name: string, settings: Settings) {
		this.#name = name;
		this.#here = ['modules', name];
		this.#settings = settings;
	}

	/** The module as ours, or undefined with mistakes. */
	of(module: unknown): TranslatedModule | undefined {
		const fault = nameSchema.safeParse(this.#name).error?.issues[0]?.message;
		if (fault) this.#complain(this.#here, fault);
		else if (!isMapping(module))
			this.#complain(this.#here, 'expected a module: prober, timeout, options of the prober');
		else return this.#translate(module);
		return undefined;
	}

	#translate(module: Record<string, unknown>): TranslatedModule | undefined {
		const {prober} = module;
		const known = typeof prober === 'string' && Object.hasOwn(theirProbers, prober) ? theirProbers[prober] : undefined;
		if (!known || typeof prober !== 'string' || !findProbe(prober)) {
			this.#complain([...this.#here, 'prober'], describeProber(prober));
			return undefined;
		}
		for (const [key, value] of Object.entries(module)) {
			const at = [...this.#here, key];
			if (key === 'prober' || value === null) continue;
			if (key === 'timeout') this.#taken.push({ours: [key], theirs: at, value});
			else if (key !== prober) this.#complain(at, describeKey(key, prober));
			else if (isMapping(value)) this.#walk(value, {prober, known, key: '', ours: [prober], theirs: at});
			else this.#complain(at, `expected the options of the prober ${prober}`);
		}
		this.#addDefaults(prober, known);
		const {via, trustAdhoc} = this.#settings;
		const ours: TranslatedModule = {
			prober,
			...(via === undefined ? {} : {via}),
			...(trustAdhoc === true ? {trust_adhoc: true} : {}),
		};
		for (const {ours: path, value} of this.#taken) setAt(ours, path, value);
		const judged = moduleSchema.safeParse(ours);
		const issues = judged.error?.issues ?? [];
		for (const mistake of issues.flatMap(issue => mistakesOf(issue, moduleSchema))) this.#complainOfOurs(mistake);
		return this.mistakes.length === 0 ? ours : undefined;
	}

	#walk(
		block: Record<string, unknown>,
		at: {prober: string; known: TheirProber; key: string; ours: Path; theirs: Path},
	): void {
		for (const [part, value] of Object.entries(block)) {
			const key = at.key === '' ? part : `${at.key}.${part}`;
			const inner = {...at, key, ours: [...at.ours, part], theirs: [...at.theirs, part]};
			const option = at.known.options.find(candidate => candidate.key === key);
			if (option) this.#take(option, value, inner);
			else if (!at.known.options.some(candidate => candidate.key.startsWith(`${key}.`)))
				this.#complain(inner.theirs, `blackbox_exporter 0.28 has no such option of the prober ${at.prober}`);
			else if (isMapping(value)) this.#walk(value, inner);
			else if (Array.isArray(value)) {
				for (const [index, item] of value.entries()) {
					const itemAt = {...inner, ours: [...inner.ours, index], theirs: [...inner.theirs, index]};
					if (isMapping(item)) this.#walk(item, itemAt);
					else this.#complain(itemAt.theirs, 'expected a mapping');
				}
			} else if (value !== null) this.#complain(inner.theirs, 'expected a mapping');
		}
	}

	#take(option: TheirOption, value: unknown, {prober, ours, theirs}: {prober: string; ours: Path; theirs: Path}): void {
		// As their reader: nothing written is the default.
		if (value === null) return;
		const form = formOf(option, prober);
		if (!form) {
			if (!option.idle?.includes(value))
				this.#complain(theirs, `this is not supported: ${option.instead ?? 'take it out'}`);
			return;
		}
		const path = form.key === option.key ? ours : [prober, ...form.key.split('.')];
		const said = option.value ? option.value(value) : value;
		if (said === undefined) return;
		const asOurs = form.how === 'file' ? {file: said} : form.how === 'not' && typeof said === 'boolean' ? !said : said;
		this.#taken.push({ours: path, theirs, value: asOurs});
	}

	#addDefaults(prober: string, {defaults}: TheirProber): void {
		const said = new Set(this.#taken.map(({ours}) => ours.join('.')));
		for (const [key, value] of Object.entries(defaults))
			if (hasOption(prober, key) && !said.has(`${prober}.${key}`)) this.#taken.push({ours: [prober, key], value});
	}

	/** A mistake that our schema sees is told at the place of theirs that it came from. */
	#complainOfOurs({path, message}: Mistake): void {
		const from = this.#taken
			.filter(({ours}) => ours.every((part, index) => path[index] === part))
			.toSorted((a, b) => b.ours.length - a.ours.length)[0];
		if (from?.theirs) this.#complain([...from.theirs, ...path.slice(from.ours.length)], message);
		else if (from)
			this.#complain(
				this.#here,
				`${String(path.at(-1))}, which is ${JSON.stringify(from.value)} where it is not written: ${message}`,
			);
		else this.#complain([...this.#here, ...path], message);
	}

	#complain(path: Path, message: string): void {
		this.mistakes.push({path, message});
	}
}

/** How the option can be said here; undefined: not at all. */
export function formOf(option: TheirOption, prober: string): {key: string; how?: 'file' | 'not' | 'text'} | undefined {
	const forms = option.as ?? [{key: option.key}];
	return forms.find(({key, how}) => {
		if (how === 'file') return takesFile(prober, key);
		return how === 'text' ? takesText(prober, key) : hasOption(prober, key);
	});
}

function describeProber(prober: unknown): string {
	const known = Object.keys(theirProbers).filter(type => findProbe(type));
	if (typeof prober !== 'string') return `expected a prober: one of ${known.join(', ')}`;
	const missing = Object.hasOwn(missingProbers, prober) ? missingProbers[prober] : undefined;
	return missing ?? `there is no prober ${JSON.stringify(oneLine(prober, 40))}; expected one of ${known.join(', ')}`;
}

function describeKey(key: string, prober: string): string {
	const isBlock = Object.hasOwn(theirProbers, key) || Object.hasOwn(missingProbers, key);
	return isBlock
		? `the prober is ${prober}, so ${withArticle(key)} block has no effect: take it out`
		: 'there is no such key: a module has prober, timeout, and a block named after the prober';
}

function setAt(root: Record<string, unknown>, path: Path, value: unknown): void {
	let at: Record<string | number, unknown> = root;
	path.slice(0, -1).forEach((part, index) => {
		if (!Object.hasOwn(at, part)) at[part] = typeof path[index + 1] === 'number' ? [] : {};
		at = at[part] as Record<string | number, unknown>;
	});
	at[path.at(-1) as string | number] = value;
}

function isMapping(value: unknown): value is Record<string, unknown> {
	return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}
