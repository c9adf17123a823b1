/**
 * Whether the local vantage itself is sick, so that failures over the tailnet say nothing about their targets: its tailscaled does
 * not answer or is not connected, or the network around it is gone, which is held to be so when its own relay and all peers fail together.
 */

import {connect} from 'node:net';
import {
	createLocalApi,
	type DerpNode,
	type DerpRegion,
	type LocalApi,
	type PeerStatus,
	statusOf,
	type TailscaledStatus,
} from '../net/localapi.ts';
import {resolveTarget} from '../net/resolve.ts';
import {createShared} from '../net/shared.ts';
import type {TailnetFacts} from '../probes/types.ts';
import {messageOf} from '../util/errors.ts';

export interface SelfCheckResult {
	sound: boolean;
	/** One sentence when not sound: what is broken, what to do. */
	detail?: string;
	/** backendState, version, tun, online (own map poll), relay (home region); what is not known is left out. */
	facts: Record<string, string>;
	/** Our own tailnet addresses, empty while not known. */
	addresses: readonly string[];
}

export interface SelfCheck {
	/**
	 * `full` also looks at the network around, which means a connection to the own relay; `quick` asks tailscaled alone, and looks
	 * around only while the last full look found the network gone. Coalesced; an answer may be half a second old. Rejects only
	 * with the signal's reason.
	 */
	look(signal: AbortSignal, depth?: 'full' | 'quick'): Promise<SelfCheckResult>;
}

export interface SelfCheckOptions {
	/** Path of tailscaled's LocalAPI socket. */
	socket: string;
	tailnet: TailnetFacts;
	/** Embedded lab and tests only. */
	allowLoopback: boolean;
	times?: Partial<SelfCheckTimes>;
}

export interface SelfCheckTimes {
	/** For connecting to the own relay. */
	relayMs: number;
	/** After which the peers are asked besides. */
	headStartMs: number;
	/** For the peers' answers. */
	peersMs: number;
}

const defaultTimes: SelfCheckTimes = {relayMs: 1500, headStartMs: 500, peersMs: 2000};
const peersAsked = 8;
const relayNodesAsked = 3;

export function createSelfCheck(options: SelfCheckOptions): SelfCheck {
	const times = {...defaultTimes, ...options.times};
	const api = createLocalApi(options.socket);
	let networkGone = false;
	const quick = createShared(() => askTailscaled(options.socket), {freshMs: 500, timeoutMs: 60_000});
	const full = createShared(
		async () => {
			const asked = await quick(never);
			if (!asked.status) return asked.result;
			const trouble = await lookAround(api, asked.status, options, times);
			networkGone = trouble !== undefined;
			return trouble === undefined ? asked.result : {...asked.result, sound: false, detail: trouble};
		},
		{freshMs: 500, timeoutMs: 60_000},
	);
	return {
		look: async (signal, depth = 'full') =>
			depth === 'full' || networkGone ? full(signal) : (await quick(signal)).result,
	};
}

const never = new AbortController().signal;

/** The result as far as tailscaled alone can tell; `status` is there when it is connected. */
async function askTailscaled(socket: string): Promise<{result: SelfCheckResult; status?: TailscaledStatus}> {
	let status: TailscaledStatus;
	try {
		status = await statusOf(socket, {peers: false}, never);
	} catch (error) {
		return {result: {sound: false, detail: messageOf(error), facts: {}, addresses: []}};
	}
	const {backendState, version, tun, self, magicDnsSuffix: domain} = status;
	const facts: Record<string, string> = {backendState, version, tun: String(tun)};
	if (self) Object.assign(facts, {online: String(self.online), relay: self.relay});
	if (domain) facts.domain = domain;
	const result = {sound: true, facts, addresses: self?.addresses ?? []};
	if (backendState === 'Running') return {result, status};
	const hint = hints[backendState] ?? 'look at its log';
	return {result: {...result, sound: false, detail: `Our own tailscaled is in state ${backendState}: ${hint}`}};
}

const hints: Record<string, string> = {
	NeedsLogin: 'it must sign in to the tailnet again (`tailscale up`)',
	NeedsMachineAuth: 'its machine waits for approval in the tailnet',
	Stopped: 'someone ran `tailscale down`; `tailscale up` starts it',
	Starting: 'it has just been started and is not connected yet',
	NoState: 'it has just been started and is not connected yet',
};

/** A sentence when neither the own relay nor any peer can be reached; undefined when something can, or when no relay is known. */
async function lookAround(
	api: LocalApi,
	status: TailscaledStatus,
	options: SelfCheckOptions,
	times: SelfCheckTimes,
): Promise<string | undefined> {
	const ending = new AbortController();
	const {signal} = ending;
	try {
		const region = homeRegion(await api.derpMap(AbortSignal.timeout(times.relayMs)), status.self?.relay ?? '');
		if (!region) return undefined;
		const relay = anyOf(region.nodes.slice(0, relayNodesAsked).map(node => reachRelay(node, options, times, signal)));
		// Peers are asked only when the relay hesitates, and then beside it: failures wait for what we say.
		const hesitates = new Promise<false>(resolve => setTimeout(resolve, times.headStartMs, false).unref());
		if (await Promise.race([relay, hesitates])) return undefined;
		if (await anyOf([relay, reachPeers(api, options.socket, times, signal)])) return undefined;
		return `Our own network is gone: neither the relay ${region.code} nor any of the peers that were asked answers`;
	} catch (error) {
		return `Our own tailscaled stopped answering while it was asked for its relay map: ${messageOf(error)}`;
	} finally {
		ending.abort();
	}
}

function homeRegion(regions: readonly DerpRegion[], code: string): DerpRegion | undefined {
	const usable = regions.filter(region => region.nodes.length > 0);
	return usable.find(region => region.code === code) ?? usable[0];
}

/** Whether the relay's host answers to a TCP connection; a refusal is an answer too. */
async function reachRelay(
	{hostName, ipv4, port}: DerpNode,
	{tailnet, allowLoopback}: SelfCheckOptions,
	times: SelfCheckTimes,
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

function answersTcp(host: string, port: number, signal: AbortSignal): Promise<boolean> {
	return new Promise(resolve => {
		const socket = connect({host, port, autoSelectFamily: false, signal});
		socket.on('connect', () => end(true));
		socket.on('error', (error: NodeJS.ErrnoException) => end(error.code === 'ECONNREFUSED'));
		function end(answered: boolean): void {
			resolve(answered);
			socket.destroy();
		}
	});
}

/** Whether any of some peers answers disco, those first that we had a direct path to lately. */
async function reachPeers(api: LocalApi, socket: string, times: SelfCheckTimes, signal: AbortSignal): Promise<boolean> {
	const limit = AbortSignal.any([signal, AbortSignal.timeout(times.peersMs)]);
	const {peers} = await statusOf(socket, {peers: true}, limit);
	const usable = peers.filter(({addresses, expired}) => addresses.length > 0 && !expired);
	const chosen = usable.toSorted((a, b) => promise(b) - promise(a)).slice(0, peersAsked);
	return anyOf(
		chosen.map(async ({addresses: [address = '']}) => {
			try {
				return (await api.ping(address, 'disco', limit)).seconds !== undefined;
			} catch {
				return false;
			}
		}),
	);
}

function promise({curAddr, online}: PeerStatus): number {
	return (curAddr === '' ? 0 : 2) + (online ? 1 : 0);
}

/** True as soon as one is, false when none is. */
async function anyOf(answers: readonly Promise<boolean>[]): Promise<boolean> {
	try {
		return await Promise.any(answers.map(async answer => (await answer) || Promise.reject(new Error('no'))));
	} catch {
		return false;
	}
}
