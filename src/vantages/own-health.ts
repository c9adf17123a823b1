/** Keeps an eye on the vantage's own tailscaled, and decides whether a failure over the tailnet may be believed. */

import type {Outcome, Reason} from '../engine/types.ts';
import {type Clock, systemClock} from '../util/clock.ts';
import {messageOf} from '../util/errors.ts';
import {asSentence} from '../util/words.ts';
import {type Belief, createBelief} from './belief.ts';
import type {Identity, SelfCheck, SelfCheckResult} from './self-check.ts';
import type {ThreadState} from './thread-messages.ts';
import {notBelieved} from './unknown-outcome.ts';

/** How long what a look found makes failures unbelievable, and how often `watch` looks. */
export interface OwnHealthTimes {
	/** Between two looks, and after one that found us sick. */
	watchMs: number;
	/**
	 * After one that found us not running (signed out, starting), or with another key or process than at the last look: with a new
	 * key of ours, peers answer only once headscale has told them, seldom as late as 36 s after our own tailscaled says Running
	 * (2 of 12 restarts with headscale 0.29.2 and tailscaled 1.102.3; the others took under 20).
	 */
	joiningMs: number;
	/** After one that found us without a network: the connection to the relay is back only with TCP's next retransmission. */
	reconnectingMs: number;
	/** A check all of whose runs were excused, while looks found us sound for so long altogether, is excused no more. */
	patienceMs: number;
}

/** What is used where nothing else is said. */
export const defaultTimes: OwnHealthTimes = {
	watchMs: 5000,
	joiningMs: 40_000,
	reconnectingMs: 15_000,
	patienceMs: 60_000,
};
/** Time between two looks counts as sound for so many `watchMs` at most: a process that was stopped has not looked. */
const longestGap = 3;
/** Those that were excused first are forgotten first. */
const excusedKept = 20_000;

/** Failures that a broken tailscaled of our own would cause as well; an answer with the wrong status proves that it works. */
export const ambiguous: ReadonlySet<Reason> = new Set([
	'resolve',
	'refused',
	'unreachable',
	'timeout',
	'reset',
	'loss',
	'proxy',
]);

export interface OwnHealthOptions {
	/** Shared with whoever else measures from here. */
	belief?: Belief;
	times?: Partial<OwnHealthTimes>;
	/** For tests: measures the time in which we were sound. */
	clock?: Pick<Clock, 'now'>;
}

export interface OwnHealth {
	/** The outcome as it stands, or unknown (`vantage`) when the vantage itself is sick. */
	excuse(outcome: Outcome): Promise<Outcome>;
	state(): Pick<ThreadState, 'sound' | 'detail' | 'facts' | 'addresses'>;
	/** Looks now and every few seconds; calls when soundness or our addresses changed. */
	watch(onChange: () => void): void;
	stop(): void;
}

/** Without a self-check (no tailscaled here) everything is believed. */
export function createOwnHealth(
	selfCheck: SelfCheck | undefined,
	stopping: AbortSignal,
	options: OwnHealthOptions = {},
): OwnHealth {
	const {belief = createBelief(), clock = systemClock} = options;
	const {watchMs, joiningMs, reconnectingMs, patienceMs} = {...defaultTimes, ...options.times};
	let last: SelfCheckResult | undefined;
	let lookedAt = clock.now();
	/** The last that was known. */
	let identity: Identity | undefined;
	/** For how long looks have found us sound, altogether. */
	let soundMs = 0;
	/** By the key of a check whose runs were all excused since: what `soundMs` was at the first of them. */
	const excusedSince = new Map<string, number>();
	let timer: NodeJS.Timeout | undefined;

	return {
		async excuse(outcome) {
			const {key, verdict, reason, durationMs} = outcome;
			if (!selfCheck || verdict === 'unknown') return outcome;
			if (verdict !== 'down' || reason === undefined || !ambiguous.has(reason)) {
				excusedSince.delete(key);
				return outcome;
			}
			const begunAt = performance.now() - durationMs;
			// What was sound before the run may have broken since, and made it fail.
			const result = await look(selfCheck, 'full', begunAt);
			// A run that began while we were sick may have failed for that, even if we are sound by now.
			if (result.sound && !belief.suspended(performance.now() - begunAt)) {
				excusedSince.delete(key);
				return outcome;
			}
			// Whoever is sick for a moment again and again would never believe anything.
			const excusedMs = soundMs - firstExcuse(key);
			if (result.sound && excusedMs >= patienceMs) return outcome;
			return {
				...outcome,
				verdict: 'unknown',
				reason: 'vantage',
				detail: asSentence(
					`${notBelieved} ${result.detail ?? 'the vantage itself was not sound, or had just joined the tailnet, a moment ago'}`,
				),
			};
		},
		state: () => ({
			sound: selfCheck ? last?.sound : true,
			...(last?.detail === undefined ? {} : {detail: last.detail}),
			facts: last?.facts ?? {},
			addresses: last?.addresses ?? [],
		}),
		watch(onChange) {
			if (selfCheck) void lookAgain(selfCheck, onChange);
		},
		stop: () => clearTimeout(timer),
	};

	async function lookAgain(check: SelfCheck, onChange: () => void): Promise<void> {
		const before = last;
		const now = await look(check, 'quick');
		if (before?.sound !== now.sound || before?.addresses.join() !== now.addresses.join()) onChange();
		if (!stopping.aborted) timer = setTimeout(() => void lookAgain(check, onChange), watchMs);
	}

	async function look(check: SelfCheck, depth: 'full' | 'quick', since?: number): Promise<SelfCheckResult> {
		const wasSound = last?.sound === true;
		try {
			last = await check.look(stopping, depth, since);
		} catch (error) {
			last = {sound: false, detail: messageOf(error), facts: last?.facts ?? {}, addresses: last?.addresses ?? []};
		}
		const now = clock.now();
		if (wasSound && last.sound) soundMs += Math.min(now - lookedAt, longestGap * watchMs);
		lookedAt = now;
		if (mustRejoin(last) || isAnother(identity, last.identity)) belief.suspend(joiningMs);
		else if (last.network === 'silent') belief.suspend(reconnectingMs);
		else if (!last.sound) belief.suspend(watchMs);
		identity = last.identity ?? identity;
		return last;
	}

	function firstExcuse(key: string): number {
		const known = excusedSince.get(key);
		if (known !== undefined) return known;
		for (const oldest of excusedSince.keys()) {
			if (excusedSince.size < excusedKept) break;
			excusedSince.delete(oldest);
		}
		excusedSince.set(key, soundMs);
		return soundMs;
	}
}

function mustRejoin({facts: {backendState}}: SelfCheckResult): boolean {
	return backendState !== undefined && backendState !== 'Running';
}

function isAnother(before: Identity | undefined, now: Identity | undefined): boolean {
	if (!before || !now) return false;
	const differs = (known: string, found: string) => known !== '' && found !== '' && known !== found;
	return differs(before.nodeKey, now.nodeKey) || differs(before.process, now.process);
}
