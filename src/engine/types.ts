/** The words of the whole program: what is asked (Check), what one run found (Outcome), and in between what a probe read (Reading). */

import type {Gpu} from '../gpu/types.ts';

export type Verdict = 'up' | 'down' | 'unknown';

/** How a target must be reached: over the tailnet (names by MagicDNS, addresses inside the tailnet's prefixes), or directly. */
export type Via = 'tailnet' | 'direct';

/** Why a run was down. The list is closed: it is a label value. */
export const downReasons = [
	'resolve',
	'wrong_network',
	'forbidden',
	'refused',
	'unreachable',
	'timeout',
	'reset',
	'tls',
	'proxy',
	'protocol',
	'status',
	'content',
	'loss',
	'expected_unreachable',
] as const;

/** Why nobody could look. The list is closed: it is a label value. */
export const unknownReasons = [
	'vantage',
	'unsupported',
	'denied',
	'incomplete',
	'late',
	'canceled',
	'internal',
] as const;

export type DownReason = (typeof downReasons)[number];
export type UnknownReason = (typeof unknownReasons)[number];
export type Reason = DownReason | UnknownReason;

/**
 * The parts of one run in the order in which they pass. A type uses those that it has. `connect_proxy` stands in the place of
 * `connect` where tailscaled's SOCKS5 proxy dials for us: the two are not comparable and so never share a series.
 */
export const phaseNames = ['resolve', 'connect', 'connect_proxy', 'tls', 'processing', 'transfer'] as const;
export type PhaseName = (typeof phaseNames)[number];

/** What a check is aimed at. Plain data: it crosses threads. */
export interface Target {
	/** Label `target`: letters, digits and `._:-[]` only, never an address unless the configuration wrote one as a name. */
	name: string;
	/** What the probe dials: a URL, `host:port`, a host or an address, as its type wants. */
	address: string;
	via: Via;
	/** Label `peer`: the tailnet node behind the target, or '' where there is none. */
	peer: string;
	/** An ad hoc target may only have addresses inside these prefixes; absent for configured targets. */
	only?: readonly string[];
}

/** `full` adds a gauge per phase to `lean`; `least` leaves out what a type can do without (`leftOut` of its metrics). */
export type Detail = 'full' | 'lean' | 'least';

/** One probe from one vantage to one target. Plain data: it crosses threads. */
export interface Check {
	/** `name/vantage/target`: stable over reloads and restarts. */
	key: string;
	/** Label `check`: the name of the check in the configuration. */
	name: string;
	/** Label `type`: the probe type. */
	type: string;
	/** Label `vantage`. */
	vantage: string;
	target: Target;
	/** The options of the probe type, as its schema returned them. */
	options: unknown;
	intervalMs: number;
	/** The one deadline of a run; at most the interval. */
	timeoutMs: number;
	/** While failing, run again after this time too; absent means only on schedule. */
	recheckMs?: number;
	/** An incident, a log line and the page say "down" after this many downs in a row. */
	confirm: number;
	/** How many series the check has. */
	detail: Detail;
	/** A latency histogram of its own; otherwise the check counts in that of its name, type and vantage. */
	histogram: boolean;
	/** A latency the operator promised: an edge of the histograms. */
	objectiveMs?: number;
	/** `unreachable` turns the check round: it is up while nothing answers there (no public exposure). Absent: an answer is up. */
	expect?: 'unreachable';
}

/** What a probe read. Values in base units (seconds, ratios, bytes). Plain data. */
export interface Reading {
	ok: boolean;
	/** Set exactly when not ok. */
	reason?: DownReason;
	/** One sentence for a person when not ok: what was tried, what came, what was wanted. Never a secret, at most 300 characters. */
	detail?: string;
	/** Seconds of each phase that began, in order; on failure up to the phase that failed, with the time spent in it. */
	phases?: Partial<Record<PhaseName, number>>;
	/** Named numbers in base units. */
	values: Record<string, number>;
	/** Named texts (path, address, protocol …): for history and pages, never labels unless the type declares a state set. */
	facts: Record<string, string>;
	/** What a `gpu` probe found, one entry for each GPU that answered. */
	gpus?: readonly Gpu[];
}

/** What one run of a check found. Plain data: it crosses threads and wires. */
export interface Outcome {
	key: string;
	/** Wall clock, milliseconds since 1970, when the run began. */
	startedAt: number;
	durationMs: number;
	/** How late the measuring thread was during the run, at worst. */
	latenessMs: number;
	/** The thread was too late for the run's times to be true: they stay out of every latency series. */
	late: boolean;
	/** An agent measured it while it was cut off, and it came more than two intervals late: it moves no series but a counter. */
	belated?: true;
	/** `recheck` and `adhoc` runs move no ratio. */
	kind: 'scheduled' | 'recheck' | 'adhoc';
	verdict: Verdict;
	reason?: Reason;
	/** One sentence for a person when not up; of an ad hoc run that is up, what it went without. */
	detail?: string;
	/** Options that an ad hoc run went without because no check of its target uses the module; absent: none. */
	withheld?: readonly string[];
	reading?: Reading;
}
