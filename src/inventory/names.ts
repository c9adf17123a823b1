/** Names of nodes. Whoever joins the tailnet chooses one, so a raw name goes no further than this file. */

export interface NodeName {
	/** Letters, digits, `.`, `_` and `-`, never beginning with `-` or `.`, at most 63 characters and the id. */
	name: string;
	/** Whether the name is the MagicDNS label as it stands. */
	resolvable: boolean;
}

/** A name that is safe everywhere: a DNS label stays as it is; of anything else the harmless characters remain, with the id behind them. */
export function cleanNodeName(raw: string, id: string): NodeName {
	if (isLabel(raw)) return {name: raw, resolvable: true};
	const clean = raw
		.slice(0, 1000)
		.replace(/[^A-Za-z0-9._-]+/g, '-')
		.replace(/^[-.]+/, '')
		.slice(0, 40);
	return {name: `${clean || 'node'}-${id}`, resolvable: false};
}

/**
 * Clean names for a whole list with unique ids, each name different from the others. DNS labels come first, so that
 * a made-up name never takes the label of another node; of two nodes with the same label the second gets its id behind it.
 */
export function cleanNodeNames(nodes: readonly {id: string; rawName: string}[]): ReadonlyMap<string, NodeName> {
	const names = new Map<string, NodeName>();
	const taken = new Set<string>();
	const take = (id: string, name: NodeName) => {
		taken.add(name.name);
		names.set(id, name);
	};
	for (const {id, rawName} of nodes) {
		if (isLabel(rawName) && !taken.has(rawName)) take(id, {name: rawName, resolvable: true});
	}
	for (const {id, rawName} of nodes) {
		if (names.has(id)) continue;
		let {name} = cleanNodeName(isLabel(rawName) ? `${rawName}-${id}` : rawName, id);
		while (taken.has(name)) name += `-${id}`;
		take(id, {name, resolvable: false});
	}
	return names;
}

function isLabel(text: string): boolean {
	return text.length <= 63 && /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(text);
}
