/**
 * Whether the local vantage itself is sick, so that failures over the tailnet say nothing about their targets: its tailscaled does
 * not answer or is not connected, has lost its tunnels, or the network around it is gone.
 */

import {statSync} from 'node:fs';
import {setTimeout as wait} from 'node:timers/promises';
import {createLocalApi, statusOf, type TailscaledStatus} from '../net/localapi.ts';
import {createShared} from '../net/shared.ts';
import type {TailnetFacts} from '../probes/types.ts';
import {messageOf} from '../util/errors.ts';
import {createSurroundings, type Surroundings, type SurroundingsTimes} from './surroundings.ts';
import type {VantageTrouble} from './types.ts';

export interface SelfCheckResult {
	sound: boolean;
	/** One sentence when not sound: what is broken, what to do. */
	detail?: string;
	/** backendState, version, tun, online (own map poll), relay (home region), trouble; what is not known is left out. */
	facts: Record<string, string>;
	/** Our own tailnet addresses, empty while not known. */
	addresses: readonly string[];
	/** Whether anything outside this machine answered; absent when that was not asked or cannot be told. */
	network?: 'answers' | 'silent';
	/** As whom our tailscaled is in the tailnet, and which process it is; absent while it does not answer. */
	identity?: Identity;
}

/** What changes when our tailscaled signs in again or is started anew, however quickly; '' is not known. */
export interface Identity {
	nodeKey: string;
	process: string;
}

export interface SelfCheck {
	/**
	 * `full` also looks at what answers around (peers, the own relay); `quick` asks tailscaled alone, and looks around only while
	 * the last full look found trouble there. Coalesced; an answer may be half a second old, but what it tells is never from before
	 * `since` (by `performance.now()`). Rejects only with the signal's reason.
	 */
	look(signal: AbortSignal, depth?: 'full' | 'quick', since?: number): Promise<SelfCheckResult>;
}

export interface SelfCheckOptions {
	/** Path of tailscaled's LocalAPI socket. */
	socket: string;
	tailnet: TailnetFacts;
	/** Embedded lab and tests only. */
	allowLoopback: boolean;
	times?: Partial<SurroundingsTimes>;
}

const defaultTimes: SurroundingsTimes = {relayMs: 1500, headStartMs: 500, peersMs: 2000};

export function createSelfCheck(options: SelfCheckOptions): SelfCheck {
	const {socket, tailnet, allowLoopback} = options;
	const lookAround = createSurroundings({
		api: createLocalApi(socket),
		peers: signal => statusOf(socket, {peers: true}, signal),
		tailnet,
		allowLoopback,
		times: {...defaultTimes, ...options.times},
	});
	let inTrouble = false;
	let lookedAroundAt = Number.NEGATIVE_INFINITY;
	const quick = createShared(() => askTailscaled(socket), {freshMs: 500, timeoutMs: 60_000});
	const full = createShared(
		async () => {
			const begunAt = performance.now();
			// Runs that fail at once, and each after the look of the one before, would keep tailscaled busy.
			await wait(Math.max(0, lookedAroundAt + spacingMs - begunAt));
			lookedAroundAt = performance.now();
			const asked = await quick(never, 0, begunAt);
			if (!asked.status) return asked.result;
			const {trouble, network} = await lookAroundOrTell(asked.status);
			inTrouble = trouble !== undefined;
			const result = {...asked.result, ...(network === undefined ? {} : {network})};
			if (!trouble) return result;
			return {...result, sound: false, detail: trouble.says, facts: {...result.facts, trouble: trouble.code}};
		},
		{freshMs: 500, timeoutMs: 60_000},
	);
	return {
		look: async (signal, depth = 'full', since) =>
			depth === 'full' || inTrouble ? full(signal, 0, since) : (await quick(signal, 0, since)).result,
	};

	async function lookAroundOrTell(status: TailscaledStatus): Promise<Surroundings> {
		try {
			return await lookAround(status);
		} catch (error) {
			const says = `Our own tailscaled stopped answering while it was asked what is around it: ${messageOf(error)}`;
			return {trouble: {code: 'tailscaled-silent', says}};
		}
	}
}

/** Between the beginnings of two full looks. */
const spacingMs = 100;

const never = new AbortController().signal;

/** The result as far as tailscaled alone can tell; `status` is there when it is connected. */
async function askTailscaled(socket: string): Promise<{result: SelfCheckResult; status?: TailscaledStatus}> {
	let status: TailscaledStatus;
	// Asked first: a restart in between shows at the next look.
	const process = processBehind(socket);
	try {
		status = await statusOf(socket, {peers: false, since: performance.now()}, never);
	} catch (error) {
		const facts = {trouble: 'tailscaled-silent' satisfies VantageTrouble};
		return {result: {sound: false, detail: messageOf(error), facts, addresses: []}};
	}
	const {backendState, version, tun, self, magicDnsSuffix: domain} = status;
	const facts: Record<string, string> = {backendState, version, tun: String(tun)};
	if (self) Object.assign(facts, {online: String(self.online), relay: self.relay});
	if (domain) facts.domain = domain;
	const identity = {nodeKey: status.nodeKey, process};
	const result = {sound: true, facts, addresses: self?.addresses ?? [], identity};
	if (backendState === 'Running') return {result, status};
	const hint = hints[backendState] ?? 'look at its log';
	return {result: {...result, sound: false, detail: `Our own tailscaled is in state ${backendState}: ${hint}`}};
}

/** tailscaled makes its socket anew when it starts; moving or chmod leaves these as they are. '' where it cannot be told. */
function processBehind(socket: string): string {
	try {
		// At once: connecting to the socket looks its path up in just this way, and files elsewhere may hold Node's file threads.
		const {dev, ino, mtimeMs} = statSync(socket);
		return `${dev} ${ino} ${mtimeMs}`;
	} catch {
		return '';
	}
}

const hints: Record<string, string> = {
	NeedsLogin:
		'it must sign in to the tailnet again (`tailscale up`). In a pod its auth key is missing, used up or has expired: create one with `headscale preauthkeys create` and put it into the Secret that TS_AUTHKEY comes from',
	NeedsMachineAuth: 'its machine waits for approval in the tailnet',
	Stopped: 'someone ran `tailscale down`; `tailscale up` starts it',
	Starting: 'it has just been started and is not connected yet',
	NoState: 'it has just been started and is not connected yet',
};
