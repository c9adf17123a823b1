/** Which node of the tailnet an instance is. vast.ai knows nothing of tailnets: a name tells, an address, or that nothing else is left. Pure. */

import type {NodeSelector} from '../inventory/select.ts';
import {matchesGlob, selectNodes} from '../inventory/select.ts';
import type {NodeView} from '../server/types.ts';
import type {Instance} from './types.ts';

/** How an instance was found to be a node. */
export type TiedBy = 'name' | 'address' | 'time';

/** A node as it is looked at here. */
export interface TieNode extends NodeView {
	/** Addresses outside of the tailnet that tunnels to it end at. */
	endpoints?: readonly string[];
}

export interface Ties {
	/** By the id of the instance. */
	nodes: ReadonlyMap<string, {node: TieNode; by: TiedBy}>;
	/** Instances that no node is found for and none can be: those that are running have not joined. */
	without: ReadonlySet<string>;
	/** How many more have not joined at least, where it cannot be told which. */
	moreWithout: number;
}

export interface TieRules {
	/** Patterns of names, with `{label}` and `{id}`. */
	nodeBy: readonly string[];
	/** The nodes that are instances; undefined: not known, so that nothing can be told of what is not found by name or address. */
	nodes?: NodeSelector | undefined;
	/** Tunnels from these are believed. */
	localVantages: ReadonlySet<string>;
}

/** Ties instances that may be in the tailnet to nodes; each node to one at most. `before`: how they were tied at the last look, by id. */
export function tieNodes(
	instances: readonly Instance[],
	nodes: readonly TieNode[],
	{nodeBy, nodes: selector, localVantages}: TieRules,
	before: ReadonlyMap<string, {name: string; by: TiedBy}> = new Map(),
): Ties {
	const tied = new Map<string, {node: TieNode; by: TiedBy}>();
	const taken = new Set<string>();
	const tie = (instance: Instance, node: TieNode, by: TiedBy) => {
		tied.set(instance.id, {node, by});
		taken.add(node.node.id);
	};
	const isFree = ({node}: TieNode) => !taken.has(node.id);
	/** Whether there is somebody behind the record, as far as anybody knows. */
	const isAlive = ({node, tunnels}: TieNode) =>
		node.online !== false || tunnels.some(({vantage, verdict}) => verdict === 'up' && localVantages.has(vantage));
	const untied = () => instances.filter(({id}) => !tied.has(id));

	const byToken = groupByToken(nodes);
	const byName = Map.groupBy(
		nodes.flatMap(view => namesOf(view).map(name => ({name, view}))),
		({name}) => name,
	);
	for (const instance of instances) {
		const named = findByName(instance, {nodeBy, byName, byToken, nodes}).filter(isFree);
		// Of several the one that lives, then the newest.
		const best = named.toSorted((a, b) => Number(isAlive(b)) - Number(isAlive(a)) || createdOf(b) - createdOf(a))[0];
		if (best) tie(instance, best, 'name');
	}

	// A way to the node that goes by a relay for a while, or one more node, must not undo what was found.
	for (const instance of untied()) {
		const last = before.get(instance.id);
		const found = last && byName.get(last.name)?.find(({view}) => isFree(view) && mayBe(instance, view))?.view;
		if (last && found) tie(instance, found, last.by);
	}

	const perAddress = Map.groupBy(untied(), ({publicAddress}) => publicAddress ?? '');
	const perEndpoint = Map.groupBy(
		nodes.filter(isFree).flatMap(node => (node.endpoints ?? []).map(endpoint => ({node, endpoint}))),
		({endpoint}) => endpoint,
	);
	for (const [address, [instance, ...others]] of perAddress) {
		// Several machines of one host, or behind one router, have the same.
		const [found, ...more] = perEndpoint.get(address) ?? [];
		if (instance && found && address !== '' && others.length === 0 && more.length === 0 && isFree(found.node))
			tie(instance, found.node, 'address');
	}

	const members = new Set(
		selector &&
			selectNodes(
				nodes.map(({node}) => node),
				selector,
			).map(({id}) => id),
	);
	const left = () => nodes.filter(view => members.has(view.node.id) && isFree(view));
	if (selector)
		for (const isCandidate of [isAlive, () => true]) tieByTime(untied, () => left().filter(isCandidate), tie);

	const open = selector ? untied() : [];
	const rest = left();
	// Whatever the newest record cannot be, the others cannot be either.
	const newestMs = rest.reduce((newest, {node}) => Math.max(newest, node.createdMs ?? Number.POSITIVE_INFINITY), 0);
	const without = open.filter(({startMs}) => rest.length === 0 || newestMs < (startMs ?? 0) - skewMs);
	const doubtful = open.length - without.length;
	const oldestMs = open.reduce((oldest, {startMs}) => Math.min(oldest, startMs ?? 0), Number.POSITIVE_INFINITY);
	const candidates = rest.filter(({node}) => (node.createdMs ?? Number.POSITIVE_INFINITY) >= oldestMs - skewMs).length;
	return {
		nodes: tied,
		without: new Set(without.map(({id}) => id)),
		moreWithout: Math.max(0, doubtful - candidates),
	};
}

/**
 * A node that only one instance can be is that one; and where there are as many nodes as instances, an instance that can only be one node
 * is that node. Over and over, because each tie leaves less.
 */
function tieByTime(
	instances: () => readonly Instance[],
	nodes: () => readonly TieNode[],
	tie: (instance: Instance, node: TieNode, by: TiedBy) => void,
): void {
	for (;;) {
		const [open, free] = [instances(), nodes()];
		if (open.length * free.length > maxPairs) return;
		const ofNode = free.map(node => ({node, fits: open.filter(instance => mayBe(instance, node))}));
		const ofInstance = open.map(instance => ({instance, fits: free.filter(node => mayBe(instance, node))}));
		const only = ofNode.find(
			({node, fits: [instance, ...others]}) =>
				instance &&
				others.length === 0 &&
				!ofNode.some(other => other.node !== node && other.fits.length === 1 && other.fits[0] === instance),
		);
		const forced =
			open.length === free.length ? ofInstance.find(({fits}) => fits.length === 1 && fits[0] !== undefined) : undefined;
		const [instance, node] = only ? [only.fits[0], only.node] : [forced?.instance, forced?.fits[0]];
		if (!instance || !node) return;
		tie(instance, node, 'time');
	}
}

/** Beyond it nobody has so few nodes that what is left could tell anything. */
const maxPairs = 10_000;

/** Clocks of vast.ai and of headscale may differ by so much. */
const skewMs = 120_000;

/** A record of the tailnet is not older than the machine that made it. */
function mayBe({startMs}: Instance, {node}: TieNode): boolean {
	return startMs === undefined || node.createdMs === undefined || node.createdMs >= startMs - skewMs;
}

function createdOf({node}: TieNode): number {
	return node.createdMs ?? 0;
}

interface Names {
	nodeBy: readonly string[];
	byName: ReadonlyMap<string, readonly {view: TieNode}[]>;
	byToken: ReadonlyMap<string, readonly TieNode[]>;
	nodes: readonly TieNode[];
}

function findByName({id, label}: Instance, {nodeBy, byName, byToken, nodes}: Names): TieNode[] {
	for (const pattern of nodeBy) {
		// A label that is no name matches nothing, and must not bring wildcards of its own.
		if (pattern.includes('{label}') && !/^[A-Za-z0-9._-]{1,63}$/.test(label)) continue;
		const glob = pattern.replaceAll('{label}', label.toLowerCase()).replaceAll('{id}', id);
		if (!/[*?]/.test(glob)) {
			const found = byName.get(glob);
			if (found) return found.map(({view}) => view);
			continue;
		}
		const among = pattern.includes('{id}') ? (byToken.get(id) ?? []) : nodes;
		const found = among.filter(view => namesOf(view).some(name => matchesGlob(name, glob)));
		if (found.length > 0) return found;
	}
	return [];
}

/** Nodes by the numbers in their names: an id counts only where it stands by itself. */
function groupByToken(nodes: readonly TieNode[]): Map<string, TieNode[]> {
	const groups = new Map<string, TieNode[]>();
	for (const view of nodes) {
		const tokens = namesOf(view).flatMap(name => name.match(/(?<![A-Za-z0-9])\d+(?![A-Za-z0-9])/g) ?? []);
		for (const token of new Set(tokens)) {
			const group = groups.get(token);
			if (group) group.push(view);
			else groups.set(token, [view]);
		}
	}
	return groups;
}

/** Its label in MagicDNS, and what it calls itself: where a record of the same name was still there, these differ. */
function namesOf({node}: TieNode): string[] {
	return node.hostname === undefined || node.hostname === node.name ? [node.name] : [node.name, node.hostname];
}
