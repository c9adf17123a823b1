/** The lab's tailscaled beside the prober: its LocalAPI on a unix socket. */

import type {IncomingMessage} from 'node:http';
import {isIP} from 'node:net';
import {type Conditions, hasWay, isReachableFrom, pathBetween} from './conditions.ts';
import type {Identities, Identity} from './identity.ts';
import {createPeers} from './peers.ts';
import {type NodeName, ownName, relayRttMs} from './platform.ts';
import {createReplyServer, goText, json, type Reply, text} from './reply.ts';
import {
	derpRegion,
	describeBusMessage,
	describeDerpMap,
	describeStatus,
	describeWhois,
	renderUserMetrics,
	tailscaleVersion,
} from './tailscale-status.ts';
import {between} from './values.ts';
import type {World} from './world.ts';

/** Which node it is on, where its socket is, and where the relay of its DERP map stands. */
export interface TailscaledPlace {
	own: NodeName;
	socketPath: string;
	derpPort: number;
}

/** Listens on the socket. Faults of tailscaled are those of the prober's. */
export async function startTailscaled(
	world: World,
	identities: Identities,
	{own, socketPath, derpPort}: TailscaledPlace,
): Promise<void> {
	const stateOf = ({tailscaled}: Conditions) => (own === ownName ? tailscaled : 'running');
	const peers = createPeers();
	const watchers = new Set<(text: string) => void>();
	let stoppedAt: number | undefined;
	world.onChange((now, before) => {
		const state = stateOf(now);
		if (state === stateOf(before)) return;
		stoppedAt = state === 'running' ? undefined : Date.now();
		if (state !== 'frozen') for (const write of watchers) write(describeBusMessage(state, stoppedAt, {first: false}));
	});

	const server = createReplyServer(
		(request, {pathname, searchParams}) => {
			if (stateOf(world.conditions) === 'frozen') return undefined;
			const reply = isTrusted(request)
				? replyTo(request, pathname, searchParams)
				: goText(403, 'invalid localapi request');
			return (
				reply && {...reply, headers: {...reply.headers, 'Tailscale-Version': tailscaleVersion, 'Tailscale-Cap': '131'}}
			);
		},
		// The real one takes an empty Host too.
		{requireHostHeader: false},
	);

	function replyTo(request: IncomingMessage, pathname: string, query: URLSearchParams): Reply | undefined {
		const path = pathname.replace('/localapi/v0/', '');
		if (path === 'ping') return request.method === 'POST' ? replyToPing(query) : goText(400, 'want POST');
		if (!['status', 'derpmap', 'usermetrics', 'whois', 'watch-ipn-bus'].includes(path))
			return goText(404, '404 page not found');
		if (request.method !== 'GET') return goText(400, 'want GET');
		if (path === 'derpmap') return json(world.conditions.relayMapped ? describeDerpMap(derpPort) : {Regions: {}});
		if (path === 'watch-ipn-bus') return watchBus(Number(query.get('mask')));
		if (path === 'whois') {
			const found = identities.nodes.find(({address}) => address === query.get('addr'));
			if (!found || !world.conditions.nodes[found.name].member) return goText(404, 'no match for IP:port');
			return json(describeWhois(found));
		}
		if (path === 'usermetrics')
			return text(200, renderUserMetrics(stateOf(world.conditions), peers), 'text/plain; version=0.0.4');
		return json(
			describeStatus(
				{own, state: stateOf(world.conditions), conditions: world.conditions},
				identities,
				peers,
				query.get('peers') !== 'false',
			),
		);
	}

	/** The stream begins only when something is asked for that is there from the start (2), to which health (128) is then added. */
	function watchBus(mask: number): Reply {
		const first = mask & 2 ? describeBusMessage(stateOf(world.conditions), stoppedAt, {first: true}, mask & 128) : '';
		return {
			...text(200, first, 'application/json'),
			goOn(write) {
				watchers.add(write);
				return () => watchers.delete(write);
			},
		};
	}

	/** Silence is what a lost ping gets, and one of an unknown type. */
	function replyToPing(query: URLSearchParams): Reply | undefined {
		const ip = query.get('ip') ?? '';
		const type = query.get('type') ?? '';
		if (ip === '') return goText(400, "missing 'ip' parameter");
		if (isIP(ip) === 0) return goText(400, 'invalid IP');
		if (type === '') return goText(400, "missing 'type' parameter");

		const {nodes} = world.conditions;
		const state = stateOf(world.conditions);
		const peer = identities.nodes.find(node => node.address === ip);
		const result = {IP: ip, NodeIP: '', NodeName: '', Err: '', LatencySeconds: 0, ...noPath};
		const isPeer = peer && nodes[peer.name].member && nodes[peer.name].visible && state !== 'signed-out';
		if (!isPeer) return json({...result, Err: 'no matching peer'});
		if (peer.name === own) return json({...result, Err: `${ip} is local Tailscale IP`, IsLocalIP: true});
		if (!['disco', 'TSMP', 'ICMP'].includes(type)) return undefined;
		// Only disco says what is wrong; the others wait for an answer that does not come.
		const isDisco = type === 'disco';
		const {keyExpiredAt, loss} = nodes[peer.name];
		const path = pathBetween(world.conditions, own, peer.name);
		const named = {...result, NodeIP: ip, NodeName: peer.name};
		if (isDisco && state === 'stopped') return json({...result, Err: 'local tailscaled stopped'});
		if (isDisco && keyExpiredAt !== undefined) return json({...named, Err: "peer's node key has expired"});
		peers.note(peer.name, path);
		const carries = isDisco ? hasWay : isReachableFrom;
		if (state !== 'running' || !carries(world.conditions, own, peer.name) || Math.random() < loss) return undefined;

		const latencyMs = roundTripMs(peer, path) + (isDisco ? 0 : between(0.2, 0.6));
		const found = isDisco ? describePath(peer, path) : type === 'TSMP' ? {PeerAPIPort: peer.peerApiPort} : {};
		return {
			...json({...named, LatencySeconds: latencyMs / 1000, ...found}),
			afterMs: latencyMs,
			sent: () => peers.noteAnswer(peer.name, path),
		};
	}

	await new Promise<void>((resolve, reject) => server.once('error', reject).listen(socketPath, resolve));
}

const noPath = {Endpoint: '', PeerRelay: '', DERPRegionID: 0, DERPRegionCode: ''};

/** What tailscaled asks of a caller on a socket that any local page could reach through a proxy. */
function isTrusted({headers: {host = '', origin, referer}}: IncomingMessage): boolean {
	return (host === '' || host === 'local-tailscaled.sock') && origin === undefined && referer === undefined;
}

function describePath(peer: Identity, path: 'direct' | 'derp') {
	return path === 'direct' ? {Endpoint: peer.endpoint} : {DERPRegionID: derpRegion.id, DERPRegionCode: derpRegion.code};
}

function roundTripMs(peer: Identity, path: 'direct' | 'derp'): number {
	const base = peer.rttMs + (path === 'derp' ? relayRttMs : 0);
	return between(base * 0.95, base * 1.15);
}
