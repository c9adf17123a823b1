/** What the lab's headscale holds, in the shape of the REST API of 0.29: nodes, users, keys and policy. */

import type {Conditions} from './conditions.ts';
import type {AuthKey, Identities, Identity} from './identity.ts';
import type {NodeName} from './platform.ts';
import {goTime} from './values.ts';
import type {World} from './world.ts';

/** A node as GET /api/v1/node lists it. */
export function describeNode(node: Identity, identities: Identities, world: World, lastSeen: Map<NodeName, number>) {
	const {online, keyExpiredAt} = world.conditions.nodes[node.name];
	const [clusterKey, gpuKey] = identities.authKeys;
	return {
		id: node.id,
		machineKey: node.machineKey,
		nodeKey: node.nodeKey,
		discoKey: node.discoKey,
		ipAddresses: [node.address],
		name: node.hostname,
		user: describeUser(identities),
		lastSeen: goTime(lastSeen.get(node.name) ?? node.createdAt),
		expiry: keyExpiredAt === undefined ? null : goTime(keyExpiredAt),
		preAuthKey: describeAuthKey(node.ephemeral ? gpuKey : clusterKey, identities),
		createdAt: goTime(node.createdAt),
		registerMethod: 'REGISTER_METHOD_AUTH_KEY',
		givenName: node.name,
		online,
		approvedRoutes: [],
		availableRoutes: [],
		subnetRoutes: [],
		tags: [],
	};
}

/** Who owns the nodes, and somebody who only looks after them. */
export function describeUsers(identities: Identities, {ownerExists}: Conditions) {
	const oncall = {...describeUser(identities), id: '2', name: 'oncall'};
	return ownerExists ? [describeUser(identities), oncall] : [oncall];
}

/** The key of the lab's own tailprobe, and one that expired long ago and was never removed. */
export function describeApiKeys({apiKeyPrefix, oldApiKeyPrefix, createdAt}: Identities, {keys}: Conditions) {
	const key = (id: string, prefix: string, madeAt: number, expiresAt: number) => ({
		id,
		prefix: `hskey-api-${prefix}-***`,
		expiration: goTime(expiresAt),
		createdAt: goTime(madeAt),
		lastSeen: null,
	});
	return [
		key('1', oldApiKeyPrefix, createdAt - 90 * dayMs, createdAt),
		key('2', apiKeyPrefix, createdAt, keys.apiExpiresAt ?? createdAt + 90 * dayMs),
	];
}

/** All pre-auth keys. */
export function describeAuthKeys(identities: Identities, {keys}: Conditions) {
	const [, gpuKey] = identities.authKeys;
	return identities.authKeys.map(key =>
		describeAuthKey(
			key === gpuKey && keys.gpuExpiredAt !== undefined ? {...key, expiresAt: keys.gpuExpiredAt} : key,
			identities,
		),
	);
}

/** Everybody may reach everything, written into the database. */
export function describePolicy({createdAt}: Identities) {
	const policy = '{"acls": [{"action": "accept", "src": ["*"], "dst": ["*:*"]}]}\n';
	return {policy, updatedAt: goTime(createdAt + dayMs)};
}

const dayMs = 86_400_000;

function describeUser({createdAt}: Identities) {
	return {
		id: '1',
		name: 'ozzu',
		createdAt: goTime(createdAt),
		displayName: '',
		email: '',
		providerId: '',
		provider: '',
		profilePicUrl: '',
	};
}

function describeAuthKey(key: AuthKey, identities: Identities) {
	return {
		user: describeUser(identities),
		id: key.id,
		key: `hskey-auth-${key.prefix}-***`,
		reusable: key.reusable,
		ephemeral: key.ephemeral,
		used: key.used,
		expiration: goTime(key.expiresAt),
		createdAt: goTime(key.createdAt),
		aclTags: [],
	};
}
