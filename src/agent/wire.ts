/** What daemon and agent say to each other: plain JSON over HTTP/1.1, each request and answer proved (`proof.ts`). */

import {z} from 'zod';
import type {Check, Outcome} from '../engine/types.ts';
import type {RunCounts} from '../vantages/run-tally.ts';
import type {VantageState} from '../vantages/types.ts';

/** Both sides must speak the same. */
export const protocolVersion = 1;

export const agentPaths = {
	/** GET with a nonce, by anybody: which protocol, which start of the agent, and its time. */
	hello: '/agent/hello',
	/** POST: the list of checks and what was received go in; outcomes and state come out, as soon as there are some. */
	sync: '/agent/sync',
	/** POST: one run now. Closing the connection cancels it. */
	run: '/agent/run',
} as const;

/** Names of headers, in lower case. */
export const proofHeaders = {
	boot: 'tailprobe-boot',
	time: 'tailprobe-time',
	nonce: 'tailprobe-nonce',
	to: 'tailprobe-to',
	bodyHash: 'tailprobe-body',
	proof: 'tailprobe-proof',
} as const;

export const wireLimits = {
	/** Of a request: 2000 checks with long options. */
	requestBytes: 2 * 1024 * 1024,
	/** Of an answer. */
	answerBytes: 2 * 1024 * 1024,
	/** Of a page of outcomes, as the agent fills it. */
	pageBytes: 512 * 1024,
	/** Outcomes in an answer. */
	outcomes: 500,
	checks: 2000,
	waitMs: 30_000,
	runMs: 125_000,
} as const;

/** The agent answers a sync at most so often. */
export const syncSpacingMs = 1000;
/** Outcomes that are up wait so long for others: each answer costs the daemon a third of a millisecond. */
export const gatherMs = 2500;
/** A request's time may be so far from the agent's own monotonic clock. */
export const timeWindowMs = 30_000;

export interface Hello {
	tailprobe: 'agent';
	protocol: number;
	/** Another one after each start. */
	boot: string;
	nowMs: number;
}

export interface SyncRequest {
	/** Another one for each start of the daemon: the last one that speaks has the agent. */
	daemon: string;
	/** The list that is to be in force; `checks` only where the agent has not got it. Absent: it stays as it is. */
	list?: {version: string; checks?: readonly Check[]};
	/** Number of the last outcome that was received; it and those before it may be forgotten. */
	ack: number;
	/** So many outcomes are wanted at most; 0: only the state. */
	max: number;
	/** How long the agent may wait for outcomes. */
	waitMs: number;
	/** The condition that was told last: another one is told at once. */
	seen?: string;
}

/** An outcome on its way: when it began is told as an age, because the agent's wall clock may be wrong. */
export interface WireOutcome extends Omit<Outcome, 'startedAt' | 'belated' | 'withheld'> {
	/** Counts up from 1 since the agent started. */
	n: number;
	/** Milliseconds since the run began. */
	ageMs: number;
}

export interface AgentState
	extends Pick<VantageState, 'condition' | 'detail' | 'latenessMs' | 'runsInFlight' | 'facts'> {
	version: string;
	addresses: readonly string[];
	runs: RunCounts;
	skippedSlots: {overlap: number; late: number};
	threadRestarts: number;
	/** Checks of the list that the agent does not run, because its own configuration does not allow them or it does not know them. */
	denied: number;
	/** Outcomes that were forgotten before anybody received them, since it started. */
	dropped: number;
}

/** Why an agent turns a request away: codes, because nothing of an unproved answer is shown. */
export const refusalCodes = [
	'request',
	'boot',
	'clock',
	'address',
	'proof',
	'replay',
	'busy',
	'superseded',
	'failed',
] as const;
export type RefusalCode = (typeof refusalCodes)[number];

/** The border on the agent's side. Each check is looked at by itself (`read-check.ts`). */
export const syncRequestSchema = z.object({
	daemon: z.string().regex(/^[0-9a-f]{32}$/),
	list: z
		.object({
			version: z.string().regex(/^[0-9a-f]{1,64}$/),
			checks: z.array(z.unknown()).max(wireLimits.checks).optional(),
		})
		.optional(),
	ack: z.int().min(0),
	max: z.int().min(0).max(wireLimits.outcomes),
	waitMs: z.int().min(0).max(wireLimits.waitMs),
	seen: z.string().max(20).optional(),
});

export const runRequestSchema = z.object({
	check: z.unknown(),
	deadlineMs: z.number().min(1).max(wireLimits.runMs),
});

const count = z.int().min(0);
const milliseconds = z.number().min(0).max(1e9);

export const helloSchema = z.object({
	tailprobe: z.literal('agent'),
	protocol: z.int().min(0).max(1_000_000),
	boot: z.string().regex(/^[0-9a-f]{32}$/),
	nowMs: z.int(),
});

/** The border on the daemon's side. Each outcome is looked at by itself (`vantages/agent-outcome.ts`). */
export const syncAnswerSchema = z.object({
	/** The list in force; null: none. */
	list: z
		.string()
		.regex(/^[0-9a-f]{1,64}$/)
		.nullable(),
	outcomes: z.array(z.unknown()),
	/** There are more of them. */
	more: z.boolean(),
	state: z.object({
		condition: z.enum(['sound', 'sick', 'gone', 'starting']),
		detail: z.string().max(2000).optional(),
		latenessMs: milliseconds,
		runsInFlight: count,
		facts: z.record(z.string().max(60), z.string().max(1000)),
		version: z.string().max(100),
		addresses: z.array(z.string().max(100)).max(20),
		runs: z.object({started: count, up: count, down: count, unknown: count}),
		skippedSlots: z.object({overlap: count, late: count}),
		threadRestarts: count,
		denied: count,
		dropped: count,
	}),
});

export const runAnswerSchema = z.object({outcome: z.unknown()});

export const refusalSchema = z.object({refused: z.enum(refusalCodes)});
