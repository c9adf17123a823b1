/** A vantage on another machine: `tailprobe agent` there, which we dial, give its whole list, and take outcomes from over one kept connection. */

import {hashOf, newNonce} from '../agent/proof.ts';
import {keepSecret} from '../agent/secret-keeper.ts';
import {
	type AgentState,
	agentPaths,
	runAnswerSchema,
	type SyncRequest,
	syncAnswerSchema,
	wireLimits,
} from '../agent/wire.ts';
import type {AgentWayConfig} from '../config/types.ts';
import type {Check, Outcome, UnknownReason} from '../engine/types.ts';
import {systemClock} from '../util/clock.ts';
import {messageOf} from '../util/errors.ts';
import {startPause} from '../util/pause.ts';
import {AgentError} from './agent-errors.ts';
import {createIntake, toOutcome} from './agent-intake.ts';
import {type AgentDial, createLine, isOfTheWorld, OversizedError, type Session} from './agent-line.ts';
import {isPlausible, readOutcome} from './agent-outcome.ts';
import {createAgentRecord} from './agent-state.ts';
import type {Member} from './members.ts';
import type {Vantage, VantageState} from './types.ts';
import {unknownOutcome} from './unknown-outcome.ts';

export interface AgentVantageOptions {
	member: Member;
	way: AgentWayConfig;
	dial: AgentDial;
	/** Outcomes of scheduled runs, in batches. */
	onOutcomes(outcomes: readonly Outcome[]): void;
	/** The condition or the addresses changed. */
	onChange(): void;
	/** An error of ours. */
	onBug(text: string): void;
	/** The agent proved that another daemon has taken it over. */
	onTaken?(): void;
	times?: Partial<AgentTimes>;
}

export interface AgentTimes {
	/** Between a failure and the next try: at first, and at most. */
	firstBackoffMs: number;
	maxBackoffMs: number;
	/** How long an agent with nothing to tell may wait. */
	waitMs: number;
	/** How much later its answer may come. */
	graceMs: number;
}

const defaultTimes: AgentTimes = {firstBackoffMs: 1000, maxBackoffMs: 10_000, waitMs: 10_000, graceMs: 5000};
/** Of this start of the daemon. */
const daemonId = newNonce();

/** Starts dialling at once, and goes on for ever; every failure is told by `state`. */
export function createAgentVantage(options: AgentVantageOptions): Vantage {
	const {member, way, dial} = options;
	const clock = systemClock;
	const times = {...defaultTimes, ...options.times};
	const line = createLine({dial, port: way.port, clock});
	const secret = keepSecret(way.secret, {clock});
	const intake = createIntake(clock);
	const record = createAgentRecord(dial.tailnet.prefixes);
	const stopping = new AbortController();
	/** The list that is to be in force there; undefined: nothing was wanted yet. */
	let wanted: {version: string; checks: readonly Check[]} | undefined;
	/** Ends the question that is asked at present. */
	let poll: AbortController | undefined;
	let session: Session | undefined;
	let lastBoot = '';
	let backoffMs = times.firstBackoffMs;
	let told = '';
	/** Ends a wait. */
	let hurry = () => {};
	const working = work();

	return {
		name: member.name,
		assign(list) {
			// Nothing was ever wanted: then what an agent still does for a daemon before us is none of our business yet.
			if (list.length === 0 && !wanted) return;
			const version = hashOf(JSON.stringify(list));
			if (version === wanted?.version) return;
			wanted = {version, checks: list};
			intake.assign(list);
			poll?.abort(listChanged);
		},
		run,
		state: () => ({name: member.name, group: member.group, ...record.state(intake)}),
		addresses: () => record.addresses(),
		async stop() {
			stopping.abort();
			poll?.abort(stopping.signal.reason);
			line.close();
			await working;
		},
	};

	async function work(): Promise<void> {
		let greetedAt = Number.NEGATIVE_INFINITY;
		while (!stopping.signal.aborted) {
			try {
				session = await greet();
				greetedAt = clock.now();
				await follow(session);
			} catch (error) {
				if (stopping.signal.aborted) break;
				if (!isOfTheWorld(error)) options.onBug(String(error instanceof Error ? error.stack : error));
				if (error instanceof OversizedError) intake.reject('excess', 1);
				session = undefined;
				line.close();
				if (error instanceof AgentError && error.code === 'superseded' && error.isProved) options.onTaken?.();
				// A new hello mends it.
				if (isStale(error) && clock.now() - greetedAt > times.firstBackoffMs) continue;
				const {unsupported = false} = error instanceof AgentError ? error : {};
				record.lose(messageOf(error), unsupported);
				tellChange();
				await pause(unsupported ? times.maxBackoffMs : backoffMs * (0.8 + 0.4 * Math.random()));
				backoffMs = Math.min(2 * backoffMs, times.maxBackoffMs);
			}
		}
	}

	async function greet(): Promise<Session> {
		const host = member.address ?? member.node?.addresses[0];
		if (host === undefined)
			throw new AgentError(`No address in the tailnet is known of ${member.name}, so its agent cannot be dialled.`, {
				unsupported: true,
			});
		const secrets = secret.accepted();
		if (secrets.length === 0) throw new AgentError(secret.problem() ?? 'The secret of the agent way cannot be read.');
		const found = await line.greet(host, secrets, stopping.signal);
		intake.restart(found.boot);
		return found;
	}

	/** Gives the list and asks for news, for as long as that works. */
	async function follow(first: Session): Promise<void> {
		let now = first;
		// At first only how it is: whoever uses us decides then what it shall measure.
		let greeting: Synced | undefined;
		while (!greeting) greeting = await syncUnlessChanged(now, {max: 0, waitMs: 0});
		let there = greeting.list;
		let seen = greeting.condition;
		let renewAt = clock.now() + renewMs;
		// Whoever was told of us may give its list in the next microtask.
		await pause(0);
		while (!stopping.signal.aborted) {
			const accepted = secret.accepted();
			if (!accepted.includes(now.secret) || (accepted[0] !== now.secret && clock.now() >= renewAt)) {
				now = await greet();
				session = now;
				renewAt = clock.now() + renewMs;
			}
			const askedAt = clock.now();
			const rejectedBefore = sumOf(intake.counts().rejected);
			const list = wanted && (there === wanted.version ? {version: wanted.version} : wanted);
			const max = wanted ? wireLimits.outcomes : 0;
			const answer = await syncUnlessChanged(now, {...(list ? {list} : {}), max, waitMs: times.waitMs, seen});
			if (!answer) continue;
			there = answer.list;
			seen = answer.condition;
			// However fast an agent answers, and whatever: so much of our time it gets.
			const spacingMs = sumOf(intake.counts().rejected) > rejectedBefore ? lyingSpacingMs : leastSpacingMs;
			const leftMs = askedAt + spacingMs - clock.now();
			if (leftMs > 0) await pause(leftMs);
		}
	}

	/** Undefined: another list is wanted meanwhile. */
	async function syncUnlessChanged(now: Session, what: Wanted): Promise<Synced | undefined> {
		try {
			return await sync(now, what);
		} catch (error) {
			if (error === listChanged) return undefined;
			throw error;
		}
	}

	async function sync(now: Session, what: Wanted): Promise<Synced> {
		const limitMs = what.waitMs + times.graceMs;
		const body = JSON.stringify({daemon: daemonId, ack: intake.acknowledged(), ...what});
		if (Buffer.byteLength(body) > wireLimits.requestBytes)
			throw new AgentError(
				`The list of checks for ${member.name} has more than ${wireLimits.requestBytes} bytes, which no agent takes: give it fewer.`,
			);
		const late = new AgentError(
			`The agent at ${now.address} port ${now.port} said nothing for ${Math.round(limitMs / 1000)} s: it hangs, or the way to it is broken.`,
		);
		// One signal made by hand: those of AbortSignal.any cost more than the whole rest.
		poll = new AbortController();
		if (stopping.signal.aborted) poll.abort(stopping.signal.reason);
		const cancelLate = clock.after(limitMs, () => poll?.abort(late));
		let answer: unknown;
		try {
			answer = await line.ask(now, agentPaths.sync, body, {signal: poll.signal});
		} finally {
			cancelLate();
			poll = undefined;
		}
		const read = syncAnswerSchema.safeParse(answer);
		if (!read.success) {
			intake.reject('malformed', 1);
			throw new AgentError(
				`The agent at ${now.address} port ${now.port} answers in a form that this version of tailprobe does not know: have both sides the same?`,
			);
		}
		const {list, outcomes, state} = read.data;
		record.note(state as AgentState, now.boot !== lastBoot);
		lastBoot = now.boot;
		backoffMs = times.firstBackoffMs;
		const taken = intake.take(outcomes);
		if (taken.length > 0) options.onOutcomes(taken);
		tellChange();
		return {list, condition: state.condition};
	}

	async function run(check: Check, deadlineMs: number, signal?: AbortSignal): Promise<Outcome> {
		const fail = (detail: string, reason: UnknownReason = 'vantage') => unknownOutcome(check, 'adhoc', detail, reason);
		// Somebody asks because something is wrong: it is tried now, not when its turn comes.
		const now = session ?? (await sessionNow(Math.min(deadlineMs, longestTryMs), signal));
		if (!now)
			return fail(record.state(intake).detail ?? `It is not known yet whether the agent of ${member.name} works.`);
		const late = AbortSignal.timeout(deadlineMs + times.graceMs);
		const ended = AbortSignal.any([stopping.signal, late, ...(signal ? [signal] : [])]);
		let answer: unknown;
		try {
			const body = JSON.stringify({check, deadlineMs});
			answer = await line.ask(now, agentPaths.run, body, {signal: ended, apart: true});
		} catch (error) {
			if (signal?.aborted) return fail('The run was cut short because its caller went away.', 'canceled');
			if (stopping.signal.aborted) return fail('The run was cut short because tailprobe is ending.', 'canceled');
			if (late.aborted) return fail(`The agent of ${member.name} did not answer in time.`);
			if (!isOfTheWorld(error)) options.onBug(String(error instanceof Error ? error.stack : error));
			return fail(messageOf(error));
		}
		const read = runAnswerSchema.safeParse(answer);
		const outcome = read.success ? readOutcome(read.data.outcome) : undefined;
		if (outcome?.key === check.key && outcome.kind === 'adhoc' && isPlausible(outcome, {timeoutMs: deadlineMs}))
			return toOutcome({...outcome, ageMs: outcome.durationMs}, check, clock);
		intake.reject('malformed', 1);
		return fail(`The agent of ${member.name} answered with what is no outcome of this check.`);
	}

	function tellChange(): void {
		const now = `${record.condition(intake)} ${record.addresses().join()}`;
		if (now === told) return;
		told = now;
		options.onChange();
	}

	/** Cuts the wait for the next try short; undefined when that did not help in time. */
	async function sessionNow(waitMs: number, signal: AbortSignal | undefined): Promise<Session | undefined> {
		hurry();
		const until = clock.now() + waitMs;
		while (!session && clock.now() < until && !signal?.aborted && !stopping.signal.aborted)
			await startPause(clock, tryPollMs, stopping.signal).over;
		return session;
	}

	function pause(delayMs: number): Promise<void> {
		const {over, end} = startPause(clock, delayMs, stopping.signal);
		hurry = end;
		return over;
	}
}

/** What a sync asks for. */
type Wanted = Omit<SyncRequest, 'daemon' | 'ack'>;

interface Synced {
	/** In force there. */
	list: string | null;
	condition: VantageState['condition'];
}

const listChanged = new Error('another list is wanted');
/** After a rotation of our secret so often is asked whether the agent has it too. */
const renewMs = 30_000;
/** Whoever asks for a run waits at most so long for an agent that is not reached. */
const longestTryMs = 3000;
const tryPollMs = 50;
/** Between two questions at least. */
const leastSpacingMs = 200;
/** After an answer of which something was dropped. */
const lyingSpacingMs = 5000;

function isStale(error: unknown): boolean {
	return error instanceof AgentError && (error.code === 'boot' || error.code === 'clock');
}

function sumOf(counts: Readonly<Record<string, number>>): number {
	return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
