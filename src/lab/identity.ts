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
	reusable: boolean;
	used: boolean;
	createdAt: number;
	expiresAt: number;
}

export interface Identities {
	nodes: readonly Identity[];
	/** First the key of the cluster's nodes, then the ephemeral one of the GPU machines; two more for a single machine each. */
	authKeys: readonly [AuthKey, AuthKey, ...AuthKey[]];
	/** Key for headscale's API. */
	apiKey: string;
	apiKeyPrefix: string;
	/** Of a key that expired. */
	oldApiKeyPrefix: string;
	createdAt: number;
}

const dayMs = 86_400_000;
const reusable = {reusable: true, used: false};
const single = {reusable: false, ephemeral: false};

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
			{...reusable, id: '1', prefix: word(9), ephemeral: false, createdAt, expiresAt: createdAt + 365 * dayMs},
			{...reusable, id: '2', prefix: word(9), ephemeral: true, createdAt, expiresAt: createdAt + 90 * dayMs},
			// Used by a machine that is long gone.
			{...single, id: '3', prefix: word(9), used: true, createdAt, expiresAt: createdAt + dayMs},
			// For a machine that is about to join.
			{...single, id: '4', prefix: word(9), used: false, createdAt: now - 3_600_000, expiresAt: now + 23 * 3_600_000},
		],
		apiKey: `hskey-api-${apiKeyPrefix}-${word(48)}`,
		apiKeyPrefix,
		oldApiKeyPrefix: word(9),
		createdAt,
	};
}

function hex(): string {
	return randomBytes(32).toString('hex');
}

function word(bytes: number): string {
	return randomBytes(bytes).toString('base64url');
}
