/** What the options of our own probe types take, asked of their schemas. */

import {z} from 'zod';
import {findProbe} from '../probes/registry.ts';

/** The part of JSON Schema that options are made of. */
interface Node {
	type?: string | readonly string[];
	properties?: Record<string, Node>;
	items?: Node;
	anyOf?: readonly Node[];
	oneOf?: readonly Node[];
	allOf?: readonly Node[];
}

/** Whether the probe type has the option `key` (dotted, through lists). */
export function hasOption(type: string, key: string): boolean {
	return find(type, key).length > 0;
}

/** Whether it takes a text there. */
export function takesText(type: string, key: string): boolean {
	return find(type, key).some(node => node.type === 'string');
}

/** Whether it takes `{file: PATH}` there. */
export function takesFile(type: string, key: string): boolean {
	return hasOption(type, `${key}.file`);
}

const known = new Map<string, Node>();

function find(type: string, key: string): Node[] {
	const probe = findProbe(type);
	if (!probe) return [];
	const root = known.get(type) ?? (z.toJSONSchema(probe.options(z), {io: 'input', unrepresentable: 'any'}) as Node);
	known.set(type, root);
	return key
		.split('.')
		.reduce((nodes, part) => nodes.flatMap(node => node.properties?.[part] ?? []).flatMap(open), open(root));
}

/** A node with all that it may be, and the items of lists. */
function open(node: Node): Node[] {
	const inner = [
		...(node.anyOf ?? []),
		...(node.oneOf ?? []),
		...(node.allOf ?? []),
		...(node.items ? [node.items] : []),
	];
	return [node, ...inner.flatMap(open)];
}
