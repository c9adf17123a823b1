/** How every part of the lab behaves at a moment. Faults change a copy of the sound state; the parts only read it. */

import type {GpuMode} from './fake-gpus.ts';
import {
	type GpuNodeName,
	gpuNodeNames,
	type NodeName,
	nodeNames,
	ownName,
	rejoinedName,
	type ServiceId,
	serviceIds,
} from './platform.ts';

/**
 * `frozen`: accepts and never answers, metrics neither. `stuck`: so does its API alone. `proxy-error`: the proxy in front of it answers
 * instead. `database-down`: it answers, and its database does not.
 */
export type HeadscaleMood = 'answers' | 'frozen' | 'restarted' | 'stopped' | 'stuck' | 'proxy-error' | 'database-down';

/** `busy`: refuses as to one who asks too often. `down`: a proxy's error page. `frozen`: accepts and never answers. */
export type VastMood = 'answers' | 'busy' | 'down' | 'frozen';

export interface Conditions {
	nodes: Record<NodeName, NodeCondition>;
	services: Record<ServiceId, ServiceCondition>;
	headscale: HeadscaleMood;
	/** The user who owns the nodes exists in headscale. */
	ownerExists: boolean;
	/** DERP relay and STUN server, which stand beside headscale. */
	relayAnswers: boolean;
	/** The map of relays that tailscaled got has one in it. */
	relayMapped: boolean;
	/** What the service behind TLS presents. */
	certificate: 'sound' | 'expired' | 'untrusted';
	/** TTS of the first GPU machine answers on a public address. */
	isExposed: boolean;
	/** Milliseconds since 1970, where they differ from what they were made with. */
	keys: {apiExpiresAt?: number; gpuExpiredAt?: number};
	/** Whether the agents of the GPU machines run. */
	agents: Record<GpuNodeName, boolean>;
	/** vast.ai, and whether one more instance is rented there that never joins. */
	vast: {mood: VastMood; hasStray: boolean};
	/** tailscaled beside the prober. */
	tailscaled: 'running' | 'stopped' | 'frozen' | 'signed-out';
	magicDns: {answers: boolean; wrongAddress: Partial<Record<NodeName, string>>; unknown: readonly NodeName[]};
}

export interface NodeCondition {
	/** Part of the tailnet: listed by headscale, a peer, a name. */
	member: boolean;
	/** What headscale says. */
	online: boolean;
	/** headscale's policy lets the others see it. */
	visible: boolean;
	/** Its tailscaled lives: pings answer, and the services that are reached through it. */
	alive: boolean;
	path: 'direct' | 'derp';
	/** WireGuard carries something; the way itself, which disco asks, may hold without. */
	wireguard: boolean;
	/** What nvidia-smi there answers. */
	gpus: GpuMode;
	/** Share of pings that get lost, 0 to 1. */
	loss: number;
	/** Milliseconds since 1970; absent: the key is valid. */
	keyExpiredAt?: number;
}

export interface ServiceCondition {
	listens: boolean;
	/** A firewall drops what comes to its port. */
	filtered?: true;
	/** It accepts and never answers. */
	hangs?: true;
	/** Time on top of what an answer usually takes. */
	extraMs: number;
	/** Status instead of the sound answer. */
	status?: number;
}

/** Everything works. */
export function soundConditions(): Conditions {
	const node = (name: NodeName): NodeCondition => ({
		member: name !== rejoinedName,
		online: name !== rejoinedName,
		visible: true,
		alive: true,
		path: 'direct',
		wireguard: true,
		loss: 0,
		gpus: 'healthy',
	});
	const service = (id: ServiceId): ServiceCondition => ({listens: !id.endsWith('-rejoined'), extraMs: 0});
	return {
		nodes: recordOf(nodeNames, node),
		services: recordOf(serviceIds, service),
		headscale: 'answers',
		ownerExists: true,
		relayAnswers: true,
		relayMapped: true,
		certificate: 'sound',
		isExposed: false,
		keys: {},
		vast: {mood: 'answers', hasStray: false},
		agents: recordOf(gpuNodeNames, () => true),
		tailscaled: 'running',
		magicDns: {answers: true, wrongAddress: {}, unknown: []},
	};
}

/** Whether the tailscaled of one node finds a way to that of another and back: what disco asks. */
export function hasWay(conditions: Conditions, from: NodeName, name: NodeName): boolean {
	const {nodes, relayAnswers} = conditions;
	const ends = [from, name].map(end => nodes[end]);
	return (
		ends.every(({alive, member, visible, keyExpiredAt}) => alive && member && visible && keyExpiredAt === undefined) &&
		(relayAnswers || pathBetween(conditions, from, name) === 'direct')
	);
}

/** Whether traffic from one node gets to another and back, as long as the tailscaled of the first does its part. */
export function isReachableFrom(conditions: Conditions, from: NodeName, name: NodeName): boolean {
	return hasWay(conditions, from, name) && [from, name].every(end => conditions.nodes[end].wireguard);
}

/** A tunnel goes by the relay as soon as one of its ends cannot do otherwise. */
export function pathBetween({nodes}: Conditions, from: NodeName, name: NodeName): 'direct' | 'derp' {
	return nodes[from].path === 'derp' || nodes[name].path === 'derp' ? 'derp' : 'direct';
}

/** Whether traffic of the prober gets to this node and back. */
export function isReachable(conditions: Conditions, name: NodeName): boolean {
	return conditions.tailscaled === 'running' && isReachableFrom(conditions, ownName, name);
}

function recordOf<Key extends string, Value>(keys: readonly Key[], make: (key: Key) => Value): Record<Key, Value> {
	return Object.fromEntries(keys.map(key => [key, make(key)])) as Record<Key, Value>;
}
