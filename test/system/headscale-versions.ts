/** Three headscales of different age, each read by the same configuration: what tailprobe tells is compared with the truth. */

import {readFile, writeFile} from 'node:fs/promises';
import test from 'ava';
import {nodesAnswer, statusAnswer} from '../../src/server/api-schemas.ts';
import {canRun, systemTest} from './lab/can-run.ts';
import type {HeadscaleVersion} from './lab/headscale.ts';
import {
	addressesOf,
	certificateEnd,
	processStart,
	type Scene,
	sceneConfig,
	signIn,
	startScene,
	versionPage,
} from './lab/headscale-scene.ts';
import type {Prober, Series} from './lab/prober.ts';
import {nodeNames} from './lab/tailnet.ts';

/** Oldest last. */
const versions = ['0.29.2', '0.26.1', '0.23.0'] as const satisfies readonly HeadscaleVersion[];

const scenes = new Map<string, Scene>();
const undo: Array<() => Promise<void>> = [];
/** Names of metrics about headscale, without their prefix, once everything was read. */
const namesAtStart = new Map<string, Set<string>>();

/** Lists that are only in other versions; nothing is asked for them. */
const untold: Readonly<Record<HeadscaleVersion, readonly string[]>> = {
	'0.29.2': ['headscale-routes'],
	'0.26.1': ['headscale-routes', 'headscale-api-health'],
	'0.23.0': ['headscale-api-health'],
};

if (canRun) {
	test.before(async () => {
		const started = await Promise.allSettled(
			versions.map(async version => scenes.set(version, await startScene(version, undo))),
		);
		const failed = started.find(({status}) => status === 'rejected');
		if (failed?.status === 'rejected') throw failed.reason;
	});
	test.after.always(async () => {
		for (const step of undo.reverse()) await step();
	});
}

for (const version of versions) {
	systemTest(`headscale ${version}: nodes are told with name, user, addresses and whether they are online`, async t => {
		const {tailnet, prober} = sceneOf(version);

		const series = await prober.until(now => online(now) === 3 && tunnelsUp(now) === 2);
		const {nodes} = nodesAnswer.parse(await prober.json('/api/v1/nodes'));

		const truth = [
			{host: 'gpu1', owner: 'ozzu', ephemeral: true},
			{host: 'livekit', owner: 'guests', ephemeral: false},
			{host: 'mon', owner: 'ozzu', ephemeral: true},
		] as const;
		for (const {host, owner, ephemeral} of truth) {
			const name = nodeNames[host];
			t.like(
				nodes.find(node => node.name === name),
				{
					owner,
					ephemeral,
					online: true,
					addresses: await addressesOf(tailnet, host),
					tags: [],
					registerMethod: 'auth_key',
				},
			);
			const facts = {owner, ephemeral: `${ephemeral}`, tags: '', register_method: 'auth_key'};
			t.is(series.value('tailprobe_headscale_node_info', {peer: name, ...facts}), 1);
			t.is(series.value('tailprobe_headscale_node_online', {peer: name}), 1);
		}
		t.is(nodes.length, truth.length);
		t.is(series.value('tailprobe_headscale_nodes_ephemeral'), 2);
	});

	systemTest(`headscale ${version}: users, pre-auth keys and API keys are told with their ends`, async t => {
		const {prober, made} = sceneOf(version);

		const series = await prober.until(everySourceRead);
		namesAtStart.set(version, namesOf(series));

		const value = (name: string, labels?: Record<string, string>) =>
			series.value(`tailprobe_headscale_${name}`, labels);
		t.is(value('users'), 2);
		t.is(value('expected_user_present', {user: 'ozzu'}), 1);
		t.is(value('expected_user_present', {user: 'nobody'}), 0);
		t.deepEqual(statesOf(series, 'pre_auth_keys'), {usable: 2, expired: 1, used_up: 1});
		t.is(value('pre_auth_keys_reusable_not_ephemeral'), 1);
		t.deepEqual(statesOf(series, 'api_keys'), {usable: 2, expired: 1});
		const lies = (seconds: number | undefined, hours: number) => {
			const [from, to] = [made.from + hours * 3600, made.to + hours * 3600];
			t.true(seconds !== undefined && seconds >= from && seconds <= to, `${seconds} is not within ${from} and ${to}`);
		};
		lies(value('pre_auth_keys_earliest_expiry_timestamp_seconds'), 2);
		lies(value('api_keys_earliest_expiry_timestamp_seconds'), 30 * 24);
		const ownExpiry = value('own_api_key_expiry_timestamp_seconds') ?? 0;
		t.true(Math.abs(ownExpiry - (made.from + 90 * 86_400)) < 600, `${ownExpiry}`);
	});

	systemTest(`headscale ${version}: health, version, metrics port and certificate are read`, async t => {
		const {tailnet, prober} = sceneOf(version);

		const series = await prober.series();
		const original = await prober.get('/metrics/headscale');

		const value = (name: string, labels?: Record<string, string>) =>
			series.value(`tailprobe_headscale_${name}`, labels);
		t.is(value('health'), 1);
		t.is(value('control_key_answered'), 1);
		t.is(value('certificate_trusted'), 1);
		t.is(value('certificate_expiry_timestamp_seconds'), await certificateEnd(tailnet));
		t.is(value('process_start_timestamp_seconds'), await processStart(tailnet));
		t.deepEqual(
			series.all('tailprobe_headscale_build_info').map(({labels}) => labels.version),
			version === '0.29.2' ? [await versionPage(tailnet)] : [],
		);
		t.is(value(version === '0.29.2' ? 'store_nodes' : 'connected_nodes'), 3);
		t.is(original.status, 200);
		t.regex(original.body, /^headscale_mapresponse_endpoint_updates_total\{/m);
	});

	systemTest(`headscale ${version}: the command line as a source tells the same`, async t => {
		const {tailnet, prober} = sceneOf(version);
		const before = {nodes: await nodesOf(prober), series: await prober.series()};
		const {program, configFile} = tailnet.headscale;

		const reloadedAt = Date.now() / 1000;
		await prober.reload(sceneConfig(tailnet, `cli: {command: [${program}, -c, ${configFile}]}`));
		// What was known before the reload is still told until it is read anew.
		const readAnew = (now: Series) =>
			now
				.all('tailprobe_source_last_success_timestamp_seconds')
				.filter(({labels, value}) => isList(labels.source ?? '') && value > reloadedAt);
		const series = await prober.until(now => readAnew(now).length === 4 && listSources(now).length === 4);

		t.deepEqual(await nodesOf(prober), before.nodes);
		for (const name of listMetrics) {
			const [now, then] = [series, before.series].map(each => each.all(`tailprobe_headscale_${name}`));
			t.deepEqual(now, then, name);
			t.true((now?.length ?? 0) > 0, name);
		}
	});

	systemTest(`headscale ${version}: a wrong API key is called that, and what needs none goes on`, async t => {
		const {tailnet, prober, secrets} = sceneOf(version);
		const {apiKeyFile} = tailnet.headscale;
		const right = await readFile(apiKeyFile, 'utf8');
		const wrong = `${right.trim().slice(0, -12)}wrongwrongwr`;
		secrets.push(wrong);

		const told = (series: Series) =>
			listSources(series).filter(({labels}) => !untold[version].includes(labels.source ?? ''));
		await writeFile(apiKeyFile, wrong);
		await prober.reload(sceneConfig(tailnet));
		const refused = await prober.until(now => online(now) === undefined && told(now).every(({value}) => value === 0));
		const {sources} = statusAnswer.parse(await prober.json('/api/v1/status'));
		await writeFile(apiKeyFile, right);
		const restored = await prober.until(now => online(now) === 3 && everySourceRead(now));

		for (const {name, ok, detail = ''} of sources.filter(
			source => isList(source.name) && source.unsupported !== true,
		)) {
			t.false(ok, name);
			t.regex(detail, /was refused with (401|500): the API key is wrong or has expired\. Create one/, name);
		}
		for (const name of ['health', 'version', 'metrics', 'key', 'certificate'])
			t.is(refused.value('tailprobe_source_read_success', {source: `headscale-${name}`}), 1, name);
		t.is(refused.value('tailprobe_headscale_health'), 1);
		t.is(tunnelsUp(refused), 2);
		t.is(tunnelsUp(restored), 2);
		t.regex(await prober.log(), /"sources":\[[^\]]*"headscale-nodes"[^}]*the API key is wrong or has expired/);
	});

	systemTest(`headscale ${version}: a node whose key expires shows, and is forgotten once it is deleted`, async t => {
		const {tailnet, prober} = sceneOf(version);
		const peer = nodeNames.livekit;
		const id = (await nodesOf(prober)).find(({name}) => name === peer)?.id ?? '';

		const from = Date.now() / 1000;
		await tailnet.headscale.cli('nodes', 'expire', '--identifier', id);
		const to = Date.now() / 1000;
		const expired = await prober.until(now => now.value('tailprobe_headscale_nodes_expired') === 1);
		await tailnet.headscale.cli('nodes', 'delete', '--identifier', id, '--force');
		await prober.until(now => seriesOf(now, peer).length === 0);

		const end = expired.value('tailprobe_headscale_node_key_expiry_timestamp_seconds', {peer}) ?? 0;
		t.true(end >= from - 1 && end <= to, `${end} is not within ${from} and ${to}`);
		t.deepEqual((await nodesOf(prober)).map(({name}) => name).toSorted(), [nodeNames.gpu1, nodeNames.mon]);
	});

	systemTest(
		`headscale ${version}: an ephemeral node that logs out is forgotten, another stays as expired`,
		async t => {
			const {tailnet, prober, reusableKey} = sceneOf(version);
			const node = tailnet.node('gpu1');
			const peer = nodeNames.gpu1;

			await node.logout();
			await prober.until(now => seriesOf(now, peer).length === 0);
			await signIn(tailnet, 'gpu1', reusableKey);
			const back = await prober.until(now => now.value('tailprobe_headscale_node_online', {peer}) === 1);
			await node.logout();
			// It goes offline and expires one after the other.
			const hasLeft = (now: Series) =>
				now.value('tailprobe_headscale_node_online', {peer}) === 0 &&
				now.value('tailprobe_headscale_nodes_expired') === 1;
			const left = await prober.until(hasLeft);

			t.is(back.value('tailprobe_headscale_node_info', {peer, owner: 'guests', ephemeral: 'false'}), 1);
			const end = left.value('tailprobe_headscale_node_key_expiry_timestamp_seconds', {peer});
			// The moment of the logout; with headscale 0.26 what the client sends instead, which is two minutes into 1970.
			t.true(end !== undefined && end <= Date.now() / 1000, `${end}`);
		},
	);

	systemTest(`headscale ${version}: no key is in any answer or in the log`, async t => {
		const {prober, secrets} = sceneOf(version);
		const paths = [
			'/metrics',
			'/metrics/headscale',
			'/metrics/tailscaled',
			'/',
			'/-/ready',
			'/sd/nodes',
			'/openapi.json',
		];
		const apis = ['status', 'nodes', 'vantages', 'checks'].map(name => `/api/v1/${name}`);

		const told = await Promise.all([...paths, ...apis].map(async path => ({path, ...(await prober.get(path))})));

		const texts = [...told, {path: 'the log', status: 200, body: await prober.log()}];
		for (const {path, status, body} of texts) {
			t.is(status, 200, path);
			for (const secret of secrets) t.false(body.includes(secret.trim().slice(-16)), path);
		}
		t.is(secrets.length, 8);
	});
}

systemTest('metrics have the same names over all versions, but for what a version does not tell', t => {
	const names = versions.map(version => namesAtStart.get(version) ?? new Set<string>());

	const everywhere = names.reduce((some, other) => some.intersection(other));
	const only = Object.fromEntries(
		versions.map((version, at) => [version, [...(names[at]?.difference(everywhere) ?? [])].toSorted()]),
	);

	t.true(everywhere.size > 30, `${everywhere.size}`);
	t.deepEqual(only, {
		'0.29.2': [
			// /api/v1/health and /version came with 0.27, and so did the node store.
			'api_health',
			'build_info',
			'store_nodes',
			'store_operation_seconds_total',
			'store_operations_total',
			'store_queue_depth',
			'store_snapshot_seconds_total',
			'store_snapshots_total',
		],
		// The notifier, whose open channels these are, was replaced in 0.27; HTTP requests are not counted from 0.29 on.
		'0.26.1': ['connected_nodes', 'http_requests_total'],
		'0.23.0': ['connected_nodes', 'http_requests_total'],
	});
});

function sceneOf(version: HeadscaleVersion): Scene {
	const scene = scenes.get(version);
	if (scene === undefined) throw new Error(`headscale ${version} did not start.`);
	return scene;
}

const online = (series: Series) => series.value('tailprobe_headscale_nodes', {state: 'online'});
const tunnelsUp = (series: Series) =>
	series.all('tailprobe_check_up', {check: 'tunnel'}).filter(({value}) => value === 1).length;

const lists = ['nodes', 'users', 'pre-auth-keys', 'api-keys', 'policy', 'routes', 'api-health'];
const isList = (source: string) => lists.some(name => source === `headscale-${name}`);

/** How the last read of each source went that needs a key or the command line. */
const listSources = (series: Series) =>
	series.all('tailprobe_source_read_success').filter(({labels}) => isList(labels.source ?? ''));

const everySourceRead = (series: Series) => {
	const read = series.all('tailprobe_source_read_success');
	return read.some(({labels}) => labels.source === 'headscale-api-keys') && read.every(({value}) => value === 1);
};

const statesOf = (series: Series, metric: string) =>
	Object.fromEntries(series.all(`tailprobe_headscale_${metric}`).map(({labels, value}) => [labels.state, value]));

/** Every line of a scrape that names a node. */
const seriesOf = ({text}: Series, node: string) =>
	text.split('\n').filter(line => !line.startsWith('#') && line.includes(`"${node}"`));

const namesOf = ({text}: Series) =>
	new Set([...text.matchAll(/^tailprobe_headscale_([a-z_]+)/gm)].map(([, name = '']) => name));

/** Those of the lists that the command line tells too. */
const listMetrics = [
	'users',
	'expected_user_present',
	'pre_auth_keys',
	'pre_auth_keys_earliest_expiry_timestamp_seconds',
	'pre_auth_keys_reusable_not_ephemeral',
	'api_keys',
	'api_keys_earliest_expiry_timestamp_seconds',
	'nodes',
	'nodes_ephemeral',
	'node_info',
	'node_online',
];

/** What does not move while nothing happens. */
async function nodesOf(prober: Prober) {
	const {nodes} = nodesAnswer.parse(await prober.json('/api/v1/nodes'));
	return nodes.map(({lastSeen: _lastSeen, tunnels: _tunnels, ...node}) => node);
}
