/** The chart's values as they are written: each key with the line that explains it. */

import {parse} from 'yaml';

/** A key of values.yaml. */
export interface ChartValue {
	/** From the top, such as `['image', 'tag']`. */
	path: readonly string[];
	/** The comment above it. */
	meaning: string;
	default: unknown;
	/** Explained keys below it. */
	children: readonly ChartValue[];
}

/** Every key with a comment above it, nested as in the file. Throws where a comment explains no key. */
export function readChartValues(text: string): ChartValue[] {
	const defaults: unknown = parse(text);
	return nest(explainedKeys(text), [], defaults);
}

interface Explained {
	path: string[];
	meaning: string;
}

/** Lines are enough: the file has block mappings alone, and lists and mappings that are nobody's to explain on one line. */
function explainedKeys(text: string): Explained[] {
	const explained: Explained[] = [];
	const stack: {indent: number; key: string}[] = [];
	let comment: string | undefined;
	for (const line of text.split('\n')) {
		const [, blanks = '', rest = ''] = /^( *)(.*)$/.exec(line) ?? [];
		if (rest.startsWith('# ')) {
			if (comment !== undefined) throw new Error(`Two comments, and no key between them: ${line}`);
			comment = rest.slice(2);
			continue;
		}
		const [, key] = /^([A-Za-z_]+):/.exec(rest) ?? [];
		if (key === undefined) {
			if (comment !== undefined) throw new Error(`This comment is above no key: ${comment}`);
			continue;
		}
		while ((stack.at(-1)?.indent ?? -1) >= blanks.length) stack.pop();
		stack.push({indent: blanks.length, key});
		if (comment !== undefined) explained.push({path: stack.map(one => one.key), meaning: comment});
		comment = undefined;
	}
	return explained;
}

function nest(all: readonly Explained[], above: readonly string[], defaults: unknown): ChartValue[] {
	const here = all.filter(({path}) => path.length === above.length + 1 && startsWith(path, above));
	return here.map(({path, meaning}) => {
		const key = path.at(-1) ?? '';
		const value = typeof defaults === 'object' && defaults !== null ? Reflect.get(defaults, key) : undefined;
		return {path, meaning, default: value, children: nest(all, path, value)};
	});
}

function startsWith(path: readonly string[], above: readonly string[]): boolean {
	return above.every((key, at) => path[at] === key);
}
