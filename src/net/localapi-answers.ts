/** What tailscaled's LocalAPI answers, read out of its JSON by hand: nothing of it is trusted, all of it is bounded. */

import {oneLine} from '../util/errors.ts';
import {canonicalAddress} from './guard.ts';

export interface TailscaledStatus {
	version: string;
	/** NoState, InUseOtherUser, NeedsLogin, NeedsMachineAuth, Stopped, Starting or Running. */
	backendState: string;
	/** Whether there is a tunnel device; false means userspace networking. */
	tun: boolean;
	/** Without final dot, lower case; '' before login. */
	magicDnsSuffix: string;
	/** Messages for a person, bounded. */
	health: readonly string[];
	self?: PeerStatus;
	/** Our own public key: each sign-in makes a new one. '' before the first. */
	nodeKey: string;
	/** Empty when not asked for. */
	peers: readonly PeerStatus[];
}

export interface PeerStatus {
	/** The name the machine gave itself. */
	hostName: string;
	/** Its full MagicDNS name, lower case, without final dot. */
	dnsName: string;
	addresses: readonly string[];
	/** As the control server last said; for Self: whether the own map poll is open. */
	online: boolean;
	/** Region code of its home relay. */
	relay: string;
	/** `address:port` of the direct path in use lately, else ''. */
	curAddr: string;
	peerRelay: string;
	expired: boolean;
	/** Of the last handshake of WireGuard, milliseconds since 1970 by this machine's clock; absent: none since tailscaled knows the peer. */
	lastHandshakeMs?: number;
}

export interface PingAnswer {
	/** Round trip as tailscaled measured it; undefined when `error` says why there is none. */
	seconds: number | undefined;
	/** tailscaled's words, '' when the ping was answered. */
	error: string;
	/** `address:port` when the answer came directly; only disco tells. */
	endpoint: string;
	/** Set when the answer came by a peer relay; only disco tells. */
	peerRelay: string;
	/** Code of the DERP region by which the answer came, else ''; only disco tells. */
	derpRegion: string;
}

export interface DerpRegion {
	code: string;
	nodes: readonly DerpNode[];
}

export interface DerpNode {
	hostName: string;
	/** '' when the map has none: then the name must be resolved. */
	ipv4: string;
	port: number;
}

/** LocalAPI could not be asked or did not answer sensibly; `message` says what to do. */
export class LocalApiError extends Error {
	override name = 'LocalApiError';
}

export function toStatus(json: unknown): TailscaledStatus {
	const status = record(json);
	const tailnet = record(status.CurrentTailnet);
	const backendState = text(status.BackendState, 40);
	if (backendState === '')
		throw new LocalApiError('tailscaled answered with a status that has no BackendState: is the socket its own?');
	const peers = Object.values(record(status.Peer)).slice(0, peerLimit).map(toPeer);
	return {
		version: text(status.Version, 60),
		backendState,
		tun: status.TUN === true,
		magicDnsSuffix: domainName(text(status.MagicDNSSuffix, 254) || text(tailnet.MagicDNSSuffix, 254)),
		health: list(status.Health)
			.slice(0, 20)
			.map(message => text(message, 300)),
		...(isRecord(status.Self) ? {self: toPeer(status.Self)} : {}),
		nodeKey: text(record(status.Self).PublicKey, 100),
		peers,
	};
}

const peerLimit = 20_000;

function toPeer(json: unknown): PeerStatus {
	const peer = record(json);
	// Go's zero time is the year 1.
	const lastHandshakeMs = Date.parse(text(peer.LastHandshake, 40));
	return {
		hostName: text(peer.HostName, 254),
		dnsName: domainName(text(peer.DNSName, 254)),
		addresses: list(peer.TailscaleIPs)
			.slice(0, 16)
			.flatMap(address => canonicalAddress(text(address, 64)) ?? []),
		online: peer.Online === true,
		relay: text(peer.Relay, 60),
		curAddr: text(peer.CurAddr, 80),
		peerRelay: text(peer.PeerRelay, 80),
		expired: peer.Expired === true,
		...(lastHandshakeMs > 0 ? {lastHandshakeMs} : {}),
	};
}

export function toPing(json: unknown): PingAnswer {
	const ping = record(json);
	const error = text(ping.Err, 200);
	const seconds = ping.LatencySeconds;
	const measured = typeof seconds === 'number' && seconds >= 0 && seconds <= 3600;
	if (error === '' && !measured)
		throw new LocalApiError('tailscaled answered a ping with neither a round trip nor an error');
	return {
		seconds: error === '' && measured ? seconds : undefined,
		error,
		endpoint: text(ping.Endpoint, 80),
		peerRelay: text(ping.PeerRelay, 80),
		derpRegion: text(ping.DERPRegionCode, 60),
	};
}

export function toRegions(json: unknown): DerpRegion[] {
	const regions = Object.values(record(record(json).Regions)).slice(0, 500);
	return regions.map(region => ({
		code: text(record(region).RegionCode, 60),
		nodes: list(record(region).Nodes)
			.slice(0, 50)
			.map(node => toDerpNode(record(node))),
	}));
}

function toDerpNode(node: Record<string, unknown>): DerpNode {
	const port = node.DERPPort;
	return {
		hostName: domainName(text(node.HostName, 254)),
		ipv4: canonicalAddress(text(node.IPv4, 64)) ?? '',
		// tailscaled leaves the port out, or 0, for 443.
		port: typeof port === 'number' && Number.isInteger(port) && port > 0 && port < 65_536 ? port : 443,
	};
}

function isRecord(json: unknown): json is Record<string, unknown> {
	return typeof json === 'object' && json !== null && !Array.isArray(json);
}

// null and absent mean the same in Go's JSON; a wrong kind of value is treated as absent.
function record(json: unknown): Record<string, unknown> {
	return isRecord(json) ? json : {};
}

function list(json: unknown): unknown[] {
	return Array.isArray(json) ? json : [];
}

function text(json: unknown, maxLength: number): string {
	return typeof json === 'string' ? oneLine(json, maxLength) : '';
}

function domainName(name: string): string {
	return name.toLowerCase().replace(/\.$/, '');
}
