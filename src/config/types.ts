/** The configuration as the program uses it. */

import type {Via} from '../engine/types.ts';
import type {NodeSelector} from '../inventory/select.ts';
import type {TailnetFacts} from '../probes/types.ts';

/** The configuration, checked, with defaults filled in and durations in milliseconds. */
export interface Config {
	web: {host: string; port: number};
	log: {level: 'debug' | 'info' | 'warn' | 'error'; format: 'json' | 'text' | 'auto'};
	headscale?: HeadscaleConfig;
	tailnet: TailnetFacts;
	vantages: readonly VantageConfig[];
	modules: ReadonlyMap<string, ModuleConfig>;
	checks: readonly CheckConfig[];
	adhoc: {allow: readonly string[]; concurrency: number};
	limits: {maxSeries: number};
}

export interface HeadscaleConfig {
	url: string;
	apiKey?: SecretReference;
	caFile?: string;
	metricsUrl?: string;
	intervalMs: number;
	timeoutMs: number;
	restartGraceMs: number;
	maxAnswerBytes: number;
}

/** Where a secret is read from, each time it is needed. */
export type SecretReference = {file: string} | {env: string};

export interface VantageConfig {
	name: string;
	type: 'local';
	/** Path of tailscaled's socket; undefined: no tailscaled here. */
	tailscaledSocket?: string;
}

/** A named way to probe, for checks and for `/probe?module=`. */
export interface ModuleConfig {
	name: string;
	type: string;
	timeoutMs: number | undefined;
	via: Via;
	options: unknown;
	/** As written, for `debug=true`; no secrets are written in modules. */
	source: Record<string, unknown>;
}

export interface CheckConfig {
	name: string;
	type: string;
	options: unknown;
	via: Via;
	targets: readonly {name: string; address: string}[];
	nodes?: {selector: NodeSelector; template: string};
	/** Vantages by name; undefined: all. */
	from?: readonly string[];
	intervalMs: number;
	timeoutMs: number;
	recheckMs?: number;
	confirm: number;
	detail: 'full' | 'lean';
	histogram: boolean;
	objectiveMs?: number;
}
