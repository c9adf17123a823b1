/** The keys and times that the lab's headscale and tailscaled tell of each node: made up anew for each lab. */

import {randomBytes} from 'node:crypto';
import {type LabNode, nodes} from './platform.ts';

export interface Identity extends LabNode {
	machineKey: string;
	nodeKey: string;
	discoKey: string;
	/** Milliseconds since 1970. */
	createdAt: number;
}

export interface AuthKey {
	id: string;
	prefix: string;
	ephemeral: boolean;
	createdAt: number;
	expiresAt: number;
}

export interface Identities {
	nodes: readonly Identity[];
	/** First the key of the cluster's nodes, then the ephemeral one of the GPU machines. */
	authKeys: readonly [AuthKey, AuthKey];
	/** Key for headscale's API. */
	apiKey: string;
	apiKeyPrefix: string;
	createdAt: number;
}

const dayMs = 86_400_000;

export function makeIdentities(now: number): Identities {
	const createdAt = now - 30 * dayMs - 60_000;
	const apiKeyPrefix = word(9);
	return {
		nodes: nodes.map(node => ({
			...node,
			machineKey: `mkey:${hex()}`,
			nodeKey: `nodekey:${hex()}`,
			discoKey: `discokey:${hex()}`,
			createdAt: now - node.ageMs,
		})),
		authKeys: [
			{id: '1', prefix: word(9), ephemeral: false, createdAt, expiresAt: createdAt + 365 * dayMs},
			{id: '2', prefix: word(9), ephemeral: true, createdAt, expiresAt: createdAt + 90 * dayMs},
		],
		apiKey: `hskey-api-${apiKeyPrefix}-${word(48)}`,
		apiKeyPrefix,
		createdAt,
	};
}

function hex(): string {
	return randomBytes(32).toString('hex');
}

function word(bytes: number): string {
	return randomBytes(bytes).toString('base64url');
}
