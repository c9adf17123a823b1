/** Turns the configuration and the known nodes into checks. Pure. */

import type {CheckConfig, Config} from '../config/types.ts';
import {selectNodes} from '../inventory/select.ts';
import type {TailnetNode} from '../inventory/types.ts';
import {splitTarget} from '../net/target.ts';
import {findProbe} from '../probes/registry.ts';
import type {Check, Target} from './types.ts';

export interface Plan {
	checks: readonly Check[];
	/** What could not be planned, as sentences. */
	problems: readonly string[];
}

/** Where checks can run from: a vantage, and the entry of the configuration that it belongs to (its own, where it is local). */
export interface PlannedVantage {
	name: string;
	group: string;
}

/**
 * Every check of the configuration × its vantages × its targets. A check that names no vantage runs from the local one.
 * `own` tells each vantage's own tailnet addresses: a node is not probed from itself. `lastPeers` tells the node last seen behind a check.
 */
export function planChecks(
	config: Config,
	nodes: readonly TailnetNode[],
	own: ReadonlyMap<string, readonly string[]>,
	lastPeers: ReadonlyMap<string, string> = new Map(),
	known: readonly PlannedVantage[] = config.vantages.map(({name}) => ({name, group: name})),
): Plan {
	const checks = new Map<string, Check>();
	const problems: string[] = [];
	const peers = indexPeers(nodes, config.tailnet.domain);
	const byName = new Map(nodes.map(node => [node.name, node]));
	const localNames = config.vantages.flatMap(({name, type}) => (type === 'local' ? [name] : []));
	for (const wanted of config.checks) {
		const from = wanted.from ?? localNames;
		const vantages = known.filter(({group}) => from.includes(group));
		if (findProbe(wanted.type)?.address === 'self') {
			for (const {name} of vantages) {
				const node = nodeOf(own.get(name) ?? [], nodes);
				const key = `${wanted.name}/${name}/${name}`;
				const target: Target = {name, address: 'self', via: 'direct', peer: node?.name ?? lastPeers.get(key) ?? ''};
				checks.set(key, buildCheck(key, wanted, name, target));
			}
			continue;
		}
		for (const target of listTargets(wanted, nodes, peers, problems)) {
			for (const vantage of vantages) {
				const node = byName.get(target.peer);
				const ownAddresses = own.get(vantage.name) ?? [];
				if (wanted.nodes && node?.addresses.some(address => ownAddresses.includes(address))) continue;
				const key = `${wanted.name}/${vantage.name}/${target.name}`;
				if (checks.has(key))
					problems.push(`Check ${wanted.name} has two targets named ${target.name}; the second is left out.`);
				else checks.set(key, buildCheck(key, wanted, vantage.name, withLastPeer(target, lastPeers.get(key))));
			}
		}
	}
	return {checks: [...checks.values()], problems};
}

function nodeOf(addresses: readonly string[], nodes: readonly TailnetNode[]): TailnetNode | undefined {
	return nodes.find(node => node.addresses.some(address => addresses.includes(address)));
}

/** A listed target keeps the node that was behind it when the list lost that, so that its series go on. */
function withLastPeer(target: Target, lastPeer: string | undefined): Target {
	return target.peer === '' && target.via === 'tailnet' && lastPeer !== undefined
		? {...target, peer: lastPeer}
		: target;
}

/** The check of an ad hoc target, as the schedule would run it. */
export function buildCheck(
	key: string,
	wanted: Omit<CheckConfig, 'nodes' | 'targets' | 'from' | 'critical' | 'availabilityObjective'>,
	vantage: string,
	target: Target,
): Check {
	return {
		key,
		name: wanted.name,
		type: wanted.type,
		vantage,
		target,
		options: wanted.options,
		intervalMs: wanted.intervalMs,
		timeoutMs: wanted.timeoutMs,
		confirm: wanted.confirm,
		detail: wanted.detail,
		histogram: wanted.histogram,
		...(wanted.recheckMs === undefined ? {} : {recheckMs: wanted.recheckMs}),
		...(wanted.objectiveMs === undefined ? {} : {objectiveMs: wanted.objectiveMs}),
		...(wanted.expect === undefined ? {} : {expect: wanted.expect}),
	};
}

export type PeerIndex = ReadonlyMap<string, TailnetNode>;

/** Finds a node by its short name, its full name or one of its addresses. */
export function indexPeers(nodes: readonly TailnetNode[], domain: string | undefined): PeerIndex {
	const index = new Map<string, TailnetNode>();
	for (const node of nodes) {
		for (const address of node.addresses) index.set(address, node);
		if (!node.resolvable) continue;
		index.set(node.name, node);
		if (domain !== undefined) index.set(`${node.name}.${domain}`, node);
	}
	return index;
}

/** The peer behind an address as written in a target (URL, host:port or host): its name, or ''. */
export function peerOf(address: string, peers: PeerIndex): string {
	const host = splitTarget(address)?.host.toLowerCase().replace(/\.$/, '');
	return (host !== undefined && peers.get(host)?.name) || '';
}

function listTargets(
	wanted: CheckConfig,
	nodes: readonly TailnetNode[],
	peers: PeerIndex,
	problems: string[],
): Target[] {
	const listed = wanted.targets.map(({name, address}) => ({
		name,
		address,
		via: wanted.via,
		peer: wanted.via === 'tailnet' ? peerOf(address, peers) : '',
	}));
	if (!wanted.nodes) return listed;
	const spread = selectNodes(nodes, wanted.nodes.selector).flatMap(node => {
		const address = fillTemplate(wanted.nodes?.template ?? '{address}', node);
		if (address !== undefined) return [{name: node.name, address, via: wanted.via, peer: node.name}];
		problems.push(
			`Check ${wanted.name} cannot aim at node ${node.name}: the name it registered with is no DNS name. Rename it with \`headscale nodes rename\`, or use {address} in the target.`,
		);
		return [];
	});
	return [...listed, ...spread];
}

function fillTemplate(template: string, node: TailnetNode): string | undefined {
	if (template.includes('{node}') && !node.resolvable) return undefined;
	const address = node.addresses[0];
	if (address === undefined) return undefined;
	const literal = address.includes(':') && template !== '{address}' ? `[${address}]` : address;
	return template.replaceAll('{node}', node.name).replaceAll('{address}', literal);
}
