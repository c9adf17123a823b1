/** What a probe type is: one file that says how to measure and what an answer means. */

import type * as zod from 'zod';
import type {Check, Reading, Target} from '../engine/types.ts';
import type {MetricDef} from '../metrics/types.ts';
import type {Schemes} from '../net/url.ts';

/** The zod library, handed in so that the measuring thread never loads it (it costs that thread 11 MB). */
export type Zod = typeof zod.z;

/** What a vantage tells a probe about itself. Plain data. */
export interface Place {
	/** The vantage's name. */
	vantage: string;
	/** Time that this run may take in all. */
	timeoutMs: number;
	/** Path of tailscaled's LocalAPI socket, where there is one. */
	tailscaled?: string;
	/** `address:port` of tailscaled's SOCKS5 proxy, through which tailnet targets are then dialled (userspace mode). */
	socks5?: string;
	tailnet: TailnetFacts;
	/** Somebody asked for this run. It neither uses nor leaves anything of the check's own, such as a kept connection. */
	adhoc?: boolean;
	/** Loopback targets are allowed: only the embedded lab and tests say so; no configuration can. */
	allowLoopback: boolean;
}

/** What is configured about the tailnet. Plain data. */
export interface TailnetFacts {
	/** Prefixes that tailnet addresses are in, such as 100.64.0.0/10. */
	prefixes: readonly string[];
	/** MagicDNS base domain such as tail.ozzu.world; absent means: ask tailscaled. */
	domain?: string;
	/** MagicDNS resolver, `address` or `address:port`; by default 100.100.100.100. */
	dnsServer: string;
	/** Tunnel overhead that was promised, seconds. */
	overheadObjectiveSeconds: number;
}

/**
 * How a metric of a type is fed by its readings: written by `sinks/metrics.ts`, so that probes only declare. Types that share a row
 * share its family.
 */
export type ReadingMetric = Feed & {
	/** Whether a check can have this series at all; by default every check of the type can. Only the limit of series asks. */
	appliesTo?: (check: Pick<Check, 'target' | 'options'>) => boolean;
	/** Left out by checks with this `detail`. Only what a check has for itself: what checks share has a past of all of them. */
	leftOut?: 'least';
};

type Feed =
	/** One series per check from one value; withdrawn while the value is absent from an answered run. */
	| (MetricDef & {type: 'gauge'; from: {value: string}})
	/** One series per check and entry: label value → name of the reading's value. The last of `labels` is the distinguishing one. */
	| (MetricDef & {type: 'gauge'; from: {values: Record<string, string>}})
	/** A state set from a fact: exactly one of `states` is 1, the last of `labels` names it; absent while the fact is. */
	| (MetricDef & {type: 'gauge'; from: {fact: string; states: readonly string[]}})
	/** Adds a value up over all runs with a verdict: one series per check. */
	| (MetricDef & {type: 'counter'; from: {sumOf: string}})
	/** Counts changes of a fact between answered runs. */
	| (MetricDef & {type: 'counter'; from: {changesOf: string}})
	/**
	 * Counts readings by a fact's value; `labels` may leave out target and peer; the last one names the value, of `states`.
	 * `fromTimes`: the fact follows from times, so that runs which our own lateness spoiled are not counted.
	 */
	| (MetricDef & {type: 'counter'; from: {countOf: string; states: readonly string[]}; fromTimes?: true})
	/** Observes values of successful runs; label value → name of the reading's value. */
	| (MetricDef & {type: 'histogram'; from: {values: Record<string, string>}})
	/** The same of one value, without a distinguishing label. */
	| (MetricDef & {type: 'histogram'; from: {value: string}});

export interface Probe<Options = unknown> {
	/** Label `type`, and blackbox_exporter's `prober` where that has it. */
	type: string;
	/** One sentence for docs/config.md. */
	summary: string;
	/** Schema of the block named after the type. Keys and meaning as in blackbox_exporter where it has them (snake_case). */
	options(z: Zod): zod.ZodType<Options>;
	/**
	 * Schema of options as `options` returned them, for those that came over a wire; absent where `options` takes its own output again.
	 */
	settled?(z: Zod): zod.ZodType<Options>;
	/**
	 * `url`: a URL; `host_port`; `host`: a name or an address without a port. Judged when the configuration is read. `self`: the vantage
	 * looks at its own machine, and the check has neither targets nor nodes.
	 */
	address: 'url' | 'host_port' | 'host' | 'self';
	/** Of a `url`, where they are not http and https. */
	schemes?: Schemes;
	/** How targets are written, where none of the three forms fits: judges in their place, together with the options where those are known. `{node}` stands in the example for a name. */
	form?: {example: string; faultOf(address: string, options?: unknown): string | undefined};
	/** The only ways this type can be aimed; `tunnel` is tailnet by nature. */
	vias: readonly ('tailnet' | 'direct')[];
	/** Whether what a run measured (its phases together) is the latency that users ask for. `tunnel` has better ones of its own. */
	durationIsLatency: boolean;
	/** Times are taken by another process (fping, tailscaled): our own lateness does not spoil them. */
	timedElsewhere?: boolean;
	metrics: readonly ReadingMetric[];
	/**
	 * The options for an ad hoc target that nobody configured: without what may prove who we are (credentials, client certificates,
	 * headers that may be secret, bodies). Absent: this type has none of these.
	 */
	harmless?(options: Options): Options;
	/**
	 * What a run by the `harmless` ones of these options leaves unjudged, as a clause (`the conversation ended before …`); such a run is
	 * never up. Undefined, or absent: nothing that could change the verdict.
	 */
	unjudged?(options: Options): string | undefined;
	/** Loads what a first run would wait for, before the time of the run begins; undefined when it is there. Never rejects. */
	prepare?(target: Target, options: Options): Promise<void> | undefined;
	/**
	 * Measures once in this process. Returns a reading for whatever the target does; throws TargetDownError (made a reading by
	 * `engine/run.ts`) or CannotLookError. Ends by the time `signal` aborts; an abort is rejected with the signal's reason.
	 */
	measure?(target: Target, options: Options, place: Place, signal: AbortSignal): Promise<Reading>;
	/** Measures many targets in one go on the main thread (a child process); instead of `measure`. */
	round?: {
		/** Checks with the same answer can share a round. */
		group(options: Options): string;
		/** A reading, or what stood in the way, for each key; a key left out becomes unknown (`incomplete`). */
		measure(checks: readonly Check[], place: Place, signal: AbortSignal): Promise<Map<string, Reading | Error>>;
	};
	/** The same measurement by tools that most images have (curl, ping), for vantages where only a shell is. Pure. Absent: unsupported there. */
	shell?: {
		/** What to run, or a sentence why these options cannot be done so. */
		command(target: Target, options: Options, place: ShellPlace): ShellCommand | {unsupported: string};
		/** A reading for whatever the target did; throws TargetDownError or CannotLookError as `measure` does. */
		parse(output: ShellOutput, target: Target, options: Options, place: ShellPlace): Reading;
	};
}

/** A vantage where only a shell is. */
export interface ShellPlace extends Omit<Place, 'allowLoopback' | 'adhoc'> {
	/** The address behind the target's host, resolved and judged; absent where the type dials nothing. */
	address?: string;
}

/** One program and its arguments: quoted in one place, no element of it is ever read by a shell. */
export interface ShellCommand {
	argv: readonly string[];
	/** Standard input; none otherwise. */
	input?: string;
	/** Of its output so much is read. */
	maxBytes: number;
}

/** What came of a command. */
export interface ShellOutput {
	/** 127: there is no such program. */
	status: number;
	stdout: Buffer;
	/** At most some kilobytes. */
	stderr: string;
	/** Ended by its deadline. */
	timedOut: boolean;
	/** There was more than `maxBytes`. */
	cut: boolean;
	/** By our own clock it took no longer than this: what tells of more is no measurement. Absent: not known. */
	mostSeconds?: number;
}
