/** A vantage says where from: it gets its whole list of checks and hands back outcomes in batches. */

import type {Check, Outcome} from '../engine/types.ts';
import type {RunCounts} from './run-tally.ts';

export interface Vantage {
	readonly name: string;
	/** Takes the whole list; what is new starts, what is gone stops, what is unchanged goes on undisturbed. */
	assign(checks: readonly Check[]): void;
	/** One run now, outside the schedule. Always answers; what stood in the way is an `unknown` outcome. The signal cuts it short. */
	run(check: Check, deadlineMs: number, signal?: AbortSignal): Promise<Outcome>;
	/** What is known about the vantage itself, for /metrics, the page and the API; never waits. */
	state(): VantageState;
	/** Its own tailnet addresses, as far as known: no node is probed from itself. */
	addresses(): readonly string[];
	/** Ends runs in flight as `canceled`, waits for what must be ended, at most some seconds. */
	stop(): Promise<void>;
}

export interface VantageState {
	name: string;
	/** `local`, or of a remote vantage the way in use: `agent`, `ssh` or `pod`. */
	type: string;
	/** Of a remote vantage: the name of the configuration's entry that it belongs to. */
	group?: string;
	/** Of a remote vantage: every way of it in the configured order, with the one in use. */
	ways?: readonly WayState[];
	/** Sound: can look. `sick`: its tailnet checks are unknown. `gone`: cannot run anything at present. `starting`: not known yet. */
	condition: 'sound' | 'sick' | 'gone' | 'starting';
	/** Gone for a reason that waiting does not mend: this way cannot work there (no kubelet that serves exec, no curl …). */
	unsupported?: true;
	/** One sentence, when not sound. */
	detail?: string;
	/** Milliseconds since 1970: since when it is in that condition. */
	sinceMs?: number;
	/** The local vantage whose own trouble explains that this one cannot be reached. */
	behind?: string;
	/** How late the measuring thread was lately, milliseconds at worst. */
	latenessMs: number;
	runsInFlight: number;
	/** Runs of the schedule since the vantage started, rechecks included, also of checks that are gone. */
	runs: RunCounts;
	skippedSlots: {overlap: number; late: number};
	threadRestarts: number;
	/** Facts about tailscaled: backendState, version, tun, online (own map poll); `trouble`: a `VantageTrouble` while it is sick for that. */
	facts: Record<string, string>;
	/** headscale lists its node no more: milliseconds since 1970, from when on. */
	leftSinceMs?: number;
	/** Of an agent: outcomes of its that were dropped, by why (`foreign`, `malformed`, `excess`), and those that it forgot before we could take them. */
	intake?: {rejected: Readonly<Record<string, number>>; lost: number};
}

/**
 * What makes a vantage sick although its tailscaled does not say so: it does not answer; it answers and has lost its WireGuard sessions;
 * nothing around it answers; the measuring thread is late.
 */
export type VantageTrouble = 'tailscaled-silent' | 'tunnels-lost' | 'network-gone' | 'late';

/** One way of a remote vantage. */
export interface WayState {
	type: string;
	inUse: boolean;
	/** `idle`: not tried, because one before it works. `unsupported`: cannot work there, which is a fact and no failure; tried rarely. */
	condition: VantageState['condition'] | 'idle' | 'unsupported';
	/** One sentence, when it does not work. */
	detail?: string;
}
