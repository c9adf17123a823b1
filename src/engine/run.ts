/** One run: one deadline, and an outcome whatever happens. */

import type {Place, Probe} from '../probes/types.ts';
import type {Clock} from '../util/clock.ts';
import {CannotLookError, messageOf, TargetDownError} from '../util/errors.ts';
import {formatDurationMs} from '../util/units.ts';
import {isSpoiled, type LatenessMeter} from './lateness.ts';
import type {Check, Outcome, Reading} from './types.ts';

export interface RunOptions {
	clock: Clock;
	lateness: LatenessMeter;
	kind: Outcome['kind'];
	/** Milliseconds that this run may take; at most the check's timeout for scheduled runs. */
	deadlineMs: number;
	/** Aborts when we are ending, or with a text that says why else: the run becomes `canceled`. */
	stopping: AbortSignal;
	/** Told of errors that are ours, not the world's. */
	onBug(error: unknown, check: Check): void;
}

/** A probe that does not end this long after its deadline is broken, and the run ends without it. */
const graceMs = 500;

/** Runs the check once by the probe's `measure`. Never rejects. */
export async function runCheck(check: Check, probe: Probe, place: Place, options: RunOptions): Promise<Outcome> {
	const {measure} = probe;
	if (!measure) throw new TypeError(`the ${probe.type} probe measures in rounds only`);
	const preparing = probe.prepare?.(check.target, check.options);
	if (preparing) await preparing;
	const [outcome] = await timed([check], probe, options, async signal => {
		const reading = await measure(check.target, check.options, placeOf(place, options), signal);
		return new Map([[check.key, reading]]);
	});
	return outcome as Outcome;
}

/** Runs all the checks of a round in one go. Never rejects; every check gets an outcome. */
export function runRound(
	checks: readonly Check[],
	probe: Probe,
	place: Place,
	options: RunOptions,
): Promise<Outcome[]> {
	const {round} = probe;
	if (!round) throw new TypeError(`the ${probe.type} probe does not measure in rounds`);
	return timed(checks, probe, options, signal => round.measure(checks, placeOf(place, options), signal));
}

function placeOf(place: Place, {deadlineMs, kind}: RunOptions): Place {
	return {...place, timeoutMs: deadlineMs, adhoc: kind === 'adhoc'};
}

async function timed(
	checks: readonly Check[],
	probe: Probe,
	options: RunOptions,
	measure: (signal: AbortSignal) => Promise<Map<string, Reading | Error>>,
): Promise<Outcome[]> {
	const {clock, stopping, deadlineMs} = options;
	const controller = new AbortController();
	const onStop = () => {
		const why = typeof stopping.reason === 'string' ? stopping.reason : 'tailprobe is ending';
		controller.abort(new CannotLookError('canceled', `the run was cut short because ${why}`));
	};
	if (stopping.aborted) onStop();
	else stopping.addEventListener('abort', onStop, {once: true});
	const startedAt = clock.wall();
	const mark = options.lateness.begin();
	const begunAt = clock.now();
	const giveUp = Promise.withResolvers<never>();
	let cancelGrace = () => {};
	const cancelDeadline = clock.after(deadlineMs, () => {
		controller.abort(timedOut());
	});
	controller.signal.addEventListener('abort', () => {
		cancelGrace = clock.after(graceMs, () => giveUp.reject(new OverdueError('the probe went on after its deadline')));
	});

	let found: Map<string, Reading | Error>;
	try {
		found = await Promise.race([measure(controller.signal), giveUp.promise]);
	} catch (error) {
		const failure = error instanceof Error ? error : new Error(messageOf(error));
		found = new Map(checks.map(check => [check.key, failure]));
	}
	cancelDeadline();
	cancelGrace();
	stopping.removeEventListener('abort', onStop);
	const durationMs = clock.now() - begunAt;
	const latenessMs = options.lateness.end(mark);
	const wasStarved = latenessMs > graceMs / 2;

	return checks.map(check => {
		const said = found.get(check.key);
		const outcome: Outcome = {
			key: check.key,
			startedAt,
			durationMs,
			latenessMs,
			late: probe.timedElsewhere !== true && isSpoiled(latenessMs, durationMs),
			kind: options.kind,
			// A thread that stood still gave the probe no chance to end.
			...judge(check, said instanceof OverdueError && wasStarved ? timedOut() : said, options, durationMs),
		};
		if (outcome.reason === 'timeout' && latenessMs > deadlineMs / 5) {
			outcome.verdict = 'unknown';
			outcome.reason = 'late';
			outcome.detail = `The run timed out, but tailprobe's own thread was ${Math.round(latenessMs)} ms late: it may have missed the answer. Give it more CPU.`;
		}
		return outcome;
	});
}

class OverdueError extends Error {}

function timedOut(): DOMException {
	return new DOMException('the deadline of the run passed', 'TimeoutError');
}

function judge(
	check: Check,
	found: Reading | Error | undefined,
	options: RunOptions,
	durationMs: number,
): Pick<Outcome, 'verdict' | 'reason' | 'detail' | 'reading'> {
	if (found === undefined)
		return {verdict: 'unknown', reason: 'incomplete', detail: 'The round ended without an answer for this target.'};
	if (!(found instanceof Error)) {
		if (found.ok) return {verdict: 'up', reading: found};
		return {
			verdict: 'down',
			reason: found.reason ?? 'protocol',
			...(found.detail === undefined ? {} : {detail: found.detail}),
			reading: found,
		};
	}
	if (found instanceof CannotLookError) return {verdict: 'unknown', reason: found.reason, detail: messageOf(found)};
	if (found instanceof TargetDownError) return {verdict: 'down', reason: found.reason, detail: messageOf(found)};
	if (found.name === 'TimeoutError') {
		const detail = `The ${check.type} probe of ${check.target.name} had no answer within ${formatDurationMs(durationMs)}.`;
		return {verdict: 'down', reason: 'timeout', detail};
	}
	options.onBug(found, check);
	return {verdict: 'unknown', reason: 'internal', detail: `tailprobe failed, not the target: ${messageOf(found)}`};
}
