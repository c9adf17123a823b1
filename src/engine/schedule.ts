/**
 * When jobs run. A job is one check, or one round of many; the schedule does not care.
 * Slots are computed from slots, never from when a run ended, so that nothing drifts.
 */

import type {Clock} from '../util/clock.ts';
import {hashText} from '../util/hash.ts';

export interface Job {
	/** Stable: decides the job's place within the interval. */
	key: string;
	intervalMs: number;
	/** How long a run may take. */
	timeoutMs: number;
	/** After a run that asks for it, run again this much later, between the slots. */
	recheckMs?: number;
}

export interface ScheduleOptions<J extends Job> {
	clock: Clock;
	/** Runs the job once; answers whether it is failing, so that it is looked at again after `recheckMs`. Must not throw. */
	run(job: J, kind: 'scheduled' | 'recheck'): Promise<boolean>;
	/** Slots that passed without a run: the job was still running (`overlap`), or our own thread came too late (`late`). */
	onSkip(job: J, why: 'overlap' | 'late', slots: number): void;
}

export interface Schedule<J extends Job> {
	/** Takes the whole list: new jobs start, gone ones stop, the others keep their slots and use the new definition at their next run. */
	update(jobs: readonly J[]): void;
	/** Starts no more runs and waits for those under way. */
	stop(): Promise<void>;
}

interface Entry<J> {
	job: J;
	slotAt: number;
	cancelSlot: () => void;
	cancelRecheck: () => void;
	running: Promise<void> | undefined;
}

/** Spreads the jobs over their intervals by a hash of their keys (the same place after a restart) and never overlaps a job with itself. */
export function createSchedule<J extends Job>(options: ScheduleOptions<J>): Schedule<J> {
	const {clock} = options;
	const entries = new Map<string, Entry<J>>();
	const ending = new Set<Promise<void>>();
	let stopped = false;

	return {update, stop};

	function update(jobs: readonly J[]): void {
		if (stopped) return;
		const wanted = new Map(jobs.map(job => [job.key, job]));
		for (const [key, entry] of entries) {
			const job = wanted.get(key);
			if (job === undefined) end(key, entry);
			else if (job.intervalMs === entry.job.intervalMs) entry.job = job;
			else {
				end(key, entry);
				begin(job, entry.running);
			}
		}
		for (const [key, job] of wanted) if (!entries.has(key)) begin(job);
	}

	async function stop(): Promise<void> {
		stopped = true;
		for (const [key, entry] of entries) end(key, entry);
		await Promise.all(ending);
	}

	/** `before`: a run of the same key under its old interval, which must not be overlapped either. */
	function begin(job: J, before?: Promise<void>): void {
		const entry: Entry<J> = {
			job,
			slotAt: clock.now() + firstDelayMs(job, clock.wall()),
			cancelSlot: nothing,
			cancelRecheck: nothing,
			running: undefined,
		};
		entries.set(job.key, entry);
		if (before) {
			entry.running = before.finally(() => {
				entry.running = undefined;
			});
		}
		waitForSlot(entry);
	}

	function end(key: string, entry: Entry<J>): void {
		entry.cancelSlot();
		entry.cancelRecheck();
		entries.delete(key);
		const {running} = entry;
		if (running) {
			ending.add(running);
			void running.finally(() => ending.delete(running));
		}
	}

	function waitForSlot(entry: Entry<J>): void {
		entry.cancelSlot = clock.after(Math.max(0, entry.slotAt - clock.now()), () => onSlot(entry));
	}

	function onSlot(entry: Entry<J>): void {
		const {job} = entry;
		const missed = Math.floor((clock.now() - entry.slotAt) / job.intervalMs);
		if (missed > 0) {
			options.onSkip(job, 'late', missed);
			entry.slotAt += missed * job.intervalMs;
		}
		entry.slotAt += job.intervalMs;
		waitForSlot(entry);
		if (entry.running) options.onSkip(job, 'overlap', 1);
		else start(entry, 'scheduled');
	}

	function start(entry: Entry<J>, kind: 'scheduled' | 'recheck'): void {
		entry.cancelRecheck();
		entry.cancelRecheck = nothing;
		entry.running = options.run(entry.job, kind).then(failing => {
			entry.running = undefined;
			if (failing) planRecheck(entry);
		});
	}

	function planRecheck(entry: Entry<J>): void {
		const {recheckMs, timeoutMs} = entry.job;
		if (recheckMs === undefined || entries.get(entry.job.key) !== entry) return;
		// A recheck that might not have ended by the next slot would eat it, and a failing check would count fewer runs than a good one.
		if (clock.now() + recheckMs + timeoutMs >= entry.slotAt) return;
		entry.cancelRecheck = clock.after(recheckMs, () => {
			if (!entry.running) start(entry, 'recheck');
		});
	}
}

/** Time until the job's first slot. Slots lie on the wall clock, so that a restart continues in the same places. */
function firstDelayMs(job: Job, wallMs: number): number {
	const offsetMs = hashText(job.key) % job.intervalMs;
	return (((offsetMs - wallMs) % job.intervalMs) + job.intervalMs) % job.intervalMs;
}

function nothing(): void {}
