/**
 * How late this thread was while a run was under way. A stalled loop reads every answer late and looks exactly like a slow network,
 * so each run carries its lateness. Two instruments: a 10 ms heartbeat while runs are in flight, and, for runs too short to meet a
 * beat, the time for which the loop was busy during the run. Where no other run was under way that work was the run's own (a TLS
 * handshake takes milliseconds), as it is for every prober: then only what the loop was busy without computing counts, which is time
 * that other programs took from us.
 */

import {type EventLoopUtilization, performance} from 'node:perf_hooks';

const beatMs = 10;
/** Runs shorter than this may fall between two beats. */
const shortRunMs = 2 * beatMs;
/** Beats that were at least this late are remembered. */
const noteworthyMs = 1;
const rememberMs = 120_000;

export interface LatenessMeter {
	begin(): LatenessMark;
	/** Milliseconds that this thread was late at worst since `begin`. */
	end(mark: LatenessMark): number;
	/** The worst of the last `windowMs`. */
	worst(windowMs: number): number;
	runsInFlight(): number;
}

export interface LatenessMark {
	startedAt: number;
	utilization: EventLoopUtilization;
	cpu: NodeJS.CpuUsage;
	/** Of this run, counted from the first; undefined where another was under way when it began. */
	number: number | undefined;
}

/** Whether times of a run are spoiled: late by more than 3 ms (what a 10 ms heartbeat can tell apart) and by more than a twentieth of the run. */
export function isSpoiled(latenessMs: number, durationMs: number): boolean {
	return latenessMs > Math.max(3, durationMs / 20);
}

export function createLatenessMeter(): LatenessMeter {
	let inFlight = 0;
	let begun = 0;
	let lastBeatAt = 0;
	let timer: NodeJS.Timeout | undefined;
	let late: {at: number; latenessMs: number}[] = [];

	return {
		begin() {
			begun++;
			const isFirst = inFlight++ === 0;
			if (isFirst) {
				lastBeatAt = performance.now();
				timer = setInterval(beat, beatMs);
			}
			return {
				startedAt: performance.now(),
				utilization: performance.eventLoopUtilization(),
				cpu: process.threadCpuUsage(),
				number: isFirst ? begun : undefined,
			};
		},
		end(mark) {
			const now = performance.now();
			let latenessMs = Math.max(0, now - lastBeatAt - beatMs);
			for (let at = late.length - 1; at >= 0; at--) {
				const beatSeen = late[at];
				if (beatSeen === undefined || beatSeen.at < mark.startedAt) break;
				latenessMs = Math.max(latenessMs, beatSeen.latenessMs);
			}
			if (now - mark.startedAt < shortRunMs) latenessMs = Math.max(latenessMs, busyMs(mark));
			if (--inFlight === 0) {
				clearInterval(timer);
				remember(now, latenessMs);
			}
			return Math.min(latenessMs, now - mark.startedAt);
		},
		worst(windowMs) {
			const since = performance.now() - windowMs;
			return late.reduce((worst, seen) => (seen.at >= since ? Math.max(worst, seen.latenessMs) : worst), 0);
		},
		runsInFlight: () => inFlight,
	};

	function busyMs(mark: LatenessMark): number {
		const {active} = performance.eventLoopUtilization(mark.utilization);
		if (mark.number !== begun) return active;
		const {user, system} = process.threadCpuUsage(mark.cpu);
		return active - (user + system) / 1000;
	}

	function beat(): void {
		const now = performance.now();
		const latenessMs = now - lastBeatAt - beatMs;
		lastBeatAt = now;
		remember(now, latenessMs);
	}

	function remember(at: number, latenessMs: number): void {
		if (latenessMs < noteworthyMs) return;
		late.push({at, latenessMs});
		if (late.length > 1000) late = late.filter(seen => seen.at > at - rememberMs).slice(-500);
	}
}
