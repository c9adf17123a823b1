/** What is rented, what is in the tailnet and which pods there are, held against each other with few words. */

import type {TailnetNode} from '../../src/inventory/types.ts';
import {type JoinInputs, joinVast, type Remembered} from '../../src/vast/join.ts';
import type {TieNode} from '../../src/vast/tie-nodes.ts';
import type {TiePod} from '../../src/vast/tie-pods.ts';
import type {Instance} from '../../src/vast/types.ts';
import {aNode} from './fake-daemon.ts';

export const minute = 60_000;
export const nowMs = 1_700_000_000_000;

export function anInstance(id: number, over: Partial<Instance> = {}): Instance {
	return {
		id: String(id),
		label: '',
		status: 'running',
		allotted: 'running',
		pricePerHour: 0.5,
		startMs: nowMs - 60 * minute,
		...over,
	};
}

export type TunnelVerdict = 'up' | 'down' | 'unknown';

export function aTieNode(
	name: string,
	verdict: TunnelVerdict | undefined,
	over: Partial<TailnetNode> = {},
	endpoints?: string[],
): TieNode {
	return {
		node: aNode({id: `id-${name}`, name, createdMs: nowMs - 55 * minute, ...over}),
		tunnels: verdict === undefined ? [] : [{vantage: 'local', verdict}],
		...(endpoints ? {endpoints} : {}),
	};
}

export function aPod(name: string, over: Partial<TiePod> = {}): TiePod {
	return {namespace: 'june-services', name, uid: `uid-${name}`, phase: 'Running', annotations: {}, ...over};
}

export interface VastScene extends Partial<Omit<JoinInputs, 'list' | 'rules'>> {
	instances: readonly Instance[];
	complete?: boolean;
	rules?: Partial<JoinInputs['rules']>;
	/** How long each instance has been seen running; default an hour. */
	seenForMs?: number;
}

export function joinScene({instances, complete = true, rules, seenForMs = 60 * minute, ...over}: VastScene) {
	const memory = new Map<string, Remembered>(
		instances.map(({id}) => [id, {paidSeenMs: nowMs - seenForMs, paidSinceMs: nowMs - seenForMs}]),
	);
	return joinVast({
		list: {instances, complete, problems: [], api: 'v1'},
		nodes: [],
		nodesAreFresh: true,
		pods: undefined,
		localVantages: new Set(['local']),
		memory,
		nowMs,
		...over,
		rules: {
			nodeBy: ['{label}', '*-{id}'],
			nodes: {name: 'june-gpu-*'},
			podBy: {label: '{name}'},
			joinGraceMs: 10 * minute,
			...rules,
		},
	});
}
