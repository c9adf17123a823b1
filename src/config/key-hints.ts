/** What somebody may have meant who wrote a key that does not exist, or where that key belongs. */

import type {z} from 'zod';
import {nearest} from '../util/nearest.ts';
import {childrenOf, fits, formsAt, hasKey, type Node, type Path, wordsOfForm} from './schema-nodes.ts';

/**
 * A clause with a comma in front; empty where nothing comes near. `written` is the whole file: it tells which of several forms is
 * meant, so that no key of another one is hinted at as if it could stand here.
 */
export function hintForKey(schema: z.ZodType, path: Path, key: string, written?: unknown): string {
	const {here, ruledOut, value} = formsAt(schema, path, written);
	const own = ownWords.find(({at, keys}) => at.test(path.join('.')) && keys.includes(key));
	if (own) return own.hint;
	const keys = [...new Set(here.flatMap(node => Object.keys(node.properties ?? {})))];
	const near = nearest(key, keys);
	const lacking = near === undefined ? soleLacking(here, value, key) : undefined;
	if (lacking !== undefined) return `, did you mean ${lacking}?`;
	const deeper = keys.filter(part => formsAt(schema, [...path, part], written).here.some(node => hasKey(node, key)));
	const [first, ...others] = deeper.map(part => `${part}.${key}`);
	if (first !== undefined) {
		const more = others.length === 0 ? '' : others.length === 1 ? ` or ${others[0]}` : ' (or that of another block)';
		return `, did you mean ${first}${more}?`;
	}
	const meant = near ?? solePart(key, keys);
	if (meant !== undefined) return `, did you mean ${meant}?`;
	const places = [...below(here, key), ...ruledOut.filter(node => hasKey(node, key)).map(nameOfForm)];
	const told = [...new Set(places)].filter(place => place !== '');
	if (told.length > 0 && told.length <= maxPlaces)
		return `, it belongs to ${told.join(', ').replace(/, (?=[^,]*$)/, ' or ')}`;
	const last = path.at(-1);
	const isAbove = formsAt(schema, path.slice(0, -1), written).here.some(node => hasKey(node, key));
	if (typeof last === 'string' && isAbove) return `, it belongs one level up, beside ${last}`;
	return here.some(({maxProperties}) => maxProperties === 1) ? `, expected one of ${keys.join(', ')}` : '';
}

/** Keys that stand in another file. */
const ownWords: readonly {at: RegExp; keys: readonly string[]; hint: string}[] = [
	{
		at: /^vantages\.\d+\.ways\.\d+\.agent$/,
		keys: ['tailscaled', 'listen', 'allow', 'files', 'limits'],
		hint: ", it stands in the agent's own configuration",
	},
];

/** More than these are no help. */
const maxPlaces = 3;
const maxDepth = 4;

/** The one key that must be there and is not, where what was written could be its value. */
function soleLacking(here: readonly Node[], value: unknown, key: string): string | undefined {
	const [form, another] = here.filter(node => node.properties);
	if (!form || another || typeof value !== 'object' || value === null) return undefined;
	const [lacking, more] = (form.required ?? []).filter(required => !Object.hasOwn(value, required));
	const child = form.properties?.[lacking ?? ''];
	const given = (value as Record<string, unknown>)[key];
	return child && more === undefined && fits(child, given) ? lacking : undefined;
}

/** The one key that is a part of the word, or the word of it. */
function solePart(word: string, keys: readonly string[]): string | undefined {
	const [part, more] = keys.filter(key => isPart(key, word) || isPart(word, key));
	return more === undefined ? part : undefined;
}

function isPart(short: string, long: string): boolean {
	return long.startsWith(`${short}_`) || long.endsWith(`_${short}`) || (short.length >= 3 && long.startsWith(short));
}

function below(nodes: readonly Node[], key: string, depth = 1): string[] {
	if (depth > maxDepth) return [];
	return nodes
		.flatMap(childrenOf)
		.flatMap(({place, child}) => [
			...(hasKey(child, key) ? [place] : []),
			...below([child], key, depth + 1).map(further => `${place}.${further}`),
		]);
}

function nameOfForm(form: Node): string {
	return wordsOfForm(form)
		.map(([key, word]) => `${key}: ${word}`)
		.join(', ');
}
