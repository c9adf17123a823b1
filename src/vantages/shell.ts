/**
 * A vantage where only a shell is: rounds of checks as scripts over ssh or exec, by the tools that are there. What came of them is
 * judged here.
 */

import {judgeExpectation} from '../engine/turn-round.ts';
import type {Check, Outcome} from '../engine/types.ts';
import type {TailnetFacts} from '../probes/types.ts';
import type {PeerLookup} from '../shell/names.ts';
import {outcomeOf} from '../shell/outcome.ts';
import {lanesFor, type RoundResult, roundDeadlineMs, runShellRound} from '../shell/round.ts';
import {createSoundness} from '../shell/soundness.ts';
import {type Clock, systemClock} from '../util/clock.ts';
import type {CannotLookError} from '../util/errors.ts';
import type {Member} from './members.ts';
import {createRounds, type Round} from './rounds.ts';
import type {ShellTransport} from './shell-transport.ts';
import type {Vantage, VantageState} from './types.ts';

export interface ShellVantageOptions {
	member: Member;
	transport: ShellTransport;
	place: {
		/** Path of tailscaled's socket there. */
		tailscaled?: string;
		/** `address:port` of its SOCKS5 proxy there. */
		socks5?: string;
		tailnet: TailnetFacts;
		/** Embedded lab and tests only. */
		allowLoopback?: boolean;
	};
	/** The tailnet's nodes by name and address: names of the tailnet are resolved here, not there. */
	peers(): PeerLookup;
	onOutcomes(outcomes: readonly Outcome[]): void;
	/** The condition or the addresses changed. */
	onChange(): void;
	onBug(text: string): void;
	clock?: Clock;
}

interface ShellRound extends Round {
	/** Commands at a time. */
	lanes: number;
}

interface How {
	kind: Outcome['kind'] | 'look';
	lanes: number;
	deadlineMs: number;
	signal: AbortSignal;
}

/** Without rounds we look so often whether we could. */
const restMs = 60_000;
const lookDeadlineMs = 10_000;
/** While gone. */
const firstRetryMs = 1000;
const lastRetryMs = 60_000;
const rareRetryMs = 600_000;

export function createShellVantage(options: ShellVantageOptions): Vantage {
	const {member, transport, clock = systemClock} = options;
	const place = {
		vantage: member.name,
		...options.place,
		allowLoopback: options.place.allowLoopback ?? false,
	};
	const stopping = new AbortController();
	const soundness = createSoundness({clock, proxied: place.socks5 !== undefined});
	let condition: VantageState['condition'] = 'starting';
	let unsupported = false;
	let detail: string | undefined;
	let failures = 0;
	let inFlight = 0;
	let looking = false;
	let lookedAt = Number.NEGATIVE_INFINITY;
	let heardAt = clock.now();
	let cancelLook = clock.after(0, look);

	const rounds = createRounds<ShellRound>({
		clock,
		// Who gives us checks says that they are unknown; we go on trying by ourselves.
		isPaused: () => condition === 'gone',
		measure: (checks, {lanes, timeoutMs}, kind) =>
			runRound(checks, {kind, lanes, deadlineMs: timeoutMs, signal: stopping.signal}),
		onOutcomes: options.onOutcomes,
	});

	return {
		name: member.name,
		assign(checks) {
			rounds.assign(groupShellRounds(member.name, checks));
		},
		async run(check, deadlineMs, signal) {
			const ending = signal ? AbortSignal.any([stopping.signal, signal]) : stopping.signal;
			const [outcome] = await runRound([{...check, timeoutMs: deadlineMs}], {
				kind: 'adhoc',
				lanes: 4,
				deadlineMs,
				signal: ending,
			});
			return outcome as Outcome;
		},
		state: () => ({
			name: member.name,
			type: transport.type,
			group: member.group,
			condition,
			...(unsupported ? {unsupported: true as const} : {}),
			...(detail === undefined || condition === 'sound' ? {} : {detail}),
			latenessMs: 0,
			runsInFlight: inFlight,
			runs: rounds.counts(),
			skippedSlots: rounds.skippedSlots(),
			threadRestarts: 0,
			facts: soundness.facts(),
		}),
		addresses: () => soundness.addresses(),
		async stop() {
			cancelLook();
			stopping.abort('tailprobe is ending');
			await Promise.all([rounds.stop(), transport.stop()]);
		},
	};

	async function runRound(checks: readonly Check[], how: How & {kind: Outcome['kind']}): Promise<Outcome[]> {
		const startedAt = clock.wall();
		inFlight += checks.length;
		const result = await lookOver(checks, how);
		inFlight -= checks.length;
		const outcomes = checks.map(check => outcomeOf(check, how.kind, startedAt, result.found.get(check.key)));
		const saw = outcomes.some(({reading}) => reading?.facts.answered === 'true');
		return outcomes.map((outcome, at) => {
			const check = checks[at] as Check;
			return judgeExpectation(check, soundness.excuse(check, outcome, saw));
		});
	}

	async function lookOver(checks: readonly Check[], {kind, lanes, deadlineMs, signal}: How): Promise<RoundResult> {
		const result = await runShellRound(checks, {
			transport,
			place,
			peers: options.peers(),
			lanes,
			deadlineMs,
			signal,
			onBug: options.onBug,
		});
		if (!signal.aborted) note(result, kind);
		return result;
	}

	/** What a round or a look taught about the place itself; where it taught nothing but may mean something, a look tells. */
	function note({ran, refusal, hurried, status}: RoundResult, kind: How['kind']): void {
		if (!ran && !refusal) return;
		const before = `${condition} ${unsupported} ${soundness.addresses().join()}`;
		if (ran && status) soundness.learn(status);
		const trouble = ran ? soundness.trouble() : refusal?.message;
		// A person's run may want what no round does: less time, most of all.
		const isDoubtful = hurried || (kind === 'adhoc' && (!ran || (trouble !== undefined && condition === 'sound')));
		if (isDoubtful) {
			if (kind === 'look') planLook();
			else if (condition !== 'gone') lookSoon();
		} else {
			heardAt = clock.now();
			if (refusal) goAway(refusal);
			else {
				failures = 0;
				unsupported = false;
				detail = trouble;
				condition = trouble === undefined ? 'sound' : 'sick';
			}
			planLook();
		}
		if (before !== `${condition} ${unsupported} ${soundness.addresses().join()}`) options.onChange();
	}

	function goAway(refusal: CannotLookError): void {
		failures++;
		condition = 'gone';
		unsupported = refusal.reason === 'unsupported';
		detail = refusal.message;
	}

	function planLook(): void {
		cancelLook();
		if (stopping.signal.aborted) return;
		const backoffMs = Math.min(lastRetryMs, firstRetryMs * 2 ** Math.min(10, Math.max(0, failures - 1)));
		// Exec remembers itself what cannot work, answers for nothing meanwhile, and sees a pod or a node that was replaced.
		const retryMs = unsupported && transport.type !== 'pod' ? rareRetryMs : backoffMs;
		const isKnown = condition === 'sound' || condition === 'sick';
		cancelLook = clock.after(isKnown ? restMs : retryMs, look);
	}

	/** Not at each doubt: rounds that are always too short would double what is run there. */
	function lookSoon(): void {
		if (looking) return;
		cancelLook();
		cancelLook = clock.after(Math.max(0, lookedAt + lookDeadlineMs - clock.now()), look);
	}

	/** Whether something can be run there, where no round told lately. */
	function look(): void {
		if (looking || stopping.signal.aborted) return;
		looking = true;
		const asked = clock.now();
		lookedAt = asked;
		void lookOver([], {kind: 'look', lanes: 1, deadlineMs: lookDeadlineMs, signal: stopping.signal})
			.catch((error: unknown) => options.onBug(error instanceof Error ? (error.stack ?? error.message) : String(error)))
			.finally(() => {
				looking = false;
				// A round may have told meanwhile, and planned the next.
				if (heardAt < asked) planLook();
			});
	}
}

/** Checks that share interval, timeout and recheck become one round. Pure. */
export function groupShellRounds(vantage: string, checks: readonly Check[]): ShellRound[] {
	const groups = Map.groupBy(
		checks,
		({intervalMs, timeoutMs, recheckMs}) => `shell ${vantage} ${intervalMs} ${timeoutMs} ${recheckMs ?? '-'}`,
	);
	return [...groups].flatMap(([key, members]) => {
		const [first] = members;
		if (!first) return [];
		const {intervalMs, recheckMs} = first;
		const lanes = lanesFor(members.length, first.timeoutMs, intervalMs);
		const timeoutMs = roundDeadlineMs(members.length, first.timeoutMs, intervalMs);
		return [{key, intervalMs, timeoutMs, lanes, checks: members, ...(recheckMs === undefined ? {} : {recheckMs})}];
	});
}
