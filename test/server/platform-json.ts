import test from 'ava';
import type {PlatformView} from '../../src/inventory/platform-types.ts';
import {describePlatform} from '../../src/server/platform-json.ts';
import {platformSchema} from '../../src/server/platform-schema.ts';
import {fakeDaemon, withServer} from '../helpers/fake-daemon.ts';

const named = {count: 1, names: ['a']};
const atMs = Date.UTC(2026, 0, 1);
const at = '2026-01-01T00:00:00.000Z';

const everything: PlatformView = {
	headscale: {
		isHealthy: true,
		isApiHealthy: false,
		isControlKeyAnswered: true,
		policy: 'present',
		ownApiKeyExpiryMs: atMs,
		certificate: {trusted: false, fault: 'expired', expiryMs: atMs},
		missingUsers: named,
		preAuthKeys: {
			usable: 1,
			expired: 2,
			usedUp: 3,
			areInUse: true,
			ending: {count: 1, earliestExpiryMs: atMs},
			unreplaced: {count: 1, latestExpiryMs: atMs},
			lasting: 4,
		},
		unservedRoutes: named,
		duplicateHostnames: {...named, cameBack: 1},
		lingering: {...named, ephemeral: 1, oldestSeenMs: atMs},
	},
	tailscaled: [
		{
			vantage: 'cluster',
			backendState: 'Running',
			online: true,
			keyExpiryMs: atMs,
			warnings: [{code: 'dns', severity: 'high', sinceMs: atMs, says: 'its words'}],
		},
		{vantage: 'gpu'},
	],
	clients: {oldest: '1.60.0', newest: '1.92.0', minorsApart: 32, minimum: '1.80', belowMinimum: named},
};

test('all that is known stands under names of the API, times as text', t => {
	const json = JSON.parse(JSON.stringify(describePlatform(everything)));

	t.deepEqual(json, {
		headscale: {
			healthy: true,
			apiHealthy: false,
			controlKeyAnswered: true,
			policy: 'present',
			ownApiKeyExpiry: at,
			certificate: {trusted: false, fault: 'expired', expiry: at},
			missingUsers: named,
			preAuthKeys: {
				usable: 1,
				expired: 2,
				usedUp: 3,
				reusableNotEphemeral: 4,
				ending: {count: 1, earliestExpiry: at},
				unreplaced: {count: 1, latestExpiry: at},
			},
			unservedRoutes: named,
			duplicateHostnames: {...named, cameBack: 1},
			lingering: {...named, ephemeral: 1, oldestSeen: at},
		},
		tailscaled: [
			{
				vantage: 'cluster',
				backendState: 'Running',
				online: true,
				keyExpiry: at,
				warnings: [{code: 'dns', severity: 'high', since: at, says: 'its words'}],
			},
			{vantage: 'gpu'},
		],
		clients: {oldest: '1.60.0', newest: '1.92.0', minorsApart: 32, minimum: '1.80', belowMinimum: named},
	});
	t.true(platformSchema.strict().safeParse(json).success);
});

test('what is not known is left out', t => {
	const json = JSON.parse(JSON.stringify(describePlatform({headscale: {}, tailscaled: []})));

	t.deepEqual(json, {headscale: {}, tailscaled: []});
});

test('the status tells it, and which sources this version does not have; so does the ready page', t =>
	withServer(
		fakeDaemon({
			platform: () => everything,
			sources: () => [{name: 'headscale-routes', ok: true, isUnsupported: true, detail: 'There is none.'}],
		}),
		async ({get}) => {
			const status = JSON.parse((await get('/api/v1/status')).body);

			t.is(status.platform.headscale.apiHealthy, false);
			t.deepEqual(status.sources, [{name: 'headscale-routes', ok: true, unsupported: true, detail: 'There is none.'}]);
			t.regex((await get('/-/ready')).body, /^source headscale-routes: not in this version$/m);
		},
	));
