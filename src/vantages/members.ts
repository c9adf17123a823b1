/** Who looks besides ourselves: the members of the configuration's remote vantages, as they are known now. Pure. */

import type {Config, PodWayConfig, RemoteVantageConfig} from '../config/types.ts';
import {indexPeers, type PeerIndex} from '../engine/plan.ts';
import {selectNodes} from '../inventory/select.ts';
import type {TailnetNode} from '../inventory/types.ts';

/** One machine that can be a vantage. */
export interface Member {
	/** Label `vantage`. */
	name: string;
	/** The entry of the configuration that it belongs to. */
	group: string;
	/** What is dialled: an address in the tailnet, or a host as configured. Absent where only its pod is known. */
	address?: string;
	/** Its node, where headscale lists it. */
	node?: TailnetNode;
	/** Its pod, where it was found by that. */
	pod?: MemberPod;
}

export interface MemberPod {
	namespace: string;
	name: string;
	uid: string;
}

/** What the members are found in. */
export interface Surroundings {
	nodes: readonly TailnetNode[];
	/** Addresses of the local vantage: that node is no member. */
	own: readonly string[];
	/** The pods that a `pod` way selects. */
	podsOf(way: PodWayConfig): readonly MemberPod[];
}

/** Every member of every remote vantage; a name that is taken already is left out, with a sentence. */
export function listMembers(config: Config, around: Surroundings): {members: Member[]; problems: string[]} {
	const peers = indexPeers(around.nodes, config.tailnet.domain);
	const taken = new Map(config.vantages.map(({name}) => [name, `the entry ${name} of the configuration`]));
	const members: Member[] = [];
	const problems: string[] = [];
	for (const vantage of config.vantages) {
		if (vantage.type !== 'remote') continue;
		for (const member of membersOf(vantage, around, peers)) {
			const holder = taken.get(member.name);
			if (holder === undefined) {
				taken.set(member.name, `a machine of ${vantage.name}`);
				members.push(member);
			} else
				problems.push(
					`Vantage ${vantage.name} leaves out ${member.name}: ${holder} has that name, and a vantage is told by its name.`,
				);
		}
	}
	return {members, problems};
}

function membersOf(
	{name: group, members, ways}: RemoteVantageConfig,
	around: Surroundings,
	peers: PeerIndex,
): Member[] {
	if (members.kind === 'nodes')
		return selectNodes(around.nodes, members.selector)
			.filter(node => !node.addresses.some(address => around.own.includes(address)))
			.map(node => ({name: node.name, group, ...addressOf(node), node}));
	if (members.kind === 'hosts')
		return members.hosts.map(({name, address}) => {
			const node = peers.get(address.toLowerCase().replace(/\.$/, ''));
			return {name, group, address, ...(node ? {...addressOf(node), node} : {})};
		});
	const way = ways.find(candidate => candidate.type === 'pod');
	return way ? around.podsOf(way).map(pod => ({name: pod.name, group, pod})) : [];
}

function addressOf({addresses: [address]}: TailnetNode): {address?: string} {
	return address === undefined ? {} : {address};
}
