/** How every part of the lab behaves at a moment. Faults change a copy of the sound state; the parts only read it. */

import {type NodeName, nodeNames, type ServiceId, serviceIds} from './platform.ts';

export interface Conditions {
	nodes: Record<NodeName, NodeCondition>;
	services: Record<ServiceId, ServiceCondition>;
	headscale: 'answers' | 'frozen' | 'restarted';
	/** Milliseconds since 1970, where they differ from what they were made with. */
	keys: {apiExpiresAt?: number; gpuExpiredAt?: number};
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
	});
	const service = (): ServiceCondition => ({listens: true, extraMs: 0});
	return {
		nodes: recordOf(nodeNames, node),
		services: recordOf(serviceIds, service),
		headscale: 'answers',
		keys: {},
		tailscaled: 'running',
		magicDns: {answers: true, wrongAddress: {}},
	};
}

/** Whether traffic of the prober gets to this node and back. */
export function isReachable({tailscaled, nodes}: Conditions, name: NodeName): boolean {
	const {alive, member, keyExpiredAt} = nodes[name];
	return tailscaled === 'running' && alive && member && keyExpiredAt === undefined;
}

function recordOf<Key extends string, Value>(keys: readonly Key[], make: () => Value): Record<Key, Value> {
	return Object.fromEntries(keys.map(key => [key, make()])) as Record<Key, Value>;
}
