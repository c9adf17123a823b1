/** A schema asked in words: which keys there are at a place, and what a value there may be. Only for messages. */

import {z} from 'zod';
import {nearest} from '../util/nearest.ts';

/** The part of JSON Schema that tells this. */
interface Node {
	type?: string | readonly string[];
	const?: unknown;
	enum?: readonly unknown[];
	minimum?: number;
	properties?: Record<string, Node>;
	additionalProperties?: Node | boolean;
	items?: Node;
	anyOf?: readonly Node[];
	oneOf?: readonly Node[];
	allOf?: readonly Node[];
}

type Path = readonly (string | number)[];

/** Where a key that does not exist at that place may belong, as a clause with a comma in front; empty where nothing comes near. */
export function hintForKey(schema: z.ZodType, path: Path, key: string): string {
	const here = nodesAt(schema, path);
	const keys = [...new Set(here.flatMap(node => Object.keys(node.properties ?? {})))];
	const deeper = keys.filter(part => nodesAt(schema, [...path, part]).some(node => hasKey(node, key)));
	const [first, ...others] = deeper.map(part => `${part}.${key}`);
	if (first !== undefined) {
		const more = others.length === 0 ? '' : others.length === 1 ? ` or ${others[0]}` : ' (or that of another block)';
		return `, did you mean ${first}${more}?`;
	}
	const near = nearest(key, keys);
	if (near !== undefined) return `, did you mean ${near}?`;
	const last = path.at(-1);
	const isAbove = nodesAt(schema, path.slice(0, -1)).some(node => hasKey(node, key));
	return typeof last === 'string' && isAbove ? `, it belongs one level up, beside ${last}` : '';
}

/** What the list at that place may look like, such as `[200]`. */
export function exampleOfList(schema: z.ZodType, path: Path): string {
	const items = nodesAt(schema, path).find(node => node.items)?.items;
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
	const root = known.get(schema) ?? (z.toJSONSchema(schema, {io: 'input', unrepresentable: 'any'}) as Node);
	known.set(schema, root);
	return path.reduce<Node[]>((nodes, part) => nodes.flatMap(node => stepInto(node, part)).flatMap(open), open(root));
}

function stepInto(node: Node, part: string | number): Node[] {
	if (typeof part === 'number') return node.items ? [node.items] : [];
	const named = hasKey(node, part) ? node.properties?.[part] : undefined;
	if (named) return [named];
	return typeof node.additionalProperties === 'object' ? [node.additionalProperties] : [];
}

/** A node with all that it may be. */
function open(node: Node): Node[] {
	const inner = [...(node.anyOf ?? []), ...(node.oneOf ?? []), ...(node.allOf ?? [])];
	return [node, ...inner.flatMap(open)];
}

function isUnion(node: Node): boolean {
	return (node.anyOf ?? node.oneOf ?? node.allOf) !== undefined;
}

function hasKey(node: Node, key: string): boolean {
	return Object.hasOwn(node.properties ?? {}, key);
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
