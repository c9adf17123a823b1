/** Keeps the measuring thread alive, and says "unknown" for its checks while it is not. */

import type {Worker} from 'node:worker_threads';
import {createSchedule} from '../engine/schedule.ts';
import type {Check, Outcome} from '../engine/types.ts';
import {systemClock} from '../util/clock.ts';
import {startOwnWorker} from '../util/own-worker.ts';
import {type Belief, createBelief} from './belief.ts';
import type {LocalVantageOptions} from './local.ts';
import {createRunTally} from './run-tally.ts';
import type {FromThread, ThreadData, ThreadState, ToThread} from './thread-messages.ts';
import type {VantageState, VantageTrouble} from './types.ts';
import {unknownOutcome} from './unknown-outcome.ts';

export interface MeasuringThread {
	assign(checks: readonly Check[]): void;
	/** The signal cuts it short. */
	run(check: Check, deadlineMs: number, signal?: AbortSignal): Promise<Outcome>;
	state(): VantageState;
	addresses(): readonly string[];
	stop(): Promise<void>;
	/** Ends the thread as a crash would; for tests of what happens then. */
	crash(): Promise<unknown>;
}

/** V8's young generation in MiB: without a bound the process grows by some 50 MB (docs/decisions). */
const maxYoungGenerationSizeMb = 8;
/** A thread that was silent for so long is stuck, and is replaced. */
const silenceMs = 10_000;
const watchdogMs = 1000;
/** A thread that was this late lately misses answers: its vantage is sick. */
const sickLatenessMs = 1000;
const firstBackoffMs = 500;
const maxBackoffMs = 30_000;
const stopWaitMs = 3000;
/** How long after its deadline a run on the thread is given up. */
const graceMs = 5000;

/** `belief` is shared with whoever else measures from here. */
export function startMeasuringThread(options: LocalVantageOptions, belief: Belief = createBelief()): MeasuringThread {
	const {place} = options;
	let worker: Worker | undefined;
	let assigned: readonly Check[] = [];
	let last: ThreadState | undefined;
	let addresses: readonly string[] | undefined;
	let heardAt = systemClock.now();
	let bornAt = systemClock.now();
	let backoffMs = firstBackoffMs;
	let restarts = 0;
	let whyGone: string | undefined;
	let stopped: PromiseWithResolvers<void> | undefined;
	let nextRun = 1;
	let cancelRestart = () => {};
	let watchedAt = systemClock.now();
	/** Slots skipped by threads that are gone: their successor counts from zero. */
	const skippedBefore = {overlap: 0, late: 0};
	const tally = createRunTally();
	const runs = new Map<number, {check: Check; settle: (outcome: Outcome) => void}>();
	const mourning = createSchedule<Check>({
		clock: systemClock,
		async run(check) {
			tally.begin(1);
			tellOutcomes([
				unknownOutcome(check, 'scheduled', `The measuring thread is not running: ${whyGone ?? 'it is starting'}.`),
			]);
			return false;
		},
		onSkip() {},
	});
	const watchdog = setInterval(() => {
		const now = systemClock.now();
		// Whoever was stopped or blocked itself has not yet read what the thread said meanwhile.
		if (now - watchedAt > 2 * watchdogMs) heardAt = now;
		watchedAt = now;
		if (worker && now - heardAt > silenceMs) {
			whyGone = `it said nothing for ${silenceMs / 1000} s`;
			void worker.terminate();
		}
	}, watchdogMs);
	watchdog.unref();
	start();

	return {
		assign(checks) {
			assigned = checks;
			if (worker) send({kind: 'assign', checks});
			else mourning.update(checks);
		},
		run(check, deadlineMs, signal) {
			const {promise, resolve} = Promise.withResolvers<Outcome>();
			if (!worker)
				return Promise.resolve(
					unknownOutcome(check, 'adhoc', `The measuring thread is not running: ${whyGone ?? 'it is starting'}.`),
				);
			const id = nextRun++;
			const cancel = systemClock.after(deadlineMs + graceMs, () =>
				settle(unknownOutcome(check, 'adhoc', 'The measuring thread did not answer in time.')),
			);
			const onAbort = () => send({kind: 'cancel', id});
			const settle = (outcome: Outcome) => {
				cancel();
				signal?.removeEventListener('abort', onAbort);
				runs.delete(id);
				resolve(outcome);
			};
			runs.set(id, {check, settle});
			send({kind: 'run', id, check, deadlineMs});
			if (signal?.aborted) onAbort();
			else signal?.addEventListener('abort', onAbort, {once: true});
			return promise;
		},
		state: () => ({
			name: place.vantage,
			type: 'local',
			...(worker
				? conditionOf(last)
				: {condition: 'gone' as const, detail: `The measuring thread ended: ${whyGone ?? 'it is starting'}.`}),
			latenessMs: last?.latenessMs ?? 0,
			runsInFlight: last?.runsInFlight ?? 0,
			runs: tally.counts(),
			skippedSlots: {
				overlap: skippedBefore.overlap + (last?.skippedSlots.overlap ?? 0),
				late: skippedBefore.late + (last?.skippedSlots.late ?? 0),
			},
			threadRestarts: restarts,
			facts: {...last?.facts, ...(isStarved(last) ? {trouble: 'late' satisfies VantageTrouble} : {})},
		}),
		addresses: () => addresses ?? [],
		async stop() {
			clearInterval(watchdog);
			cancelRestart();
			await mourning.stop();
			stopped = Promise.withResolvers();
			if (!worker) return;
			send({kind: 'stop'});
			const giveUp = systemClock.after(stopWaitMs, () => void worker?.terminate());
			await stopped.promise;
			giveUp();
		},
		crash: async () => worker?.terminate(),
	};

	function start(): void {
		const data: ThreadData = {place, belief: belief.memory};
		const young = startOwnWorker('./local-thread.ts', import.meta.url, {
			workerData: data,
			resourceLimits: {maxYoungGenerationSizeMb},
			name: 'measuring',
		});
		worker = young;
		bornAt = systemClock.now();
		heardAt = bornAt;
		young.on('message', (message: FromThread) => {
			heardAt = systemClock.now();
			onMessage(message);
		});
		young.on('error', error => {
			whyGone = error instanceof Error ? error.message : String(error);
		});
		young.on('exit', code => onExit(code));
		mourning.update([]);
		send({kind: 'assign', checks: assigned});
	}

	function onMessage(message: FromThread): void {
		if (message.kind === 'outcomes') {
			tally.begin(message.started);
			tellOutcomes(message.outcomes);
		} else if (message.kind === 'ran') runs.get(message.id)?.settle(message.outcome);
		else if (message.kind === 'bug') options.onBug(message.text);
		else if (message.kind === 'state') {
			// First, since whoever is told of addresses asks for the state.
			last = message.state;
			if (message.state.sound !== undefined) {
				const before = addresses?.join();
				// A tailscaled that stopped tells no addresses; those it had are still ours.
				if (addresses === undefined || message.state.addresses.length > 0) addresses = message.state.addresses;
				if (before !== addresses.join()) options.onAddresses();
			}
		}
	}

	function tellOutcomes(outcomes: readonly Outcome[]): void {
		tally.end(outcomes);
		if (outcomes.length > 0) options.onOutcomes(outcomes);
	}

	function onExit(code: number): void {
		worker = undefined;
		tally.lose();
		whyGone ??= stopped ? 'tailprobe is ending' : `it exited with code ${code}`;
		for (const {check, settle} of [...runs.values()])
			settle(unknownOutcome(check, 'adhoc', `The measuring thread ended: ${whyGone}.`));
		if (stopped) {
			stopped.resolve();
			return;
		}
		restarts++;
		if (last) {
			skippedBefore.overlap += last.skippedSlots.overlap;
			skippedBefore.late += last.skippedSlots.late;
			last = undefined;
		}
		// A thread that lived for a while earned a fresh start.
		if (systemClock.now() - bornAt > maxBackoffMs) backoffMs = firstBackoffMs;
		options.onThreadDeath(whyGone, backoffMs);
		mourning.update(assigned);
		cancelRestart = systemClock.after(backoffMs, () => {
			if (stopped) return;
			whyGone = undefined;
			start();
		});
		backoffMs = Math.min(backoffMs * 2, maxBackoffMs);
	}

	function send(message: ToThread): void {
		worker?.postMessage(message);
	}
}

function isStarved(state: ThreadState | undefined): boolean {
	return state?.sound === true && state.latenessMs > sickLatenessMs;
}

function conditionOf(state: ThreadState | undefined): Pick<VantageState, 'condition' | 'detail'> {
	if (state?.sound === undefined) return {condition: 'starting'};
	if (isStarved(state))
		return {
			condition: 'sick',
			detail: `The measuring thread was ${Math.round(state.latenessMs)} ms late within the last 30 s: give tailprobe more CPU.`,
		};
	return {condition: state.sound ? 'sound' : 'sick', ...(state.detail === undefined ? {} : {detail: state.detail})};
}
