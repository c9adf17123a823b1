/**
 * What answers around the vantage: peers through WireGuard (TSMP) and beside it (disco), and the own relay. It tells a network that is
 * gone, and a tailscaled that reaches its peers but has no tunnel to any of them any more, from a target that is down.
 */

import type {DerpNode, DerpRegion, LocalApi, PeerStatus, PingType, TailscaledStatus} from '../net/localapi.ts';
import {resolveTarget} from '../net/resolve.ts';
import {raceAbort} from '../net/shared.ts';
import type {TailnetFacts} from '../probes/types.ts';
import {answersTcp, anyOf} from './answers.ts';
import type {VantageTrouble} from './types.ts';

export interface Surroundings {
	/** Whether anything outside this machine answered; undefined where there is no relay to ask. */
	network?: 'answers' | 'silent';
	/** When the fault is ours: which, and one sentence: what is broken, what to do. */
	trouble?: {code: VantageTrouble; says: string};
}

export interface SurroundingsOptions {
	api: LocalApi;
	/** The status with its peers; may be seconds old. */
	peers(signal: AbortSignal): Promise<TailscaledStatus>;
	tailnet: TailnetFacts;
	/** Embedded lab and tests only. */
	allowLoopback: boolean;
	times: SurroundingsTimes;
}

export interface SurroundingsTimes {
	/** For the relay map, and for connecting to the own relay. */
	relayMs: number;
	/** For peers that answered lately, before all others are asked too. */
	headStartMs: number;
	/** For the peers' answers. */
	peersMs: number;
}

const peersAsked = 8;
const relayNodesAsked = 3;
const pingsPerPeer = 3;
const provenKept = 3;
/** WireGuard gives a session up after this time: a peer whose session is younger needs no handshake to answer. */
const sessionMs = 180_000;

/** Looks around; rejects with what LocalAPI throws when tailscaled itself stops answering. */
export function createSurroundings(options: SurroundingsOptions): (status: TailscaledStatus) => Promise<Surroundings> {
	const {api, times} = options;
	/** Answered through WireGuard when they were last asked. */
	let proven: readonly string[] = [];
	/** Those on whose silence a lost WireGuard was found; they are held to have a session until one answers. */
	let suspects: ReadonlySet<string> = new Set();

	return async status => {
		const ending = new AbortController();
		try {
			return await look(status, ending.signal);
		} finally {
			ending.abort();
		}
	};

	async function look({self}: TailscaledStatus, signal: AbortSignal): Promise<Surroundings> {
		if (await answersSoon(proven, signal)) return {network: 'answers'};
		proven = [];
		const region = homeRegion(await api.derpMap(AbortSignal.timeout(times.relayMs)), self?.relay ?? '');
		// Without a relay map only tailscaled itself can be judged.
		if (!region) return {};
		const relay = anyOf(region.nodes.slice(0, relayNodesAsked).map(node => reachRelay(node, options, signal)));
		const limit = AbortSignal.any([signal, AbortSignal.timeout(times.peersMs)]);
		const chosen = choose((await options.peers(limit)).peers);
		const through = new Set<string>();
		const beside = new Set<string>();
		const anyThrough = anyOf(chosen.map(({address}) => askThrough(address, through, limit)));
		const anyBeside = anyOf(chosen.map(({address}) => askBeside(address, beside, limit)));

		const withSession = chosen.filter(peer => peer.session);
		// One peer may have lost its own WireGuard; two at once only where our control server is gone as well.
		const needed = suspects.size > 0 ? 1 : self?.online === false ? 2 : 3;
		if (withSession.length >= needed && !(await anyThrough)) {
			const silent = withSession.map(({address}) => address).filter(address => beside.has(address));
			if (silent.length >= needed) {
				suspects = new Set([...suspects, ...silent]);
				const when = self?.online === false ? ' as soon as its control server answers' : '';
				const trouble = `None of ${chosen.length} peers answers through WireGuard, though ${silent.length} can be reached beside it: our own tailscaled has lost its tunnels; restart it${when}`;
				return {network: 'answers', trouble: {code: 'tunnels-lost', says: trouble}};
			}
		}
		const answers = await anyOf([relay, anyThrough, anyBeside]);
		proven = [...through].slice(0, provenKept);
		if (proven.length > 0) suspects = new Set();
		if (answers) return {network: 'answers'};
		const trouble = `Our own network is gone: neither the relay ${region.code} nor any of the peers that were asked answers`;
		return {network: 'silent', trouble: {code: 'network-gone', says: trouble}};
	}

	async function answersSoon(addresses: readonly string[], signal: AbortSignal): Promise<boolean> {
		if (addresses.length === 0) return false;
		const limit = AbortSignal.any([signal, AbortSignal.timeout(times.headStartMs)]);
		return anyOf(addresses.map(address => answersPing(address, 'TSMP', limit)));
	}

	function choose(peers: readonly PeerStatus[]): {address: string; session: boolean}[] {
		const usable = peers.filter(({addresses, expired}) => addresses.length > 0 && !expired);
		const promise = (peer: PeerStatus) =>
			(hasSession(peer) ? 4 : 0) + (peer.curAddr === '' ? 0 : 2) + (peer.online ? 1 : 0);
		return usable
			.toSorted((a, b) => promise(b) - promise(a))
			.slice(0, peersAsked)
			.map(peer => ({address: peer.addresses[0] ?? '', session: hasSession(peer)}));
	}

	function hasSession({addresses: [address = ''], lastHandshakeMs}: PeerStatus): boolean {
		if (suspects.has(address)) return true;
		return lastHandshakeMs !== undefined && Math.abs(Date.now() - lastHandshakeMs) < sessionMs;
	}

	/** Through WireGuard; several times, because one ping may be lost on a bad line. */
	async function askThrough(address: string, answered: Set<string>, limit: AbortSignal): Promise<boolean> {
		const pings = Array.from({length: pingsPerPeer}, async (_, nth) => {
			if (nth > 0) await pause((nth * times.peersMs) / (pingsPerPeer + 1), limit);
			return answersPing(address, 'TSMP', limit);
		});
		const any = await anyOf(pings);
		if (any) answered.add(address);
		return any;
	}

	async function askBeside(address: string, answered: Set<string>, limit: AbortSignal): Promise<boolean> {
		const any = await answersPing(address, 'disco', limit);
		if (any) answered.add(address);
		return any;
	}

	async function answersPing(address: string, type: PingType, limit: AbortSignal): Promise<boolean> {
		try {
			return (await api.ping(address, type, limit)).seconds !== undefined;
		} catch {
			return false;
		}
	}
}

function homeRegion(regions: readonly DerpRegion[], code: string): DerpRegion | undefined {
	const usable = regions.filter(region => region.nodes.length > 0);
	return usable.find(region => region.code === code) ?? usable[0];
}

/** Whether the relay's host answers to a TCP connection. */
async function reachRelay(
	{hostName, ipv4, port}: DerpNode,
	{tailnet, allowLoopback, times}: SurroundingsOptions,
	signal: AbortSignal,
): Promise<boolean> {
	try {
		const rule = {via: 'direct' as const, prefixes: [], allowLoopback};
		const place = {tailnet, timeoutMs: times.relayMs};
		const {address} = await resolveTarget(ipv4 || hostName, rule, {preferred: 4, fallback: true}, place, signal);
		return await answersTcp(address, port, AbortSignal.any([signal, AbortSignal.timeout(times.relayMs)]));
	} catch {
		return false;
	}
}

/** Rejects when the limit aborts first. */
function pause(delayMs: number, limit: AbortSignal): Promise<void> {
	return raceAbort(new Promise(resolve => setTimeout(resolve, delayMs).unref()), limit);
}
