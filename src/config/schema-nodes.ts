/** A schema asked in words: what there is at a place, and what a value there may be. Only for messages. */

import {z} from 'zod';
import {looksSecret} from '../util/shown-path.ts';

/** The part of JSON Schema that tells this. */
export interface Node {
	type?: string | readonly string[];
	const?: unknown;
	enum?: readonly unknown[];
	minimum?: number;
	pattern?: string;
	maxProperties?: number;
	required?: readonly string[];
	properties?: Record<string, Node>;
	additionalProperties?: Node | boolean;
	items?: Node;
	anyOf?: readonly Node[];
	oneOf?: readonly Node[];
	allOf?: readonly Node[];
}

/** A place in a file. */
export type Path = readonly (string | number)[];

/** What the list at that place may look like, such as `[200]`; `given` stands there instead of a list. */
export function exampleOfList(schema: z.ZodType, path: Path, given?: unknown): string {
	const items = nodesAt(schema, path).find(node => node.items)?.items;
	const isName = typeof given === 'string' && /^[A-Za-z][A-Za-z0-9_.-]{0,62}$/.test(given) && !looksSecret(given);
	if (isName && items && fits(items, given)) return `[${given}]`;
	return `[${items ? exampleOf(items) : 'A, B'}]`;
}

/** What a value at that place may be, such as "false or a mapping". */
export function kindsAt(schema: z.ZodType, path: Path): string {
	const kinds = nodesAt(schema, path).flatMap(node => (isUnion(node) ? [] : kindOf(node)));
	return [...new Set(kinds)].join(' or ');
}

/** A type of zod or of JSON Schema in words. */
export const kindWords: Readonly<Record<string, string>> = {
	array: 'a list',
	boolean: 'true or false',
	int: 'a whole number',
	integer: 'a whole number',
	null: 'nothing',
	number: 'a number',
	object: 'a mapping such as {key: value}',
	record: 'a mapping such as {key: value}',
	string: 'a text',
	undefined: 'nothing',
};

const known = new WeakMap<z.ZodType, Node>();

function nodesAt(schema: z.ZodType, path: Path): Node[] {
	return formsAt(schema, path, undefined).here;
}

/**
 * What may stand at that place of `written`, and what is ruled out there because a key that tells forms apart (`type: local`) says so.
 */
export function formsAt(
	schema: z.ZodType,
	path: Path,
	written: unknown,
): {here: Node[]; ruledOut: Node[]; value: unknown} {
	const root = known.get(schema) ?? (z.toJSONSchema(schema, {io: 'input', unrepresentable: 'any'}) as Node);
	known.set(schema, root);
	let value = written;
	let nodes = [root];
	for (const part of path) {
		nodes = nodes.flatMap(node => open(node, value)).flatMap(node => stepInto(node, part));
		value = isMapping(value) ? value[part] : undefined;
	}
	const here = nodes.flatMap(node => open(node, value));
	return {here, ruledOut: nodes.flatMap(node => open(node)).filter(node => !here.includes(node)), value};
}

/** Whether the value could stand there, as far as its kind tells. */
export function fits(node: Node, value: unknown): boolean {
	const forms = node.anyOf ?? node.oneOf;
	if (forms && !forms.some(form => fits(form, value))) return false;
	if (node.allOf?.some(form => !fits(form, value))) return false;
	if (node.const !== undefined) return node.const === value;
	if (node.enum) return node.enum.includes(value);
	if (typeof value === 'string')
		return (node.type ?? 'string') === 'string' && new RegExp(node.pattern ?? '').test(value);
	if (typeof value === 'number') return /^(?:number|integer)$/.test(String(node.type ?? 'number'));
	if (Array.isArray(value)) return (node.type ?? 'array') === 'array';
	if (!isMapping(value)) return (node.type ?? typeof value) === typeof value;
	const keys = Object.keys(value);
	return (
		(node.type ?? 'object') === 'object' &&
		(node.required ?? []).every(key => keys.includes(key)) &&
		(node.properties === undefined || keys.every(key => hasKey(node, key)))
	);
}

/** What a node may hold, each with its place below it, such as `ways[]` or `modules.NAME`. */
export function childrenOf(node: Node): {place: string; child: Node}[] {
	return Object.entries(node.properties ?? {}).flatMap(([key, child]) => inside(child, key));
}

function inside(child: Node, place: string): {place: string; child: Node}[] {
	return open(child).flatMap(node => [
		{place, child: node},
		...(node.items ? inside(node.items, `${place}[]`) : []),
		...(typeof node.additionalProperties === 'object' ? inside(node.additionalProperties, `${place}.NAME`) : []),
	]);
}

export function hasKey(node: Node, key: string): boolean {
	return Object.hasOwn(node.properties ?? {}, key);
}

function stepInto(node: Node, part: string | number): Node[] {
	if (typeof part === 'number') return node.items ? [node.items] : [];
	const named = hasKey(node, part) ? node.properties?.[part] : undefined;
	if (named) return [named];
	return typeof node.additionalProperties === 'object' ? [node.additionalProperties] : [];
}

/** A node with all that it may be, where `value` is what stands there. */
function open(node: Node, value?: unknown): Node[] {
	const inner = [...(node.anyOf ?? []), ...(node.oneOf ?? []), ...(node.allOf ?? [])];
	const possible = inner.filter(form => !isRuledOut(form, value));
	return [node, ...(possible.length === 0 ? inner : possible).flatMap(form => open(form, value))];
}

function isRuledOut(form: Node, value: unknown): boolean {
	const words = wordsOfForm(form).filter(([key]) => isMapping(value) && typeof value[key] === 'string');
	return words.some(([key, word]) => isMapping(value) && value[key] !== word);
}

/** The keys with the one word that each must have in this form, such as `type` and `local`. */
export function wordsOfForm({properties}: Node): [key: string, word: string][] {
	return Object.entries(properties ?? {}).flatMap(([key, child]): [string, string][] =>
		typeof child.const === 'string' ? [[key, child.const]] : [],
	);
}

function isUnion(node: Node): boolean {
	return (node.anyOf ?? node.oneOf ?? node.allOf) !== undefined;
}

function isMapping(value: unknown): value is Record<string | number, unknown> {
	return typeof value === 'object' && value !== null;
}

function kindOf({const: only, type}: Node): string[] {
	if (only !== undefined) return [JSON.stringify(only)];
	const types = typeof type === 'string' ? [type] : (type ?? []);
	return types.map(one => kindWords[one] ?? one);
}

function exampleOf(node: Node): string {
	if (node.const !== undefined) return JSON.stringify(node.const);
	if (node.enum) return String(node.enum[0]);
	const [first] = node.anyOf ?? node.oneOf ?? [];
	if (first) return exampleOf(first);
	if (node.type === 'integer' || node.type === 'number') return String(node.minimum ?? 1);
	return node.type === 'object' ? '{key: value}' : 'A, B';
}
