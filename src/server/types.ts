/** What the HTTP side may see of the daemon: it only reads, asks for one ad hoc run, and asks for a reload. */

import type {Diagnosis} from '../diagnosis/types.ts';
import type {Check, DownReason, Outcome} from '../engine/types.ts';
import type {Landmarks} from '../inventory/landmarks.ts';
import type {MachinesView} from '../inventory/machine-types.ts';
import type {PlatformView} from '../inventory/platform-types.ts';
import type {NodeList, TailnetNode} from '../inventory/types.ts';
import type {Note} from '../notes/types.ts';
import type {PoolView} from '../pools/types.ts';
import type {Failure, Obstacle} from '../sources/read.ts';
import type {VantageState} from '../vantages/types.ts';
import type {VastView} from '../vast/view.ts';

export interface DaemonView {
	readonly version: string;
	/** Milliseconds since 1970. */
	readonly startedAt: number;
	checks(): readonly CheckView[];
	check(key: string): CheckView | undefined;
	/** Newest first; undefined for an unknown key. */
	history(key: string): CheckHistory | undefined;
	vantages(): readonly VantageState[];
	sources(): readonly SourceView[];
	nodes(): readonly NodeView[];
	/** The nodes while headscale's list is fresh (as the gauges that come of it), with the MagicDNS domain where it is known. */
	listedNodes(): {nodes: readonly TailnetNode[]; domain?: string} | undefined;
	/** headscale, the vantages' tailscaled and the clients, summed up. */
	platform(): PlatformView;
	/** What could not be planned or used (targets, list entries), as sentences. */
	problems(): readonly string[];
	/** What stands in tailprobe's own way, as sentences that anybody may read: nothing of files or of the configuration's values is in them. */
	troubles(): readonly string[];
	/** What is worth knowing of the place where tailprobe itself runs. */
	ownNotes(): readonly Note[];
	/** The exposition, piece by piece: yields some ten kilobytes of text at a time and lets the loop breathe in between. */
	renderMetrics(): AsyncIterable<string>;
	/** headscale's own /metrics text of the last read; undefined when that read failed. */
	headscaleMetrics(): string | undefined;
	/** tailscaled's own metrics text of the last read, of the first vantage that has one when none is named; undefined when that read failed. */
	tailscaledMetrics(vantage?: string): string | undefined;
	/** Hosts that other things hang on, as configured. */
	landmarks(): Landmarks;
	/** Groups of GPU machines, as judged within the last seconds. */
	pools(): readonly PoolView[];
	/** What is rented at vast.ai; undefined: not configured, or nothing is known at present. */
	vast(): VastView | undefined;
	/** The machines behind the nodes: instances, pods, GPUs, prices. */
	machines(): MachinesView;
	/** Why a link, a node or a vantage is as it is: asked afresh, within ten seconds; never throws for what the world does. */
	diagnose(request: DiagnoseRequest): Promise<DiagnoseAnswer>;
	/** Runs an ad hoc probe; never throws for what the target does. */
	probe(request: AdhocRequest): Promise<AdhocAnswer>;
	/** Reads the configuration again, all or nothing. */
	reload(): Promise<{ok: true} | {ok: false; mistakes: readonly string[]}>;
	/** Every source was tried once and the schedule runs. */
	ready(): boolean;
}

/** A check with what is known of it now. */
export interface CheckView {
	check: Check;
	/** The last scheduled verdict; unknown before the first run. */
	verdict: 'up' | 'down' | 'unknown';
	/** Whether a run was finished at all. */
	ran: boolean;
	/** The last outcome of any kind but ad hoc. */
	last?: Outcome | undefined;
	/** Milliseconds since 1970: from the first down until the next up; undefined while not down. */
	downSince?: number;
	/** While `downSince` is there: the reason of the last down. */
	downReason?: DownReason;
	/** The same: milliseconds since 1970 of the first down in a row that may have the cause of the last; runs that could not look end no row. */
	reasonSince?: number;
	/** The first scheduled run in a row that could not look, milliseconds since 1970; `atLeast`: none ever could. */
	unknownSince?: {ms: number; atLeast: boolean};
	/** An incident: down `confirm` times in a row, not yet up again. */
	confirmed: boolean;
	/** The last hour, oldest first: runs folded into at most 60 buckets of equal length; undefined where nothing ran. */
	strip: readonly (StripBucket | undefined)[];
}

export interface StripBucket {
	up: number;
	down: number;
	unknown: number;
	/** Largest latency of an up run in seconds, undefined when none was up. */
	worstSeconds?: number;
}

export interface CheckHistory {
	/** Newest first. */
	recent: readonly Outcome[];
	/** Failures and unknowns that are kept longer, newest first. */
	failures: readonly Outcome[];
}

export interface SourceView {
	/** `headscale-nodes`, `headscale-health`, `headscale-metrics`, … */
	name: string;
	/** undefined: not tried yet. */
	ok: boolean | undefined;
	/** Milliseconds since 1970 of the last success. */
	lastSuccessAt?: number;
	lastTriedAt?: number;
	/** While it fails: milliseconds since 1970 of the first try that did. */
	failingSince?: number;
	/** Seconds that the last try took. */
	seconds?: number;
	/** One sentence when the last try failed, or found that there is nothing to read. */
	detail?: string;
	/** Of the last try, where it failed and that is known. */
	failure?: Failure;
	obstacle?: Obstacle;
	/** Whether this version of what is read has no such thing; then `ok` is true, and nothing was read. */
	isUnsupported?: true;
}

/** A node with what headscale says and what our tunnels see. */
export interface NodeView {
	node: TailnetNode;
	/** Verdict of the node's tunnel check per vantage. */
	tunnels: readonly {vantage: string; verdict: 'up' | 'down' | 'unknown'; path?: string; rttSeconds?: number}[];
	/** What headscale says and the tunnels contradict. */
	disagreement?: 'online_but_unreachable' | 'offline_but_reachable';
}

export interface DiagnoseRequest extends Caller {
	/**
	 * What to look at, as people have it at hand: the key of a check or the address of its page, the name of a check with its target, a
	 * node, a target or a vantage by its name.
	 */
	subject: string;
	/** The vantage that looks, where the subject leaves it open. */
	from?: string;
}

export type DiagnoseAnswer =
	| {kind: 'diagnosed'; diagnosis: Diagnosis; unasked: readonly string[]}
	/** The caller must change something; `field` says what. */
	| {kind: 'bad_request'; field: 'subject' | 'from'; detail: string}
	/** 503: only another replica looks from there. */
	| {kind: 'elsewhere'; detail: string}
	/** 429. */
	| {kind: 'busy'; detail: string};

export interface AdhocRequest extends Caller {
	/** What is dialled; with `check` the name or the address of one of its targets, '' where it has only one. */
	target: string;
	/** Module name; default `http_2xx`. Not looked at where `check` is given. */
	module: string;
	/** Name of a check, to be run as it is configured. */
	check?: string;
	/** Vantage name; default: the first. */
	from?: string;
	/** Deadline asked for by the caller, milliseconds; the module's timeout also bounds it. */
	timeoutMs?: number;
	/** blackbox's `hostname`: the Host header, and the TLS name. */
	hostname?: string;
}

/** Who asks for work to be done. */
export interface Caller {
	/** Who asks, for the audit line: the name that was proved, else the address. */
	caller: string;
	/** What limits of a caller count by; default `caller`. */
	callerKey?: string;
	/** Where it came from, for the audit line. */
	callerAddress?: string;
	/** Aborts when the caller went away: nobody waits for the answer any more. */
	signal?: AbortSignal;
}

export type AdhocAnswer =
	/** `module` is absent where a check ran as configured. */
	| {kind: 'ran'; check: Check; outcome: Outcome; timeoutMs: number; module?: ModuleView}
	/** 400: the caller must change something. `field` says what. */
	| {kind: 'bad_request'; field: 'check' | 'module' | 'target' | 'from' | 'hostname'; detail: string}
	/** 503: only another replica looks from there. */
	| {kind: 'elsewhere'; detail: string}
	/** 429. */
	| {kind: 'busy'; detail: string};

/** A module as configured, with secrets shown as `<redacted>`. */
export interface ModuleView {
	name: string;
	prober: string;
	/** YAML of the module without secrets. */
	text: string;
}

export type {Check, Landmarks, NodeList, Outcome};
