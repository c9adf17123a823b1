/** What headscale holds besides nodes: users, keys, policy; and how its front door looks: certificate, key, API. Never a key or address as label. */

import {isControlKeyAnswered} from '../headscale/fresh.ts';
import {type PreAuthKey, preAuthKeyState, preAuthKeyStates} from '../headscale/pre-auth-keys.ts';
import type {HeadscaleState, InventoryReads} from '../headscale/types.ts';
import type {MetricDef, Sample} from '../metrics/types.ts';
import {freshValue, type Read} from '../sources/read.ts';
import type {Collector} from './types.ts';

export interface InventoryReadings {
	state: HeadscaleState;
	/** The longest time between two reads. */
	inventoryIntervalMs: number;
	/** Names of users that must exist. */
	expectUsers: readonly string[];
}

export const inventoryMetrics = {
	users: {name: 'tailprobe_headscale_users', type: 'gauge', help: 'Users of headscale.', labels: []},
	expectedUser: {
		name: 'tailprobe_headscale_expected_user_present',
		type: 'gauge',
		help: '1 if a user of `headscale.expect_users` exists, else 0.',
		labels: ['user'],
	},
	preAuthKeys: {
		name: 'tailprobe_headscale_pre_auth_keys',
		type: 'gauge',
		help: 'Pre-auth keys by state: usable, expired, used_up (a single-use key with which a machine joined, whether or not it expired since).',
		labels: ['state'],
	},
	preAuthKeyExpiry: {
		name: 'tailprobe_headscale_pre_auth_keys_earliest_expiry_timestamp_seconds',
		type: 'gauge',
		help: 'When the first of the usable pre-auth keys expires: machines that are set up with it cannot join from then on; absent if none is usable or none expires.',
		labels: [],
	},
	lastingPreAuthKeys: {
		name: 'tailprobe_headscale_pre_auth_keys_reusable_not_ephemeral',
		type: 'gauge',
		help: 'Usable pre-auth keys with which any number of machines can join whose records stay when they leave.',
		labels: [],
	},
	apiKeys: {
		name: 'tailprobe_headscale_api_keys',
		type: 'gauge',
		help: 'API keys by state (usable, expired).',
		labels: ['state'],
	},
	apiKeyExpiry: {
		name: 'tailprobe_headscale_api_keys_earliest_expiry_timestamp_seconds',
		type: 'gauge',
		help: 'When the first of the usable API keys expires; absent if none does.',
		labels: [],
	},
	ownApiKeyExpiry: {
		name: 'tailprobe_headscale_own_api_key_expiry_timestamp_seconds',
		type: 'gauge',
		help: 'When the API key of `headscale.api_key` expires: nodes, users and keys cannot be read from then on; absent where it is not listed or never expires.',
		labels: [],
	},
	policyReadable: {
		name: 'tailprobe_headscale_policy_readable',
		type: 'gauge',
		help: '1 if headscale can read its policy, 0 if it cannot; absent where none is configured.',
		labels: [],
	},
	policyUpdated: {
		name: 'tailprobe_headscale_policy_updated_timestamp_seconds',
		type: 'gauge',
		help: 'When the policy was changed last; absent where it stands in a file.',
		labels: [],
	},
	apiHealth: {
		name: 'tailprobe_headscale_api_health',
		type: 'gauge',
		help: '1 if GET /api/v1/health of the last try said that the database answers, 0 if not; absent before 0.27 and when the last try was not answered.',
		labels: [],
	},
	controlKey: {
		name: 'tailprobe_headscale_control_key_answered',
		type: 'gauge',
		help: '1 if GET /key of the last try, with which every client begins its login, told the key of a control server, 0 if something else answered; absent when nothing did.',
		labels: [],
	},
	certificateExpiry: {
		name: 'tailprobe_headscale_certificate_expiry_timestamp_seconds',
		type: 'gauge',
		help: 'When the first certificate of the chain of `headscale.url` expires, also while it is not trusted; absent for http.',
		labels: [],
	},
	certificateTrusted: {
		name: 'tailprobe_headscale_certificate_trusted',
		type: 'gauge',
		help: '1 if the certificate of `headscale.url` is valid for its name and trusted, with `ca_file` where that is set, else 0; absent for http.',
		labels: [],
	},
	problems: {
		name: 'tailprobe_headscale_inventory_problems',
		type: 'gauge',
		help: 'Faults in the lists of users, pre_auth_keys, api_keys and routes (up to 0.25), such as entries without an id; the page tells them.',
		labels: ['list'],
	},
} as const satisfies Record<string, MetricDef>;

export const inventoryCollector: Collector<InventoryReadings> = {
	name: 'inventories',
	metrics: Object.values(inventoryMetrics),
	collect({state, inventoryIntervalMs, expectUsers}, nowMs) {
		const fresh = <T>(read: Read<T> | undefined) => read && freshValue(read, inventoryIntervalMs, nowMs);
		const keyAnswered = isControlKeyAnswered(state, inventoryIntervalMs, nowMs);
		const apiHealth = state.apiHealth?.error === undefined ? fresh(state.apiHealth) : undefined;
		return [
			...describeUsers(fresh(state.users), expectUsers),
			...describePreAuthKeys(fresh(state.preAuthKeys), nowMs),
			...describeApiKeys(fresh(state.apiKeys), nowMs),
			...describePolicy(fresh(state.policy)),
			...describeCertificate(fresh(state.certificate)),
			...(apiHealth === undefined ? [] : [sample(inventoryMetrics.apiHealth, Number(apiHealth))]),
			...(keyAnswered === undefined ? [] : [sample(inventoryMetrics.controlKey, Number(keyAnswered))]),
			...countProblems({
				users: fresh(state.users),
				pre_auth_keys: fresh(state.preAuthKeys),
				api_keys: fresh(state.apiKeys),
				routes: fresh(state.routes),
			}),
		];
	},
};

type Value<P extends keyof InventoryReads> = InventoryReads[P]['value'];

function describeUsers(list: Value<'users'>, expected: readonly string[]): Sample[] {
	if (!list) return [];
	const names = new Set(list.users.map(user => user.name));
	return [
		sample(inventoryMetrics.users, list.users.length),
		...expected.map(user => sample(inventoryMetrics.expectedUser, Number(names.has(user)), {user})),
	];
}

function describePreAuthKeys(list: Value<'preAuthKeys'>, nowMs: number): Sample[] {
	if (!list) return [];
	const byState = new Map<string, PreAuthKey[]>(preAuthKeyStates.map(state => [state, []]));
	for (const key of list.keys) byState.get(preAuthKeyState(key, nowMs))?.push(key);
	const usable = byState.get('usable') ?? [];
	return [
		...[...byState].map(([state, keys]) => sample(inventoryMetrics.preAuthKeys, keys.length, {state})),
		...earliestExpiry(inventoryMetrics.preAuthKeyExpiry, usable),
		sample(inventoryMetrics.lastingPreAuthKeys, usable.filter(key => key.reusable && !key.ephemeral).length),
	];
}

function describeApiKeys(list: Value<'apiKeys'>, nowMs: number): Sample[] {
	if (!list) return [];
	const usable = list.keys.filter(({expiryMs}) => expiryMs === undefined || expiryMs > nowMs);
	return [
		sample(inventoryMetrics.apiKeys, usable.length, {state: 'usable'}),
		sample(inventoryMetrics.apiKeys, list.keys.length - usable.length, {state: 'expired'}),
		...earliestExpiry(inventoryMetrics.apiKeyExpiry, usable),
		...earliestExpiry(
			inventoryMetrics.ownApiKeyExpiry,
			list.keys.filter(key => key.id === list.ownId),
		),
	];
}

function describePolicy(policy: Value<'policy'>): Sample[] {
	if (!policy || policy.state === 'none') return [];
	return [
		sample(inventoryMetrics.policyReadable, Number(policy.state === 'present')),
		...(policy.updatedMs === undefined ? [] : [sample(inventoryMetrics.policyUpdated, policy.updatedMs / 1000)]),
	];
}

function describeCertificate(certificate: Value<'certificate'>): Sample[] {
	if (!certificate) return [];
	return [
		sample(inventoryMetrics.certificateTrusted, Number(certificate.trusted)),
		...earliestExpiry(inventoryMetrics.certificateExpiry, [certificate]),
	];
}

function countProblems(lists: Record<string, {problems: readonly string[]} | undefined>): Sample[] {
	return Object.entries(lists).flatMap(([list, found]) =>
		found ? [sample(inventoryMetrics.problems, found.problems.length, {list})] : [],
	);
}

function earliestExpiry(def: MetricDef, found: readonly {expiryMs?: number}[]): Sample[] {
	let earliestMs = Number.POSITIVE_INFINITY;
	for (const {expiryMs} of found) if (expiryMs !== undefined) earliestMs = Math.min(earliestMs, expiryMs);
	return Number.isFinite(earliestMs) ? [sample(def, earliestMs / 1000)] : [];
}

function sample({name}: MetricDef, value: number, labels: Record<string, string> = {}): Sample {
	return {name, labels, value};
}
