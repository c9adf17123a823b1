/** What the last reads of a vantage's own tailscaled brought, kept by its reader and shown by collectors and pages. */

import type {Family} from '../headscale/types.ts';
import type {Read} from '../sources/read.ts';

export const backendStates = [
	'NoState',
	'InUseOtherUser',
	'NeedsLogin',
	'NeedsMachineAuth',
	'Stopped',
	'Starting',
	'Running',
	'other',
] as const;
export type BackendState = (typeof backendStates)[number];

/** GET status: tailscaled about itself. */
export interface OwnStatus {
	backendState: BackendState;
	/** Whether its map poll with the control server is open; undefined before the first login. Stays true when the own key expired. */
	online?: boolean;
	/** Whether there is a tunnel device; false means userspace networking. */
	tun: boolean;
	version: string;
	/** Without final dot; '' before login. */
	magicDnsSuffix: string;
	/** Number of messages for a person. */
	healthMessages: number;
	/** Milliseconds since 1970; undefined: never. */
	keyExpiryMs?: number;
	/** Region code of the home relay, '' while there is none. */
	relay: string;
	/** Canonical. */
	addresses: readonly string[];
	tags: readonly string[];
}

export const severities = ['low', 'medium', 'high', 'unknown'] as const;
export type Severity = (typeof severities)[number];

export interface HealthWarning {
	/** One of `healthCodes`, or `other` for all that are not known. */
	code: string;
	severity: Severity;
	/** Milliseconds since 1970. */
	sinceMs?: number;
	/** tailscaled's own words, on one line and bounded: for people, never a label. They may name addresses and paths. */
	says?: string;
}

/** GET derpmap: how many relays tailscaled knows of. */
export interface DerpMapSize {
	regions: number;
	nodes: number;
}

/** One version of the client, or undefined where tailscaled does not know the node or its version. */
export type ClientVersion = readonly [major: number, minor: number, patch: number];

export type Part = 'status' | 'health' | 'metrics' | 'derpmap';

export interface TailscaledState {
	status: Read<OwnStatus>;
	/** The warnings that stand now, by code and each code once. */
	health: Read<readonly HealthWarning[]>;
	/** The Prometheus text as it came, and parsed. */
	metrics: Read<{text: string; families: ReadonlyMap<string, Family>}>;
	derpmap: Read<DerpMapSize>;
}

/** How often each part is read: what is three times as old is not told on. */
export const partIntervalsMs: Readonly<Record<Part, number>> = {
	status: 5000,
	health: 30_000,
	metrics: 15_000,
	derpmap: 60_000,
};
