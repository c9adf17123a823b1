import test from 'ava';
import type {PreAuthKey} from '../../src/headscale/pre-auth-keys.ts';
import type {HeadscaleState} from '../../src/headscale/types.ts';
import {type HeadscaleReader, viewPlatform} from '../../src/inventory/platform.ts';
import type {PreAuthKeyFacts} from '../../src/inventory/platform-types.ts';
import type {TailnetNode} from '../../src/inventory/types.ts';
import type {Read} from '../../src/sources/read.ts';
import type {ClientVersion, OwnStatus, TailscaledState} from '../../src/tailscaled/types.ts';
import {aNode} from '../helpers/fake-daemon.ts';

const nowMs = 1_700_000_000_000;
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const none = {readings: () => [], clientVersions: () => undefined};

function read<T>(value: T, part: Partial<Read<T>> = {}): Read<T> {
	return {triedAt: nowMs, succeededAt: nowMs, value, ...part};
}

function reader(state: Partial<HeadscaleState>, part: Partial<HeadscaleReader> = {}): HeadscaleReader {
	const whole: HeadscaleState = {health: {}, nodes: {}, metrics: {}, version: {}, ...state};
	return {
		state: () => whole,
		intervalMs: 15_000,
		inventoryIntervalMs: 60_000,
		expectUsers: [],
		lingerAfterMs: dayMs,
		...part,
	};
}

function factsOf(state: Partial<HeadscaleState>, part?: Partial<HeadscaleReader>) {
	return viewPlatform(reader(state, part), none, nowMs).headscale;
}

const listOf = (...nodes: Partial<TailnetNode>[]) =>
	read({nodes: nodes.map((node, at) => aNode({id: String(at), name: `n${at}`, ...node})), problems: []});

function key(part: Partial<PreAuthKey>): PreAuthKey {
	return {
		id: '1',
		user: 'june',
		reusable: true,
		ephemeral: true,
		used: true,
		tags: [],
		createdMs: nowMs - 90 * dayMs,
		...part,
	};
}

function keyFacts(...keys: Partial<PreAuthKey>[]): PreAuthKeyFacts | undefined {
	return factsOf({preAuthKeys: read({keys: keys.map((part, at) => key({id: String(at), ...part})), problems: []})})
		?.preAuthKeys;
}

test('without headscale and tailscaled there is nothing to tell, and before the first read neither', t => {
	t.deepEqual(viewPlatform(undefined, none, nowMs), {tailscaled: []});
	t.deepEqual(factsOf({}), {});
});

test('what was read too long ago is not told', t => {
	const old = {triedAt: nowMs - 10 * hourMs, succeededAt: nowMs - 10 * hourMs};
	const apiKeys = {keys: [{id: '1', prefix: 'p', expiryMs: nowMs + hourMs}], ownId: '1', problems: []};

	t.deepEqual(
		factsOf({
			health: read(false, old),
			nodes: {...listOf({online: false, lastSeenMs: 1}), ...old},
			users: read({users: [], problems: []}, old),
			preAuthKeys: read({keys: [], problems: []}, old),
			apiKeys: read(apiKeys, old),
			policy: read({state: 'unreadable'}, old),
			apiHealth: read(false, old),
			key: read(true, {...old, error: 'It refused.'}),
			certificate: read({trusted: false}, old),
		}),
		{},
	);
});

test('an API key that expired is told on although the list cannot be read any more', t => {
	const apiKeys = read(
		{
			keys: [
				{id: '1', prefix: 'p', expiryMs: nowMs - dayMs},
				{id: '2', prefix: 'q', expiryMs: 5},
			],
			ownId: '1',
			problems: [],
		},
		{succeededAt: nowMs - dayMs, error: 'Unauthorized.'},
	);

	t.is(factsOf({apiKeys})?.ownApiKeyExpiryMs, nowMs - dayMs);
});

test('expected users are compared by name', t => {
	const users = read({users: [{id: '1', name: 'june'}], problems: []});

	t.deepEqual(factsOf({users}, {expectUsers: ['june', 'ozzu']})?.missingUsers, {count: 1, names: ['ozzu']});
	t.is(factsOf({users})?.missingUsers, undefined);
});

test('pre-auth keys are counted by state', t => {
	const facts = keyFacts(
		{},
		{reusable: false},
		{reusable: false, expiryMs: 5},
		{used: false, reusable: false, expiryMs: 5},
		{ephemeral: false},
	);

	t.deepEqual([facts?.usable, facts?.usedUp, facts?.expired, facts?.lasting], [2, 2, 1, 1]);
});

test('pre-auth keys are in use where there are some, or where a node joined with one', t => {
	const preAuthKeys = read({keys: [], problems: []});

	t.false(factsOf({preAuthKeys, nodes: listOf({registerMethod: 'oidc'})})?.preAuthKeys?.areInUse);
	t.true(factsOf({preAuthKeys, nodes: listOf({registerMethod: 'auth_key'})})?.preAuthKeys?.areInUse);
	t.true(keyFacts({})?.areInUse);
});

test('a reusable key near its end is told unless another lasts longer and gives the same', t => {
	const ending = {expiryMs: nowMs + dayMs};

	t.deepEqual(keyFacts(ending, {expiryMs: nowMs + 60 * dayMs, user: 'other'})?.ending, {
		count: 1,
		earliestExpiryMs: nowMs + dayMs,
	});
	t.is(keyFacts(ending, {})?.ending.count, 0);
	t.is(keyFacts({...ending, reusable: false, used: false})?.ending.count, 0);
});

test('a key for a day only is near its end in its last quarter', t => {
	const forADay = (leftMs: number) =>
		keyFacts({createdMs: nowMs + leftMs - dayMs, expiryMs: nowMs + leftMs})?.ending.count;

	t.is(forADay(7 * hourMs), 0);
	t.is(forADay(5 * hourMs), 1);
});

test('a reusable key that expired lately is told unless another gives the same', t => {
	const gone = {expiryMs: nowMs - hourMs, tags: ['tag:b', 'tag:a']};

	t.deepEqual(keyFacts(gone, {ephemeral: false})?.unreplaced, {count: 1, latestExpiryMs: nowMs - hourMs});
	t.is(keyFacts(gone, {tags: ['tag:a', 'tag:b']})?.unreplaced.count, 0);
	t.is(keyFacts({...gone, expiryMs: nowMs - 8 * dayMs})?.unreplaced.count, 0);
	t.is(keyFacts({...gone, expiryMs: 0})?.unreplaced.count, 0);
});

test('routes, names and old records come from the list of nodes', t => {
	const nodes = listOf(
		{hostname: 'gpu', routes: {approved: ['10.0.0.0/8', '10.9.0.0/16'], available: [], served: ['10.9.0.0/16']}},
		{hostname: 'gpu', online: false, lastSeenMs: nowMs - 3 * dayMs},
		{hostname: 'other', online: false, lastSeenMs: nowMs - 5 * dayMs, ephemeral: true},
	);

	const facts = factsOf({nodes});

	t.deepEqual(facts?.unservedRoutes, {count: 1, names: ['10.0.0.0/8']});
	t.deepEqual(facts?.duplicateHostnames, {count: 1, names: ['gpu'], cameBack: 1});
	t.deepEqual(facts?.lingering, {count: 2, names: ['n2', 'n1'], ephemeral: 1, oldestSeenMs: nowMs - 5 * dayMs});
});

test('shortly after a restart neither routes nor old records are held against anybody', t => {
	const nodes = listOf({online: false, lastSeenMs: 5, routes: {approved: ['10.0.0.0/8'], available: [], served: []}});

	t.deepEqual(Object.keys(factsOf({nodes, graceUntil: nowMs + 1}) ?? {}).toSorted(), [
		'duplicateHostnames',
		'graceUntilMs',
	]);
});

test('what a thousand nodes have in common is named for twenty of them', t => {
	const nodes = listOf(...Array.from({length: 1000}, (_, at) => ({online: false, lastSeenMs: at + 1})));

	const lingering = factsOf({nodes})?.lingering;

	t.is(lingering?.count, 1000);
	t.is(lingering?.names.length, 20);
	t.is(lingering?.oldestSeenMs, 1);
});

test('how headscale answers is told as of the last try', t => {
	const failed = {error: 'It refused.'};

	t.is(factsOf({health: read(false)})?.isHealthy, false);
	t.is(factsOf({health: read(false, failed)})?.isHealthy, undefined);
	t.is(factsOf({apiHealth: read(true)})?.isApiHealthy, true);
	t.is(factsOf({apiHealth: read(true, failed)})?.isApiHealthy, undefined);
	t.is(factsOf({key: read(true)})?.isControlKeyAnswered, true);
	t.is(factsOf({key: read(true, failed)})?.isControlKeyAnswered, false);
	t.is(factsOf({key: read(true, {...failed, failure: 'unanswered'})})?.isControlKeyAnswered, undefined);
	t.is(factsOf({policy: read({state: 'unreadable', detail: 'its words'})})?.policy, 'unreadable');
	t.deepEqual(factsOf({certificate: read({trusted: false, fault: 'expired', expiryMs: 5})})?.certificate, {
		trusted: false,
		fault: 'expired',
		expiryMs: 5,
	});
});

test('the own tailscaled is told as of a read that succeeded, each vantage apart', t => {
	const status: OwnStatus = {
		backendState: 'Running',
		online: false,
		tun: true,
		version: '1.92.1',
		magicDnsSuffix: '',
		healthMessages: 0,
		keyExpiryMs: 5,
		relay: '',
		addresses: [],
		tags: [],
	};
	const state: TailscaledState = {
		status: read(status),
		health: read([{code: 'dns', severity: 'high'}]),
		metrics: {},
		derpmap: read({regions: 2, nodes: 3}),
	};
	const failing = {
		...state,
		status: read(status, {error: 'It hangs.'}),
		health: read([], {succeededAt: 5}),
		derpmap: read({regions: 0, nodes: 0}, {error: 'It hangs.'}),
	};
	const readings = [
		{vantage: 'a', state},
		{vantage: 'b', state: failing},
	];

	t.deepEqual(viewPlatform(undefined, {...none, readings: () => readings}, nowMs).tailscaled, [
		{
			vantage: 'a',
			backendState: 'Running',
			online: false,
			keyExpiryMs: 5,
			warnings: [{code: 'dns', severity: 'high'}],
			derpRegions: 2,
		},
		{vantage: 'b'},
	]);
});

test('clients are told from the oldest to the newest, with those that headscale will not take', t => {
	const versions: (ClientVersion | undefined)[] = [[1, 92, 0], undefined, [1, 60, 1], [1, 80, 0]];
	const headscale = reader({nodes: listOf({}, {}, {}, {}), version: read('v0.29.2')});

	t.deepEqual(viewPlatform(headscale, {...none, clientVersions: () => versions}, nowMs).clients, {
		oldest: '1.60.1',
		newest: '1.92.0',
		minimum: '1.80',
		belowMinimum: {count: 1, names: ['n2']},
		minorsApart: 32,
	});
	t.is(viewPlatform(headscale, {...none, clientVersions: () => [undefined]}, nowMs).clients, undefined);
});
