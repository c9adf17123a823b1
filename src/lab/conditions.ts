/** How every part of the lab behaves at a moment. Faults change a copy of the sound state; the parts only read it. */

import type {GpuMode} from './fake-gpus.ts';
import {
	type GpuNodeName,
	gpuNodeNames,
	type NodeName,
	nodeNames,
	ownName,
	type ServiceId,
	serviceIds,
} from './platform.ts';

/** `busy`: refuses as to one who asks too often. `down`: a proxy's error page. `frozen`: accepts and never answers. */
export type VastMood = 'answers' | 'busy' | 'down' | 'frozen';

export interface Conditions {
	nodes: Record<NodeName, NodeCondition>;
	services: Record<ServiceId, ServiceCondition>;
	headscale: 'answers' | 'frozen' | 'restarted';
	/** Milliseconds since 1970, where they differ from what they were made with. */
	keys: {apiExpiresAt?: number; gpuExpiredAt?: number};
	/** Whether the agents of the GPU machines run. */
	agents: Record<GpuNodeName, boolean>;
	/** vast.ai, and whether one more instance is rented there that never joins. */
	vast: {mood: VastMood; hasStray: boolean};
	/** tailscaled beside the prober. */
	tailscaled: 'running' | 'stopped' | 'frozen';
	magicDns: {answers: boolean; wrongAddress: Partial<Record<NodeName, string>>};
}

export interface NodeCondition {
	/** Part of the tailnet: listed by headscale, a peer, a name. */
	member: boolean;
	/** What headscale says. */
	online: boolean;
	/** The machine lives: pings and services on it answer. */
	alive: boolean;
	path: 'direct' | 'derp';
	/** What nvidia-smi there answers. */
	gpus: GpuMode;
	/** Share of pings that get lost, 0 to 1. */
	loss: number;
	/** Milliseconds since 1970; absent: the key is valid. */
	keyExpiredAt?: number;
}

export interface ServiceCondition {
	listens: boolean;
	/** Time on top of what an answer usually takes. */
	extraMs: number;
	/** Status instead of the sound answer. */
	status?: number;
}

/** Everything works. */
export function soundConditions(): Conditions {
	const node = (): NodeCondition => ({
		member: true,
		online: true,
		alive: true,
		path: 'direct',
		loss: 0,
		gpus: 'healthy',
	});
	const service = (): ServiceCondition => ({listens: true, extraMs: 0});
	return {
		nodes: recordOf(nodeNames, node),
		services: recordOf(serviceIds, service),
		headscale: 'answers',
		keys: {},
		vast: {mood: 'answers', hasStray: false},
		agents: recordOf(gpuNodeNames, () => true),
		tailscaled: 'running',
		magicDns: {answers: true, wrongAddress: {}},
	};
}

/** Whether traffic from one node gets to another and back, as long as the tailscaled of the first does its part. */
export function isReachableFrom({nodes}: Conditions, from: NodeName, name: NodeName): boolean {
	return [from, name].every(end => nodes[end].alive && nodes[end].member && nodes[end].keyExpiredAt === undefined);
}

/** A tunnel goes by the relay as soon as one of its ends cannot do otherwise. */
export function pathBetween({nodes}: Conditions, from: NodeName, name: NodeName): 'direct' | 'derp' {
	return nodes[from].path === 'derp' || nodes[name].path === 'derp' ? 'derp' : 'direct';
}

/** Whether traffic of the prober gets to this node and back. */
export function isReachable(conditions: Conditions, name: NodeName): boolean {
	return conditions.tailscaled === 'running' && isReachableFrom(conditions, ownName, name);
}

function recordOf<Key extends string, Value>(keys: readonly Key[], make: () => Value): Record<Key, Value> {
	return Object.fromEntries(keys.map(key => [key, make()])) as Record<Key, Value>;
}
