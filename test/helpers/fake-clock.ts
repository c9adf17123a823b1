/** A clock that stands still until it is moved by hand. */

import {setImmediate as breathe} from 'node:timers/promises';
import type {Clock} from '../../src/util/clock.ts';

export interface FakeClock extends Clock {
	/** Moves time forward, calling what falls due in order and letting promises settle in between. */
	advance(ms: number): Promise<void>;
	pending(): number;
}

export function fakeClock(startWallMs = 1_700_000_000_000): FakeClock {
	let nowMs = 0;
	let timers: {at: number; call: () => void}[] = [];
	return {
		now: () => nowMs,
		wall: () => startWallMs + nowMs,
		after(delayMs, call) {
			const timer = {at: nowMs + Math.max(0, delayMs), call};
			timers.push(timer);
			return () => {
				timers = timers.filter(other => other !== timer);
			};
		},
		pending: () => timers.length,
		async advance(ms) {
			const until = nowMs + ms;
			for (;;) {
				const next = timers.toSorted((a, b) => a.at - b.at)[0];
				if (!next || next.at > until) break;
				nowMs = next.at;
				timers = timers.filter(timer => timer !== next);
				next.call();
				await breathe();
			}
			nowMs = until;
			await breathe();
		},
	};
}
