/** How a configuration chooses among the nodes that headscale lists. */

import type {TailnetNode} from './types.ts';

/** Which nodes are meant. All that is given must hold; within a list one is enough. An empty selector means every node. */
export interface NodeSelector {
	/** Globs of names: `*` stands for any characters, `?` for one. */
	name?: string | readonly string[] | undefined;
	/** With or without the prefix `tag:`. */
	tags?: readonly string[] | undefined;
	/** Users' names without mail domain. A tagged node has no owner. */
	owner?: string | readonly string[] | undefined;
	/** A node of which that is not known is neither. */
	ephemeral?: boolean | undefined;
	/** Globs of names that are not meant. */
	exclude?: string | readonly string[] | undefined;
}

/** The nodes that a selector means, in their order. */
export function selectNodes(nodes: readonly TailnetNode[], selector: NodeSelector): TailnetNode[] {
	const tags = selector.tags?.map(tag => (tag.startsWith('tag:') ? tag : `tag:${tag}`));
	return nodes.filter(
		node =>
			(selector.name === undefined || matchesAny(node.name, listOf(selector.name))) &&
			(tags === undefined || tags.some(tag => node.tags.includes(tag))) &&
			(selector.owner === undefined || (node.owner !== '' && listOf(selector.owner).includes(node.owner))) &&
			(selector.ephemeral === undefined || node.ephemeral === selector.ephemeral) &&
			!matchesAny(node.name, listOf(selector.exclude ?? [])),
	);
}

/** Whether a text matches a glob as a whole, without regard to case. Never takes longer than both lengths multiplied. */
export function matchesGlob(text: string, glob: string): boolean {
	const [letters, pattern] = [text.toLowerCase(), glob.toLowerCase()];
	let at = 0;
	let next = 0;
	// Only the last star can need another try: what an earlier one swallowed never has to be looked at again.
	let star = -1;
	let swallowed = 0;
	while (at < letters.length) {
		if (pattern[next] === '*') {
			star = next++;
			swallowed = at;
		} else if (next < pattern.length && (pattern[next] === '?' || pattern[next] === letters[at])) {
			at++;
			next++;
		} else if (star >= 0) {
			next = star + 1;
			at = ++swallowed;
		} else return false;
	}
	while (pattern[next] === '*') next++;
	return next === pattern.length;
}

function matchesAny(name: string, globs: readonly string[]): boolean {
	return globs.some(glob => matchesGlob(name, glob));
}

function listOf(value: string | readonly string[]): readonly string[] {
	return typeof value === 'string' ? [value] : value;
}
