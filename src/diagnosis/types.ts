/** Whose fault is it: what a diagnosis is made of. All of it is plain data. */

import type {Check, Verdict} from '../engine/types.ts';
import type {Scene} from './scene.ts';

/**
 * What carries a link, from the bottom up. The list is closed: what a rung stands on is below it, so that the first broken one explains
 * those above it.
 */
export const rungNames = [
	'vantage',
	'control',
	'node',
	'machine',
	'underlay',
	'tunnel',
	'name',
	'connect',
	'tls',
	'answer',
	'gpu',
] as const;
export type RungName = (typeof rungNames)[number];

/** As people read them. */
export const rungTitles: Readonly<Record<RungName, string>> = {
	vantage: 'own vantage',
	control: 'control server',
	node: 'node in the tailnet',
	machine: 'instance and pod',
	underlay: 'network underneath',
	tunnel: 'tunnel',
	name: 'name',
	connect: 'connection',
	tls: 'TLS',
	answer: 'answer',
	gpu: 'GPU',
};

/** One thing that was seen, with its age. */
export interface Evidence {
	/** One sentence; texts from outside in it were cleaned and bounded. */
	says: string;
	/** What should have been seen, where something else was. */
	wanted?: string;
	/** Milliseconds since 1970 when it was seen; absent for what is configured. */
	atMs?: number;
	/** Asked for this diagnosis. */
	fresh?: true;
}

/** `unseen`: could not be looked at, or nobody looks there. */
export interface Rung {
	name: RungName;
	state: 'holds' | 'broken' | 'unseen';
	/** One short line: the most telling of its evidence. */
	says: string;
	evidence: readonly Evidence[];
}

/** `certain`: seen itself. `likely`: the usual reason of what is seen. `consistent`: it fits, and others would fit as well. */
export const confidences = ['certain', 'likely', 'consistent'] as const;
export type Confidence = (typeof confidences)[number];

/** A command that people know, with everything filled in: it can be pasted. */
export interface Command {
	/** Where to type it: `on june-gpu-1`, `wherever kubectl is`. */
	where: string;
	/** One line of a POSIX shell; what comes from outside is quoted. */
	run: string;
	/** What to look for in its answer: one sentence. */
	why: string;
}

/** What a cause found in a scene. */
export interface Finding {
	/**
	 * `breaks`: it can be why the link fails. `slows`: it works, but worse than wanted. `beside`: true, and not why this link is as it is
	 * (but worth knowing).
	 */
	effect: 'breaks' | 'slows' | 'beside';
	/** It breaks what is above although smaller things pass: that the rungs above its own hold does not clear it. */
	passesSmall?: true;
	confidence: Confidence;
	/** The one thing that is at fault, such as `node june-gpu-1`, `vantage cluster`, `headscale`, `relay fra`, `tts on june-gpu-1`: links with the same cause and the same such thing share one fault. */
	about: string;
	/** One sentence or two with names, times and figures. */
	says: string;
	/** Where it is another than the usual one of the cause. */
	rung?: RungName;
	/** What speaks for it, the most telling first. */
	evidence: readonly Evidence[];
	/** The next commands, the most useful first; at least one. */
	next: readonly [Command, ...Command[]];
}

/** One entry of the closed list of causes. */
export interface Cause {
	/** Its place in `docs/diagnosis.md`, and what programs know it by: small letters and hyphens. */
	id: string;
	/** The rung that it breaks. */
	rung: RungName;
	/** A headline without names: `The service does not listen`. */
	title: string;
	/** What it means for those who use the link, and what to do, in general: two or three sentences for somebody who was just woken. */
	means: string;
	/** It is only asked where no other one explains the link. */
	isLast?: true;
	/** Cheap and pure: it is asked of every failing link. */
	find(scene: Scene): Finding | undefined;
}

/** A cause that was found. */
export interface NamedCause extends Omit<Finding, 'rung'>, Omit<Cause, 'find' | 'isLast'> {}

/** What is asked about. */
export type Subject =
	| {kind: 'check'; check: Check}
	/** A machine in the tailnet, by its name as a label. */
	| {kind: 'node'; node: string}
	| {kind: 'vantage'; vantage: string}
	/** A fault, by the id of its incident, with the checks that failed for it; also something without checks, such as headscale, that is well. */
	| {kind: 'incident'; id: string; about: string; keys: readonly string[]};

/** A link, a node or a vantage: how it stands, and why. */
export interface Diagnosis {
	subject: Subject;
	verdict: Verdict;
	/** Milliseconds since 1970, while not up, as far back as is known. */
	sinceMs?: number;
	/** From the bottom up; rungs that the subject does not have are left out. */
	ladder: readonly Rung[];
	/** Why it is not up, or slow; absent where it is up and nothing slows it. */
	cause?: NamedCause;
	/** Other faults that were seen on the way, those that weigh most first. */
	also: readonly NamedCause[];
	/** Keys of other checks that fail for the same cause, at most `sharedAtMost`; and how many there are. */
	shared: {count: number; keys: readonly string[]};
	/** When it was asked afresh, and how long that took; absent where it was told from memory. */
	asked?: {atMs: number; durationMs: number; looks: number};
}

/** So many keys of a fault are told; all are counted. */
export const sharedAtMost = 20;
