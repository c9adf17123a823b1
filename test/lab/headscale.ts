import {connect} from 'node:net';
import test from 'ava';
import {createHeadscaleClient} from '../../src/headscale/client.ts';
import {preAuthKeyState} from '../../src/headscale/pre-auth-keys.ts';
import {aLab, apiHeaders, ask, families, fixture, jsonOf, keyPaths} from '../helpers/lab.ts';

const lab = await aLab(test);
const api = (path: string, headers = apiHeaders(lab)) =>
	ask(`${lab.urls.headscaleUrl}${path}`, {headers, withinMs: 500});
const metrics = async () => {
	const answer = await ask(lab.urls.headscaleMetricsUrl, {withinMs: 500});
	return typeof answer === 'string' ? answer : answer.body;
};
const readValue = (exposition: string, series: string) =>
	Number(
		exposition
			.split('\n')
			.find(line => line.startsWith(`${series} `))
			?.split(' ')[1],
	);

test.afterEach.always(() => lab.heal());

test.serial('nodes, users and keys have the keys of the recorded answers', async t => {
	const shapes = {
		node: 'headscale/0.29.2/rest-node.json',
		user: 'lab/rest-user.json',
		apikey: 'lab/rest-apikey.json',
		preauthkey: 'lab/rest-preauthkey.json',
	};

	for (const [path, file] of Object.entries(shapes)) {
		const answer = jsonOf(t, await api(`/api/v1/${path}`));

		t.deepEqual(keyPaths(answer), keyPaths(JSON.parse(fixture(file))), path);
	}
});

test.serial('users, keys and policy are what tailprobe understands, with a key that soon expires', async t => {
	const client = createHeadscaleClient({
		url: lab.urls.headscaleUrl,
		apiKey: () => apiHeaders(lab).Authorization?.replace('Bearer ', ''),
		timeoutMs: 5000,
	});

	const users = await client.users?.();
	const preAuthKeys = await client.preAuthKeys?.();
	const apiKeys = await client.apiKeys?.();

	t.deepEqual(
		users?.users.map(user => user.name),
		['ozzu', 'oncall'],
	);
	t.deepEqual(
		preAuthKeys?.keys.map(key => [key.user, key.ephemeral, preAuthKeyState(key, Date.now())]),
		[
			['ozzu', false, 'usable'],
			['ozzu', true, 'usable'],
			['ozzu', false, 'used_up'],
			['ozzu', false, 'usable'],
		],
	);
	t.true(preAuthKeys?.keys.some(({expiryMs = 0}) => expiryMs > Date.now() && expiryMs < Date.now() + 86_400_000));
	t.is(apiKeys?.keys.length, 2);
	t.is(apiKeys?.ownId, '2');
	t.like(await client.policy?.(), {state: 'present'});
	t.true(await client.key?.());
	t.true(await client.apiHealth?.());
	t.is(await client.routes?.(), undefined);
});

test.serial('keys expire when that is switched on', async t => {
	const {apiKeys, preAuthKeys} = createHeadscaleClient({
		url: lab.urls.headscaleUrl,
		apiKey: () => apiHeaders(lab).Authorization?.replace('Bearer ', ''),
		timeoutMs: 5000,
	});

	await lab.break('api-key-expiring');
	await lab.break('gpu-key-expired');

	const ownExpiryMs = (await apiKeys?.())?.keys.find(key => key.id === '2')?.expiryMs ?? 0;
	t.true(ownExpiryMs > Date.now() && ownExpiryMs <= Date.now() + 7_200_000);
	const gpuKey = (await preAuthKeys?.())?.keys.find(key => key.ephemeral);
	t.is(gpuKey && preAuthKeyState(gpuKey, Date.now()), 'expired');
});

test.serial('the five nodes are there, the GPU machines with an ephemeral key', async t => {
	const {nodes} = jsonOf<{nodes: {name: string; online: boolean; preAuthKey: {ephemeral: boolean}}[]}>(
		t,
		await api('/api/v1/node'),
	);

	t.deepEqual(
		nodes.map(node => [node.name, node.online, node.preAuthKey.ephemeral]),
		[
			['june-orchestrator', true, false],
			['livekit', true, false],
			['june-gpu-00000001', true, true],
			['june-gpu-00000002', true, true],
			['prober', true, false],
		],
	);
});

test.serial('the API wants its key, and only reads', async t => {
	const withoutKey = await api('/api/v1/node', {});
	const withOther = await api('/api/v1/node', {Authorization: 'Bearer hskey-api-other'});
	const post = await ask(`${lab.urls.headscaleUrl}/api/v1/node`, {method: 'POST', headers: apiHeaders(lab)});

	t.like(withoutKey, {status: 401, body: 'Unauthorized'});
	t.like(withOther, {status: 401});
	t.like(post, {status: 405});
});

test.serial('health, version and key need no key', async t => {
	const health = await api('/health', {});
	const version = jsonOf(t, await api('/version', {}));
	const key = jsonOf(t, await api('/key?v=113', {}));

	t.like(health, {status: 200, body: '{"status":"pass"}'});
	t.deepEqual(keyPaths(version), ['.buildTime', '.commit', '.dirty', '.go.arch', '.go.os', '.go.version', '.version']);
	t.deepEqual(keyPaths(key), ['.legacyPublicKey', '.publicKey']);
	t.like(await api('/key', {}), {status: 400});
});

test.serial('the metrics have every family that was recorded, with its type and labels', async t => {
	await lab.break('gpu2-gone');
	await api('/api/v1/node');

	const ours = families(await metrics());

	for (const [name, shape] of families(fixture('headscale/0.29.2/metrics.prom')))
		if (name.startsWith('headscale_')) t.is(ours.get(name), shape, name);
});

test.serial('a node that leaves is no longer listed and is counted', async t => {
	const before = await metrics();

	await lab.break('gpu2-gone');

	const {nodes} = jsonOf<{nodes: {name: string}[]}>(t, await api('/api/v1/node'));
	const after = await metrics();
	t.false(nodes.some(node => node.name === 'june-gpu-00000002'));
	t.is(readValue(after, 'headscale_nodestore_nodes'), 4);
	const ended = 'headscale_mapresponse_ended_total{reason="done"}';
	t.is(readValue(after, ended) - (readValue(before, ended) || 0), 1);
});

test.serial('a frozen headscale accepts and never answers, its metrics neither', async t => {
	await lab.break('headscale-frozen');

	const answers = await Promise.all([api('/health'), api('/api/v1/node'), metrics()]);

	t.deepEqual(answers, ['silence', 'silence', 'silence']);
	await lab.heal('headscale-frozen');
	t.like(await api('/health'), {status: 200});
});

test.serial('a restart begins the counters anew, and nodes are offline until it mends itself', async t => {
	const idle = connect(Number(new URL(lab.urls.headscaleUrl).port), '127.0.0.1');
	await new Promise(resolve => idle.once('connect', resolve));
	const cut = new Promise(resolve => idle.once('close', resolve));
	idle.resume().write('GET /health HTTP/1.1\r\nHost: lab\r\n\r\n');
	const before = readValue(await metrics(), 'process_start_time_seconds');

	await lab.break('headscale-restart');

	await cut;
	const exposition = await metrics();
	t.true(readValue(exposition, 'process_start_time_seconds') > before);
	t.notRegex(exposition, /headscale_mapresponse_/);
	const during = jsonOf<{nodes: {online: boolean}[]}>(t, await api('/api/v1/node'));
	t.false(during.nodes.some(node => node.online));
	await lab.heal('headscale-restart');
	const after = jsonOf<{nodes: {online: boolean}[]}>(t, await api('/api/v1/node'));
	t.true(after.nodes.every(node => node.online));
});

test.serial('an expired key shows as expiry while the node stays online', async t => {
	const startedAt = Date.now();

	await lab.break('livekit-key-expired');

	const {nodes} = jsonOf<{nodes: {name: string; online: boolean; expiry: string | null}[]}>(
		t,
		await api('/api/v1/node'),
	);
	const livekit = nodes.find(node => node.name === 'livekit');
	t.true(livekit?.online);
	t.true(Date.parse(livekit?.expiry ?? '') >= startedAt - 1);
});

test.serial('a stopped prober is offline at headscale, a frozen one is not', async t => {
	const isOnline = async () => {
		const {nodes} = jsonOf<{nodes: {name: string; online: boolean}[]}>(t, await api('/api/v1/node'));
		return nodes.find(node => node.name === 'prober')?.online;
	};

	await lab.break('tailscaled-stopped');
	const stopped = await isOnline();
	await lab.heal();
	await lab.break('tailscaled-frozen');
	const frozen = await isOnline();

	t.deepEqual([stopped, frozen], [false, true]);
});

test.serial('a stopped headscale listens nowhere, and begins its counters anew', async t => {
	const before = readValue(await metrics(), 'process_start_time_seconds');

	await lab.break('headscale-stopped');

	t.is(await api('/health'), 'refused');
	t.is(await ask(lab.urls.headscaleMetricsUrl), 'refused');
	await lab.heal();
	t.like(await api('/health'), {status: 200});
	t.true(readValue(await metrics(), 'process_start_time_seconds') > before);
});

test.serial('its API can hang while the rest answers, with writes that wait', async t => {
	await lab.break('headscale-api-stuck');

	t.is(await api('/api/v1/node'), 'silence');
	t.like(await api('/health'), {status: 200});
	t.true(readValue(await metrics(), 'headscale_nodestore_queue_depth') > 0);
});

test.serial('without its database health says fail, behind a broken proxy nothing comes but its page', async t => {
	await lab.break('headscale-database-down');
	t.like(await api('/health'), {status: 500, body: '{"status":"fail"}'});
	t.like(await api('/api/v1/node'), {status: 500});
	await lab.heal();

	await lab.break('headscale-proxy-error');
	t.like(await api('/health'), {status: 502});
	t.like(await api('/api/v1/node'), {status: 502});
});

test.serial('what it lists can be wrong: offline nodes that live, a missing user, an expiry in 1970', async t => {
	const list = async () =>
		jsonOf<{nodes: {givenName: string; online: boolean; expiry: string | null}[]}>(t, await api('/api/v1/node')).nodes;

	await lab.break('headscale-drops-clients');
	t.false((await list()).some(({online}) => online));
	await lab.heal();

	await lab.break('livekit-listed-offline');
	await lab.break('user-missing');
	await lab.break('livekit-bad-expiry');
	const livekit = (await list()).find(({givenName}) => givenName === 'livekit');
	t.false(livekit?.online);
	t.regex(livekit?.expiry ?? '', /^1970-01-01/);
	const {users} = jsonOf<{users: {name: string}[]}>(t, await api('/api/v1/user'));
	t.deepEqual(
		users.map(({name}) => name),
		['oncall'],
	);
});

test.serial('a machine that joined again has two records of one hostname', async t => {
	await lab.break('gpu1-joined-twice');

	const {nodes} = jsonOf<{nodes: {name: string; givenName: string; online: boolean}[]}>(t, await api('/api/v1/node'));

	t.deepEqual(
		nodes.filter(({name}) => name === 'june-gpu-00000001').map(({givenName, online}) => [givenName, online]),
		[
			['june-gpu-00000001', false],
			['june-gpu-00000001-k4v9zq2m', true],
		],
	);
});
