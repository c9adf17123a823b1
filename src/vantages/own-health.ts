/** Keeps an eye on the vantage's own tailscaled, and decides whether a failure over the tailnet may be believed. */

import type {Outcome, Reason} from '../engine/types.ts';
import {messageOf} from '../util/errors.ts';
import type {SelfCheck, SelfCheckResult} from './self-check.ts';
import type {ThreadState} from './thread-messages.ts';

/** How long a look that found us sick makes failures unbelievable, and how often `watch` looks. */
export interface OwnHealthTimes {
	/** Between two looks, and after one that found us sick. */
	watchMs: number;
	/**
	 * After one that found us signed out, not connected or without a network: with a new key of ours, peers answer only once
	 * headscale has told them, some seconds after our own tailscaled says Running, and after a silence its connection to the
	 * relay is back only with TCP's next retransmission (both seen with headscale 0.29.2 and tailscaled 1.102.3).
	 */
	joiningMs: number;
}

const defaultTimes: OwnHealthTimes = {watchMs: 5000, joiningMs: 15_000};

/** Failures that a broken tailscaled of our own would cause as well; an answer with the wrong status proves that it works. */
const ambiguous: ReadonlySet<Reason> = new Set([
	'resolve',
	'refused',
	'unreachable',
	'timeout',
	'reset',
	'loss',
	'proxy',
]);

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
	{watchMs, joiningMs}: OwnHealthTimes = defaultTimes,
): OwnHealth {
	let last: SelfCheckResult | undefined;
	let believedFrom = Number.NEGATIVE_INFINITY;
	let timer: NodeJS.Timeout | undefined;

	return {
		async excuse(outcome) {
			if (!selfCheck || outcome.verdict !== 'down' || outcome.reason === undefined || !ambiguous.has(outcome.reason))
				return outcome;
			// What was sound before the run may have broken since, and made it fail.
			const result = await look(selfCheck, 'full', performance.now() - outcome.durationMs);
			// A run that began while we were sick may have failed for that, even if we are sound by now.
			const sickDuringRun = performance.now() - outcome.durationMs < believedFrom;
			if (result.sound && !sickDuringRun) return outcome;
			return {
				...outcome,
				verdict: 'unknown',
				reason: 'vantage',
				detail: `Nothing can be said about the target: ${result.detail ?? 'the vantage itself was not sound a moment ago'}.`,
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
		try {
			last = await check.look(stopping, depth, since);
		} catch (error) {
			last = {sound: false, detail: messageOf(error), facts: last?.facts ?? {}, addresses: last?.addresses ?? []};
		}
		if (!last.sound)
			believedFrom = Math.max(believedFrom, performance.now() + (mustRejoin(last) ? joiningMs : watchMs));
		return last;
	}
}

/** Whether what was found takes tailscaled some time to recover from, once it is over. */
function mustRejoin({facts: {backendState}, network}: SelfCheckResult): boolean {
	return (backendState !== undefined && backendState !== 'Running') || network === 'silent';
}
