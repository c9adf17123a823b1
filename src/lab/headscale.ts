/** The lab's headscale: its main listener and REST API in the shape of 0.29, and its metrics port. */

import {timingSafeEqual} from 'node:crypto';
import type {IncomingMessage} from 'node:http';
import type {Conditions} from './conditions.ts';
import {describeApiKeys, describeAuthKeys, describeNode, describePolicy, describeUsers} from './headscale-answers.ts';
import {createHeadscaleMetrics} from './headscale-metrics.ts';
import type {Identities} from './identity.ts';
import {closeHttp, listen, listenTogether} from './listening.ts';
import {type NodeName, nodeNames} from './platform.ts';
import {createReplyServer, goText, json, type Reply, text} from './reply.ts';
import type {World} from './world.ts';

export interface Headscale {
	/** Address of the main listener, without a path. */
	url: string;
	metricsUrl: string;
}

/** Between keepalives of a long poll. */
const keepaliveMs = 50_000;

/** Starts both listeners on 127.0.0.1, on these ports where they are free. */
export async function startHeadscale(
	world: World,
	identities: Identities,
	ports: {api: number; metrics: number},
): Promise<Headscale> {
	const lastSeen = new Map<NodeName, number>(identities.nodes.map(node => [node.name, node.createdAt + 4000]));
	let metrics = createHeadscaleMetrics(identities.createdAt);
	metrics.nodesConnected(onlineNodes(world.conditions).length);
	setInterval(() => metrics.keptAlive(onlineNodes(world.conditions).length), keepaliveMs);

	world.onChange(async (now, before) => {
		if (now.headscale === 'stopped') await Promise.all([api, metricsPort].map(closeHttp));
		else if (before.headscale === 'stopped') {
			metrics = createHeadscaleMetrics(Date.now());
			await Promise.all([listen(api, '127.0.0.1', port), listen(metricsPort, '127.0.0.1', metricsAt)]);
		}
		if (now.headscale === 'restarted' && before.headscale !== 'restarted') {
			metrics = createHeadscaleMetrics(Date.now());
			for (const server of [api, metricsPort]) server.closeAllConnections();
			return;
		}
		const online = new Set(onlineNodes(now));
		const wasOnline = new Set(onlineNodes(before));
		const changed = nodeNames.filter(name => online.has(name) !== wasOnline.has(name));
		for (const name of changed) lastSeen.set(name, Date.now());
		metrics.nodesConnected(changed.filter(name => online.has(name)).length);
		metrics.nodesDropped(changed.filter(name => wasOnline.has(name)).length);
	});

	const api = createReplyServer((request, url) => {
		const {headscale} = world.conditions;
		const isStuck = headscale === 'frozen' || (headscale === 'stuck' && url.pathname.startsWith('/api/'));
		return isStuck ? undefined : headscale === 'proxy-error' ? badGateway : replyTo(request, url);
	});
	const metricsPort = createReplyServer(async (_request, {pathname}) => {
		if (world.conditions.headscale === 'frozen') return undefined;
		if (pathname !== '/metrics') return goText(404, '404 page not found');
		const waiting = world.conditions.headscale === 'stuck' ? 17 : 0;
		return text(200, await metrics.render(memberCount(), waiting), 'text/plain; version=0.0.4; charset=utf-8');
	});

	function replyTo(request: IncomingMessage, {pathname, searchParams}: URL): Reply {
		if (request.method !== 'GET') return goText(405, 'Method Not Allowed');
		const lacksDatabase = world.conditions.headscale === 'database-down';
		if (pathname === '/health')
			return lacksDatabase ? {...json({status: 'fail'}, healthType), status: 500} : json({status: 'pass'}, healthType);
		if (pathname === '/version') return json(version);
		if (pathname === '/key') return replyToKey(searchParams, identities);
		if (!pathname.startsWith('/api/v1/')) return goText(404, '404 page not found');
		// It looks keys up there.
		if (lacksDatabase) return {...json({code: 2, message: 'database is locked', details: []}), status: 500};
		if (!isAuthorized(request, identities.apiKey)) return text(401, 'Unauthorized', 'text/plain');
		const list = lists.get(pathname);
		if (!list) return {...json({code: 5, message: 'Not Found', details: []}), status: 404};
		return json(list());
	}

	const lists = new Map<string, () => unknown>([
		['/api/v1/health', () => ({databaseConnectivity: true})],
		[
			'/api/v1/node',
			() => {
				metrics.count('list');
				const members = identities.nodes.filter(node => world.conditions.nodes[node.name].member);
				return {nodes: members.map(node => describeNode(node, identities, world, lastSeen))};
			},
		],
		['/api/v1/user', () => ({users: describeUsers(identities, world.conditions)})],
		['/api/v1/apikey', () => ({apiKeys: describeApiKeys(identities, world.conditions)})],
		['/api/v1/preauthkey', () => ({preAuthKeys: describeAuthKeys(identities, world.conditions)})],
		['/api/v1/policy', () => describePolicy(identities)],
	]);

	function memberCount(): number {
		return nodeNames.filter(name => world.conditions.nodes[name].member).length;
	}

	const [port, metricsAt] = await Promise.all([
		listenTogether([{server: api, address: '127.0.0.1'}], ports.api),
		listenTogether([{server: metricsPort, address: '127.0.0.1'}], ports.metrics),
	]);
	return {url: `http://127.0.0.1:${port}`, metricsUrl: `http://127.0.0.1:${metricsAt}/metrics`};
}

const healthType = 'application/health+json; charset=utf-8';
const badGateway = text(
	502,
	'<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n',
	'text/html',
);

const version = {
	version: 'v0.29.2',
	commit: '0000000000000000000000000000000000000000',
	buildTime: '2026-06-30T08:00:00Z',
	go: {version: 'go1.26.8', os: 'linux', arch: 'amd64'},
	dirty: false,
};

function onlineNodes(conditions: Conditions): NodeName[] {
	return nodeNames.filter(name => conditions.nodes[name].member && conditions.nodes[name].online);
}

function replyToKey(query: URLSearchParams, identities: Identities): Reply {
	if (!query.get('v')) return goText(400, 'capability version must be set');
	return json({legacyPublicKey: `mkey:${'0'.repeat(64)}`, publicKey: identities.nodes[0]?.machineKey});
}

function isAuthorized(request: IncomingMessage, apiKey: string): boolean {
	const given = Buffer.from(request.headers.authorization ?? '');
	const wanted = Buffer.from(`Bearer ${apiKey}`);
	return given.length === wanted.length && timingSafeEqual(given, wanted);
}
