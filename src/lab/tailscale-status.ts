/** What tailscaled's LocalAPI tells: status and user metrics, in the shape of 1.102. */

import {type Conditions, pathBetween} from './conditions.ts';
import type {Identities, Identity} from './identity.ts';
import type {PathCounts, Peers} from './peers.ts';
import {domain, type NodeName} from './platform.ts';
import {goTime, zeroTime} from './values.ts';

export const tailscaleVersion = '1.102.3';
/** Rented machines start from images that nobody rebuilds for a new client. */
const olderClients: Partial<Record<NodeName, string>> = {'june-gpu-00000001': '1.98.4'};
export const derpRegion = {id: 999, code: 'lab', name: 'Lab DERP'};

/** Whose tailscaled tells, and how that is at the moment. */
export interface Viewpoint {
	own: NodeName;
	state: Conditions['tailscaled'];
	conditions: Conditions;
}

/** GET status, with or without peers. */
export function describeStatus(
	{own: ownName, state, conditions}: Viewpoint,
	identities: Identities,
	peers: Peers,
	withPeers: boolean,
) {
	const running = state === 'running';
	// Its long poll ends with headscale, or with the key.
	const isPolling = running && conditions.headscale !== 'stopped' && conditions.nodes[ownName].online;
	const isPeer = ({name}: Identity) =>
		state !== 'signed-out' && conditions.nodes[name].member && conditions.nodes[name].visible;
	// A machine that left still knows its own name.
	const own = identities.nodes.find(node => node.name === ownName) as Identity;
	const others = identities.nodes.filter(node => node.name !== ownName && isPeer(node));
	return {
		Version: tailscaleVersion,
		TUN: true,
		BackendState: backendStates[state].name,
		HaveNodeKey: true,
		AuthURL: state === 'signed-out' ? 'https://headscale.lab/register/hskey-authreq-lab' : '',
		TailscaleIPs: [own.address],
		Self: describeSelf(own, isPolling),
		Health: warningsOf(state).map(({Text}) => Text),
		MagicDNSSuffix: domain,
		CurrentTailnet: {Name: 'headscale.lab', MagicDNSSuffix: domain, MagicDNSEnabled: true},
		CertDomains: null,
		ExtraRecords: null,
		Peer: withPeers
			? Object.fromEntries(others.map(node => [node.nodeKey, describePeer(node, {own: ownName, conditions}, peers)]))
			: null,
		User: {1: {ID: 1, LoginName: 'ozzu', DisplayName: 'ozzu'}},
		ClientVersion: null,
	};
}

function describeSelf(node: Identity, online: boolean) {
	return {
		...describeNode(node),
		Addrs: [node.endpoint],
		CurAddr: '',
		Relay: derpRegion.code,
		PeerRelay: '',
		RxBytes: 0,
		TxBytes: 0,
		Created: goTime(node.createdAt),
		LastWrite: zeroTime,
		LastSeen: zeroTime,
		LastHandshake: zeroTime,
		Online: online,
		ExitNode: false,
		ExitNodeOption: false,
		Active: false,
		PeerAPIURL: [`http://${node.address}:${node.peerApiPort}`],
		TaildropTarget: 0,
		NoFileSharingReason: '',
		Capabilities: ['default-auto-update', 'https://tailscale.com/cap/file-sharing'],
		CapMap: {'default-auto-update': [false], 'https://tailscale.com/cap/file-sharing': []},
		InNetworkMap: true,
		InMagicSock: false,
		InEngine: false,
	};
}

function describePeer(node: Identity, {own, conditions}: Pick<Viewpoint, 'own' | 'conditions'>, peers: Peers) {
	const {keyExpiredAt} = conditions.nodes[node.name];
	const path = pathBetween(conditions, own, node.name);
	const traffic = peers.traffic(node.name);
	const now = Date.now();
	const confirmed = path === 'direct' && now - (traffic.directAt ?? 0) < 6500;
	const contacted = traffic.lastWriteAt !== undefined && keyExpiredAt === undefined;
	return {
		...describeNode(node),
		Addrs: null,
		CurAddr: confirmed ? node.endpoint : '',
		Relay: derpRegion.code,
		PeerRelay: '',
		RxBytes: traffic.rxBytes,
		TxBytes: traffic.txBytes,
		Created: goTime(node.createdAt),
		LastWrite: traffic.lastWriteAt === undefined ? zeroTime : goTime(traffic.lastWriteAt),
		LastSeen: zeroTime,
		LastHandshake: traffic.lastHandshakeAt === undefined ? zeroTime : goTime(traffic.lastHandshakeAt),
		// Control's last word: it stays while control is away.
		Online: true,
		ExitNode: false,
		ExitNodeOption: false,
		Active: now - (traffic.lastWriteAt ?? 0) < 45_000,
		PeerAPIURL: [`http://${node.address}:${node.peerApiPort}`],
		TaildropTarget: 1,
		NoFileSharingReason: '',
		InNetworkMap: true,
		InMagicSock: contacted,
		InEngine: contacted,
		...(keyExpiredAt === undefined ? {} : {Expired: true, KeyExpiry: new Date(keyExpiredAt).toISOString()}),
	};
}

function describeNode(node: Identity) {
	return {
		ID: node.id,
		NodeID: Number(node.id),
		PublicKey: node.nodeKey,
		HostName: node.hostname,
		DNSName: `${node.name}.${domain}.`,
		OS: 'linux',
		UserID: 1,
		TailscaleIPs: [node.address],
		AllowedIPs: [`${node.address}/32`],
	};
}

/** GET whois of a node's address, without its user's privileges. */
export function describeWhois(node: Identity) {
	return {
		Node: {
			ID: Number(node.id),
			StableID: node.id,
			Name: `${node.name}.${domain}.`,
			User: 1,
			Key: node.nodeKey,
			Machine: node.machineKey,
			DiscoKey: node.discoKey,
			Addresses: [`${node.address}/32`],
			AllowedIPs: [`${node.address}/32`],
			Endpoints: [node.endpoint],
			HomeDERP: derpRegion.id,
			Hostinfo: {IPNVersion: olderClients[node.name] ?? tailscaleVersion, OS: 'linux', Hostname: node.hostname},
			Created: goTime(node.createdAt),
			Cap: 131,
			Online: true,
			MachineAuthorized: true,
			ComputedName: node.name,
			ComputedNameWithHost: node.name,
		},
		UserProfile: {ID: 1, LoginName: 'ozzu', DisplayName: 'ozzu'},
		CapMap: null,
	};
}

/** One message of the IPN bus, as a line: the first one of a stream, or one about a change of the state. */
export function describeBusMessage(
	state: Conditions['tailscaled'],
	stoppedAt: number | undefined,
	{first}: {first: boolean},
	withHealth = 1,
): string {
	const warnings = warningsOf(state).map(warning => [
		warning.WarnableCode,
		{...warning, BrokenSince: goTime(stoppedAt ?? Date.now()), DependsOn: ['warming-up'], ETag: '6a5e8a87'},
	]);
	const message = {
		Version: tailscaleVersion,
		...(first ? {SessionID: '05d813b1d91bd7aa'} : {}),
		ErrMessage: null,
		LoginFinished: null,
		State: backendStates[state].number,
		Prefs: null,
		NetMap: null,
		Engine: null,
		BrowseToURL: null,
		DriveShares: null,
		...(withHealth ? {Health: {Warnings: warnings.length > 0 ? Object.fromEntries(warnings) : null}} : {}),
	};
	return `${JSON.stringify(message)}\n`;
}

const backendStates = {
	running: {name: 'Running', number: 6},
	frozen: {name: 'Running', number: 6},
	stopped: {name: 'Stopped', number: 4},
	'signed-out': {name: 'NeedsLogin', number: 2},
} as const;

function warningsOf(state: Conditions['tailscaled']) {
	if (state === 'stopped')
		return [
			{
				WarnableCode: 'wantrunning-false',
				Severity: 'low',
				Title: 'Tailscale off',
				Text: 'Tailscale is stopped.',
				Args: {State: 'Stopped'},
			},
		];
	if (state === 'signed-out')
		return [
			{
				WarnableCode: 'login-state',
				Severity: 'medium',
				Title: 'Logged out',
				Text: 'You are logged out. The last login error was: register request: http 401: node key has expired',
				Args: {Error: 'register request: http 401: node key has expired'},
			},
		];
	return [];
}

/** GET derpmap: the one region, whose relay stands on this port of 127.0.0.1. */
export function describeDerpMap(port: number) {
	const {id, code, name} = derpRegion;
	const relay = {
		Name: String(id),
		RegionID: id,
		HostName: '127.0.0.1',
		IPv4: '127.0.0.1',
		STUNPort: -1,
		DERPPort: port,
		InsecureForTests: true,
	};
	return {Regions: {[id]: {RegionID: id, RegionCode: code, RegionName: name, Nodes: [relay]}}};
}

/** GET usermetrics. */
export function renderUserMetrics(state: Conditions['tailscaled'], {received, sent}: Peers): string {
	const warnings = state === 'running' ? 0 : 1;
	return [
		family('advertised_routes', 'gauge', 'Routes offered.', {'': 0}),
		family('approved_routes', 'gauge', 'Routes approved.', {'': 0}),
		family('health_messages', 'gauge', 'Health messages by type.', {'{type="warning"}': warnings}),
		family('home_derp_region_id', 'gauge', 'Region of the home relay.', {'': derpRegion.id}),
		family('inbound_bytes_total', 'counter', 'Bytes from peers.', byPath(received, 'bytes')),
		family('inbound_dropped_packets_total', 'counter', 'Packets from peers that were dropped.', {}),
		family('inbound_packets_total', 'counter', 'Packets from peers.', byPath(received, 'packets')),
		family('outbound_bytes_total', 'counter', 'Bytes to peers.', byPath(sent, 'bytes')),
		family('outbound_dropped_packets_total', 'counter', 'Packets to peers that were dropped.', {
			'{reason="error"}': 0,
		}),
		family('outbound_packets_total', 'counter', 'Packets to peers.', byPath(sent, 'packets')),
		family('serve_inbound_bytes_total', 'counter', 'Bytes from peers on Serve connections.', {}),
		family('serve_outbound_bytes_total', 'counter', 'Bytes to peers on Serve connections.', {}),
	].join('');
}

function family(name: string, type: string, help: string, samples: Record<string, number>): string {
	const lines = Object.entries(samples).map(([labels, value]) => `tailscaled_${name}${labels} ${value}\n`);
	return `# TYPE tailscaled_${name} ${type}\n# HELP tailscaled_${name} ${help}\n${lines.join('')}`;
}

function byPath(counts: PathCounts, unit: 'packets' | 'bytes'): Record<string, number> {
	return {
		'{path="derp"}': counts.derp[unit],
		'{path="direct_ipv4"}': counts.direct[unit],
		'{path="direct_ipv6"}': 0,
		'{path="peer_relay_ipv4"}': 0,
		'{path="peer_relay_ipv6"}': 0,
	};
}
