/** The reading of a run that a failure ended, for probes that go through phases. */

import type {PhaseName, Reading} from '../../engine/types.ts';
import {ClientCertificateError, type Shown, verdictIn} from '../../net/client-certificate.ts';
import type {PhaseClock} from '../../net/phase-clock.ts';
import {CannotLookError, oneLine, TargetDownError} from '../../util/errors.ts';

/** What a run has learned so far. */
export interface Findings {
	clock: PhaseClock;
	values: Record<string, number>;
	facts: Record<string, string>;
	/** Where the server of the last handshake asked for a certificate of ours and has said nothing since: what it got. */
	shown?: Shown | undefined;
}

/**
 * The reading of a run that `error` ended; `what` names what was tried (`GET http://livekit:7880/`). A deadline that passed is a
 * reading too (`timeout`). Throws the signal's reason when the run was stopped, and `error` when it is not the target's failure.
 */
export function failedReading(error: unknown, what: string, findings: Findings, signal: AbortSignal): Reading {
	const {clock, values, facts} = findings;
	clock.leave();
	if (signal.aborted && (signal.reason as Error | undefined)?.name !== 'TimeoutError') throw signal.reason;
	// Told after the deadline, it is all the same no fault of the target.
	if (error instanceof CannotLookError) throw error;
	if (signal.aborted) {
		const doing =
			clock.reached === undefined ? '' : `, the last ${inMs(clock.lastMs())} ${doings[clock.reached](facts)}`;
		return down('timeout', `${what} was not done at the deadline, after ${inMs(clock.elapsedMs())}${doing}`);
	}
	if (!(error instanceof TargetDownError)) throw error;
	const failure = verdictIn(error, findings.shown);
	// The server's half of the handshake failed, although ours had ended.
	if (findings.shown && failure instanceof ClientCertificateError) clock.addLastTo('tls');
	const doing = clock.reached === undefined ? '' : `, ${doings[clock.reached](facts)}`;
	return down(failure.reason, `${what} failed after ${inMs(clock.elapsedMs())}${doing}: ${failure.message}`);

	function down(reason: TargetDownError['reason'], detail: string): Reading {
		if (clock.reached !== undefined) facts.phase = clock.reached;
		return {ok: false, reason, detail: oneLine(detail, 300), phases: clock.seconds(), values, facts};
	}
}

/** A time for a sentence: `0.4 ms`, `12 ms`. */
export function inMs(milliseconds: number): string {
	return `${milliseconds < 10 ? Math.round(milliseconds * 10) / 10 : Math.round(milliseconds)} ms`;
}

/** What is being done in each phase, as a clause. */
export const doings: Record<PhaseName, (facts: Record<string, string>) => string> = {
	resolve: ({resolved_by: by}) => (by === 'literal' ? 'before connecting' : 'resolving the name'),
	connect: ({address}) => `connecting to ${address ?? 'the address'}`,
	connect_proxy: ({address}) => `having the SOCKS5 proxy connect to ${address ?? 'the address'}`,
	tls: ({address}) => `in the TLS handshake with ${address ?? 'the address'}`,
	processing: ({address}) => `waiting for the answer of ${address ?? 'the address'}`,
	transfer: ({address}) => `reading the answer of ${address ?? 'the address'}`,
};
