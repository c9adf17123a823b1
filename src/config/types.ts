/** The configuration as the program uses it. */

import type {Check, Via} from '../engine/types.ts';
import type {PodPlace} from '../headscale/cli/run-in-pod.ts';
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
	kubernetes?: KubernetesConfig;
	vast?: VastConfig;
	pools: readonly PoolConfig[];
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
	/** The pod that the command line is called in, by exec through the Kubernetes API; undefined: it is called here. */
	cliPod?: PodPlace;
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

/** The Kubernetes API and what of it is looked at. */
export interface KubernetesConfig {
	/** Instead of the service account of our pod. */
	kubeconfigFile?: string;
	/** A context of that file; undefined: its current one. */
	context?: string;
	/** The pods that stand for GPU machines. */
	gpuPods?: {namespace: string; selector: string};
	/** The virtual nodes; undefined: those that the GPU pods are on. */
	nodes?: {selector: string} | {names: readonly string[]};
	virtualKubelet?: {namespace: string; deployment: string};
	leases: boolean;
	/** Where proxies and sidecars of tailscale are looked for. */
	exposureNamespaces: readonly string[];
	/** Which of several replicas shows the inventories; no namespace: the own one. */
	inventoryLease?: {name: string; namespace?: string};
	/** How long a watch lasts before it is renewed. */
	intervalMs: number;
	/** Deadline of each call. */
	timeoutMs: number;
	/** How often everything is listed anew. */
	resyncMs: number;
}

/** The instances rented at vast.ai. */
export interface VastConfig {
	apiKey: SecretReference;
	url: string;
	intervalMs: number;
	/** Deadline of each request. */
	timeoutMs: number;
	/** Globs of labels; undefined: all instances. */
	labels?: readonly string[];
	maxInstances: number;
	/** So long a running instance may take until it is in the tailnet. */
	joinGraceMs: number;
	/** The nodes that are instances; undefined: not known. */
	nodes?: NodeSelector;
	/** Patterns of the names that an instance's node may have, with `{label}` and `{id}`. */
	nodeBy: readonly string[];
	/** A pattern of the instance's label with `{name}`, `{namespace}` and `{uid}` of its pod, or an annotation of the pod with its id. */
	podBy: {label: string} | {annotation: string};
}

/** A group of machines of which some number must be usable. */
export interface PoolConfig {
	name: string;
	match: {kind: 'nodes'; selector: NodeSelector} | {kind: 'vast'; labels?: readonly string[]};
	min: number;
	/** Names of checks that must be up; undefined: those that the local vantage aims at the node. */
	checks?: readonly string[];
	/** Whether GPUs must be seen; undefined: where a check looks at them. */
	gpu?: boolean;
}

/** Whoever presents the secret comes in under that name. */
export interface BearerToken {
	name: string;
	secret: SecretReference;
}

/** Where a secret is read from, each time it is needed. */
export type SecretReference = {file: string} | {env: string};

export type VantageConfig = LocalVantageConfig | RemoteVantageConfig;

/** Where tailprobe itself runs. */
export interface LocalVantageConfig extends TailscaledPlace {
	name: string;
	type: 'local';
}

/** Other machines that look. Each member is a vantage by its own name; `name` stands for all of them in `from`. */
export interface RemoteVantageConfig {
	name: string;
	type: 'remote';
	/** Who they are: hosts by name and address, nodes of the tailnet (by owner or tag at least), or every pod of the `pod` way. */
	members:
		| {kind: 'hosts'; hosts: readonly {name: string; address: string}[]}
		| {kind: 'nodes'; selector: NodeSelector}
		| {kind: 'pods'};
	/** Tried in this order, the first that works is used; at least one, each type at most once. */
	ways: readonly WayConfig[];
	/** A member that went is kept for so long, its checks unknown; one that comes back meanwhile goes on as before. */
	graceMs: number;
}

/** How a remote vantage is reached. */
export type WayConfig = AgentWayConfig | SshWayConfig | PodWayConfig;

/** `tailprobe agent` there, dialled by us. */
export interface AgentWayConfig {
	type: 'agent';
	port: number;
	/** Both sides prove that they have it; it never travels. */
	secret: SecretReference;
}

/** The OpenSSH client. */
export interface SshWayConfig extends TailscaledPlace {
	type: 'ssh';
	port: number;
	user: string;
	identityFile?: string;
	/** The host's key must be in it. */
	knownHostsFile: string;
}

/** Exec through the Kubernetes API. */
export interface PodWayConfig extends TailscaledPlace {
	type: 'pod';
	namespace: string;
	/** A label selector. */
	selector: string;
	container?: string;
	/** How a pod is found for a tailnet node: its name, its address, or a label or an annotation that holds the node's name. */
	nodeBy: 'name' | 'address' | {label: string} | {annotation: string};
}

/** Where tailscaled answers on the machine that looks. */
export interface TailscaledPlace {
	/** Path of its LocalAPI socket; undefined: none is there, or none that is known. */
	tailscaledSocket?: string;
	/** `address:port` of its SOCKS5 proxy, in userspace mode. */
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
	/** Whether somebody is to be woken when it fails. */
	critical: boolean;
	/** The promised share of runs with a verdict that are up; undefined: nothing is promised. */
	availabilityObjective?: number;
}
