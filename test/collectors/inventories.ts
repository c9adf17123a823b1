import {readFileSync} from 'node:fs';
import test, {type ExecutionContext} from 'ava';
import {inventoryCollector} from '../../src/collectors/inventories.ts';
import {findOwnApiKey, parseApiKeys} from '../../src/headscale/api-keys.ts';
import {parsePreAuthKeys} from '../../src/headscale/pre-auth-keys.ts';
import type {HeadscaleState} from '../../src/headscale/types.ts';
import {parseUsers} from '../../src/headscale/users.ts';
import {checkRows, collect} from '../helpers/samples.ts';

const nowMs = Date.UTC(2026, 10, 22, 16);
const inventoryIntervalMs = 60_000;
const recorded = (name: string) =>
	JSON.parse(readFileSync(new URL(`../fixtures/headscale/${name}`, import.meta.url), 'utf8'));
const nothing: HeadscaleState = {health: {}, nodes: {}, metrics: {}, version: {}};
const read = <T>(value: T, agoMs = 0) => ({triedAt: nowMs - agoMs, succeededAt: nowMs - agoMs, seconds: 0.1, value});

const lines = (t: ExecutionContext, state: Partial<HeadscaleState>, expectUsers: string[] = []) =>
	collect(t, inventoryCollector, {state: {...nothing, ...state}, inventoryIntervalMs, expectUsers}, nowMs).map(line =>
		line.replace('tailprobe_headscale_', ''),
	);

function listOf<T>(list: T | undefined): T {
	if (list === undefined) throw new Error('no list');
	return list;
}

test('its rows keep to the rules', t => {
	checkRows(t, inventoryCollector);
});

test('before anything was read nothing is told, of expected users neither', t => {
	t.deepEqual(lines(t, {}, ['ozzu']), []);
});

for (const version of ['0.23.0', '0.26.1', '0.29.2', '0.30-dev']) {
	test(`headscale ${version}: what was recorded is told in the same words`, t => {
		const keys = listOf(parseApiKeys(recorded(`${version}/rest-apikey.json`)));
		const prefix = keys.keys[0]?.prefix ?? '';
		const own = findOwnApiKey(keys, version < '0.28' ? `${prefix}.x` : `hskey-api-${prefix}-x`);
		const state = {
			users: read(listOf(parseUsers(recorded(`${version}/rest-user.json`)))),
			preAuthKeys: read(listOf(parsePreAuthKeys(recorded(`${version}/rest-preauthkey.json`)))),
			apiKeys: read({...keys, ownId: own?.id ?? 'none'}),
		};

		const told = lines(t, state, ['ozzu', 'june']).map(line => line.replace(/\d{10}[\d.]*$/, 'TIME'));

		t.deepEqual(told, [
			'api_keys_earliest_expiry_timestamp_seconds TIME',
			'api_keys{state="expired"} 0',
			'api_keys{state="usable"} 1',
			'expected_user_present{user="june"} 0',
			'expected_user_present{user="ozzu"} 1',
			'inventory_problems{list="api_keys"} 0',
			'inventory_problems{list="pre_auth_keys"} 0',
			'inventory_problems{list="users"} 0',
			'own_api_key_expiry_timestamp_seconds TIME',
			'pre_auth_keys_earliest_expiry_timestamp_seconds TIME',
			'pre_auth_keys_reusable_not_ephemeral 0',
			`pre_auth_keys{state="expired"} ${version === '0.30-dev' ? 2 : 0}`,
			'pre_auth_keys{state="usable"} 1',
			'pre_auth_keys{state="used_up"} 0',
			'users 1',
		]);
	});
}

test('pre-auth keys are counted by what can be done with them; only usable ones have an expiry to tell', t => {
	const list = listOf(
		parsePreAuthKeys({
			preAuthKeys: [
				{id: '1', reusable: true, expiration: '2026-12-01T00:00:00Z'},
				{id: '2', reusable: true, ephemeral: true, expiration: '2026-11-30T00:00:00Z'},
				{id: '3', reusable: true, expiration: '0001-01-01T00:00:00Z'},
				{id: '4', used: true, expiration: '2026-11-23T00:00:00Z'},
				{id: '5'},
			],
		}),
	);

	t.deepEqual(lines(t, {preAuthKeys: read(list)}), [
		'inventory_problems{list="pre_auth_keys"} 0',
		`pre_auth_keys_earliest_expiry_timestamp_seconds ${Date.UTC(2026, 10, 30) / 1000}`,
		'pre_auth_keys_reusable_not_ephemeral 1',
		'pre_auth_keys{state="expired"} 1',
		'pre_auth_keys{state="usable"} 3',
		'pre_auth_keys{state="used_up"} 1',
	]);
});

test('our own API key is told also after it expired, the earliest one only of those that have not', t => {
	const keys = [
		{id: '1', prefix: 'a', expiryMs: nowMs - 1000},
		{id: '2', prefix: 'b', expiryMs: nowMs + 5000},
		{id: '3', prefix: 'c', expiryMs: nowMs + 9000},
		{id: '4', prefix: 'd'},
	];

	const told = lines(t, {apiKeys: read({keys, ownId: '1', problems: []})});

	t.deepEqual(told, [
		`api_keys_earliest_expiry_timestamp_seconds ${nowMs / 1000 + 5}`,
		'api_keys{state="expired"} 1',
		'api_keys{state="usable"} 3',
		'inventory_problems{list="api_keys"} 0',
		`own_api_key_expiry_timestamp_seconds ${nowMs / 1000 - 1}`,
	]);
	t.false(lines(t, {apiKeys: read({keys, problems: []})}).some(line => line.startsWith('own_')));
	t.false(lines(t, {apiKeys: read({keys, ownId: '4', problems: []})}).some(line => line.startsWith('own_')));
});

test('a policy is readable, unreadable, or not configured and then not told', t => {
	t.deepEqual(lines(t, {policy: read({state: 'present' as const, updatedMs: 1_700_000_000_000})}), [
		'policy_readable 1',
		'policy_updated_timestamp_seconds 1700000000',
	]);
	t.deepEqual(lines(t, {policy: read({state: 'present' as const})}), ['policy_readable 1']);
	t.deepEqual(lines(t, {policy: read({state: 'unreadable' as const, detail: '"><img>'})}), ['policy_readable 0']);
	t.deepEqual(lines(t, {policy: read({state: 'none' as const})}), []);
});

test('the certificate is told, trusted or not', t => {
	t.deepEqual(lines(t, {certificate: read({trusted: true, expiryMs: 1_800_000_000_000})}), [
		'certificate_expiry_timestamp_seconds 1800000000',
		'certificate_trusted 1',
	]);
	t.deepEqual(lines(t, {certificate: read({trusted: false, fault: 'expired' as const, expiryMs: 1000})}), [
		'certificate_expiry_timestamp_seconds 1',
		'certificate_trusted 0',
	]);
	t.deepEqual(lines(t, {certificate: read({trusted: false})}), ['certificate_trusted 0']);
});

test('API health is told while it is answered; a version without it tells nothing', t => {
	t.deepEqual(lines(t, {apiHealth: read(true)}), ['api_health 1']);
	t.deepEqual(lines(t, {apiHealth: read(false)}), ['api_health 0']);
	t.deepEqual(lines(t, {apiHealth: {...read(true), error: 'refused'}}), []);
	t.deepEqual(lines(t, {apiHealth: {triedAt: nowMs, succeededAt: nowMs}}), []);
});

test('the control key was answered at the last try, or not', t => {
	t.deepEqual(lines(t, {key: read(true)}), ['control_key_answered 1']);
	t.deepEqual(lines(t, {key: {...read(true, 600_000), triedAt: nowMs, error: 'x'}}), ['control_key_answered 0']);
	t.deepEqual(lines(t, {key: {...read(true), triedAt: nowMs, error: 'x', failure: 'unanswered'}}), []);
	t.deepEqual(lines(t, {key: read(true, 180_001)}), []);
});

test('what is older than three intervals is withdrawn', t => {
	const state = (agoMs: number) => ({
		users: {...read({users: [], problems: []}, agoMs), triedAt: nowMs, error: 'down'},
		policy: {...read({state: 'present' as const}, agoMs), error: 'down'},
	});

	t.deepEqual(lines(t, state(180_000), ['ozzu']), [
		'expected_user_present{user="ozzu"} 0',
		'inventory_problems{list="users"} 0',
		'policy_readable 1',
		'users 0',
	]);
	t.deepEqual(lines(t, state(180_001), ['ozzu']), []);
});
