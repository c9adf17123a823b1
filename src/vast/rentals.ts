/** Keeps what the pure joining needs to know of before: since when an instance runs, and whether it ever was in the tailnet. */

import type {VastConfig} from '../config/types.ts';
import type {CheckView, NodeView} from '../server/types.ts';
import type {JoinInputs, Remembered, VastJoin} from './join.ts';
import {joinVast, remember} from './join.ts';
import type {TieNode} from './tie-nodes.ts';
import type {InstanceList} from './types.ts';

export interface RentalInputs extends Pick<JoinInputs, 'nodesAreFresh' | 'pods' | 'localVantages' | 'nowMs'> {
	/** The list while it is fresh. */
	list: InstanceList | undefined;
	nodes: readonly TieNode[];
}

export interface Rentals {
	/** Looks again; to be called every few seconds. */
	update(inputs: RentalInputs): void;
	/** What the last look found; undefined while the list is not fresh: then nothing is claimed. */
	join(): VastJoin | undefined;
	configure(config: VastConfig): void;
}

export function createRentals(config: VastConfig): Rentals {
	let rules = config;
	let memory: ReadonlyMap<string, Remembered> = new Map();
	let isFirstLook = true;
	let join: VastJoin | undefined;

	return {
		join: () => join,
		configure(next) {
			rules = next;
		},
		update({list, nodes, nodesAreFresh, pods, localVantages, nowMs}) {
			// What is remembered stays over an outage: nothing of it is told meanwhile.
			join = list && joinVast({list, nodes, nodesAreFresh, pods, localVantages, memory, rules, nowMs});
			if (!join) return;
			memory = remember(memory, join, nowMs, isFirstLook);
			isFirstLook = false;
		},
	};
}

/** Nodes with the addresses that direct tunnels to them end at, as our own vantages find; what others say may be a lie. Pure. */
export function withEndpoints(
	nodes: readonly NodeView[],
	checks: readonly CheckView[],
	localVantages: ReadonlySet<string>,
): TieNode[] {
	const endpoints = new Map<string, Set<string>>();
	for (const {check, last} of checks) {
		const isOurs = check.type === 'tunnel' && localVantages.has(check.vantage);
		const endpoint = isOurs ? last?.reading?.facts.endpoint : undefined;
		const address = endpoint === undefined ? undefined : hostOf(endpoint);
		if (address === undefined) continue;
		const known = endpoints.get(check.target.peer);
		if (known) known.add(address);
		else endpoints.set(check.target.peer, new Set([address]));
	}
	return nodes.map(view => {
		const found = endpoints.get(view.node.name);
		return found ? {...view, endpoints: [...found]} : view;
	});
}

/** Of `1.2.3.4:41641` or `[2001:db8::1]:41641`. */
function hostOf(endpoint: string): string | undefined {
	return /^\[([0-9a-f:.]+)\]:\d+$/i.exec(endpoint)?.[1] ?? /^([0-9.]+):\d+$/.exec(endpoint)?.[1];
}
