/** The configuration as the program uses it. */

import type {Check, Via} from '../engine/types.ts';
import type {NodeSelector} from '../inventory/select.ts';
import type {TailnetFacts} from '../probes/types.ts';
import type {Rate} from '../util/token-bucket.ts';

/** The configuration, checked, with defaults filled in and durations in milliseconds. */
export interface Config {
	web: {
		host: string;
		port: number;
		/** Path of the web configuration file (TLS, passwords). */
		configFile?: string;
		bearerTokens: readonly BearerToken[];
	};
	log: {level: 'debug' | 'info' | 'warn' | 'error'; format: 'json' | 'text' | 'auto'};
	headscale?: HeadscaleConfig;
	tailnet: TailnetFacts;
	vantages: readonly VantageConfig[];
	modules: ReadonlyMap<string, ModuleConfig>;
	checks: readonly CheckConfig[];
	adhoc: {
		allow: readonly string[];
		concurrency: number;
		concurrencyPerCaller: number;
		/** What each caller may start. */
		rate: Rate;
	};
	limits: {maxSeries: number};
	/** `watch`: the files are read again when they change on disk. */
	reload: {watch: boolean};
	/** Absolute paths of the files that modules were read from. */
	moduleFiles: readonly string[];
}

export interface HeadscaleConfig {
	url: string;
	apiKey?: SecretReference;
	/** Instead of the key: how the command line of headscale is called. */
	cliCommand?: readonly [string, ...string[]];
	caFile?: string;
	metricsUrl?: string;
	intervalMs: number;
	timeoutMs: number;
	restartGraceMs: number;
	/** A cron line. */
	inventorySchedule: string;
	/** Names of users that must exist. */
	expectUsers: readonly string[];
	/** An offline node whose last sign of life is older lingers. */
	lingerAfterMs: number;
	maxAnswerBytes: number;
}

/** Whoever presents the secret comes in under that name. */
export interface BearerToken {
	name: string;
	secret: SecretReference;
}

/** Where a secret is read from, each time it is needed. */
export type SecretReference = {file: string} | {env: string};

export interface VantageConfig {
	name: string;
	type: 'local';
	/** Path of tailscaled's socket; undefined: no tailscaled here. */
	tailscaledSocket?: string;
	/** `address:port` of tailscaled's SOCKS5 proxy. */
	socks5?: string;
}

/** A named way to probe, for checks and for `/probe?module=`. */
export interface ModuleConfig {
	name: string;
	type: string;
	timeoutMs: number | undefined;
	via: Via;
	/** Ad hoc targets that no check names get everything that the module sends, credentials too. */
	trustAdhoc: boolean;
	options: unknown;
	/** As written, for `debug=true`; no secrets are written in modules. */
	source: Record<string, unknown>;
}

export interface CheckConfig
	extends Pick<
		Check,
		| 'name'
		| 'type'
		| 'options'
		| 'intervalMs'
		| 'timeoutMs'
		| 'recheckMs'
		| 'confirm'
		| 'detail'
		| 'histogram'
		| 'objectiveMs'
		| 'expect'
	> {
	via: Via;
	targets: readonly {name: string; address: string}[];
	nodes?: {selector: NodeSelector; template: string};
	/** Vantages by name; undefined: all. */
	from?: readonly string[];
}
