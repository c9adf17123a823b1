/** Outcomes that nobody has received yet: numbered, bounded in number, size and age, handed out in pages until they are acknowledged. */

import type {Outcome} from '../engine/types.ts';
import type {Clock} from '../util/clock.ts';

export interface Outbox {
	add(outcomes: readonly Outcome[]): void;
	/** That one and those before it were received. */
	acknowledge(number: number): void;
	/** The oldest ones as JSON texts of `WireOutcome`, and whether there are more. */
	page(max: number, maxBytes: number): {outcomes: string[]; more: boolean};
	size(): number;
	/** When the oldest came, on the monotonic clock, or long ago where one of them is not up: that is told at once. */
	waitingSince(): number | undefined;
	/** Forgotten before anybody received them. */
	dropped(): number;
}

interface Letter {
	n: number;
	/** When the run began, on the monotonic clock. */
	begunAt: number;
	cameAt: number;
	isUp: boolean;
	/** Without number and age; as text it takes a third of the room. */
	json: string;
}

/** How long after its run an outcome may come from the measuring thread. */
const batchMs = 2000;

export function createOutbox(options: {clock: Clock; historyMs: number; maxCount: number; maxBytes: number}): Outbox {
	const {clock, historyMs, maxCount, maxBytes} = options;
	let letters: Letter[] = [];
	let bytes = 0;
	let last = 0;
	let dropped = 0;

	return {
		add(outcomes) {
			for (const outcome of outcomes) {
				const letter = {
					n: ++last,
					begunAt: begunAt(outcome, clock),
					cameAt: clock.now(),
					isUp: outcome.verdict === 'up',
					json: jsonOf(outcome),
				};
				letters.push(letter);
				bytes += letter.json.length;
			}
			forget();
		},
		acknowledge(number) {
			const first = letters.findIndex(({n}) => n > number);
			remove(first < 0 ? letters.length : first);
		},
		page(max, pageBytes) {
			forget();
			const now = clock.now();
			const outcomes: string[] = [];
			let size = 0;
			for (const {n, begunAt: since, json} of letters) {
				size += json.length;
				if (outcomes.length >= max || (outcomes.length > 0 && size > pageBytes)) break;
				outcomes.push(`{"n":${n},"ageMs":${Math.max(0, Math.round(now - since))},${json.slice(1)}`);
			}
			return {outcomes, more: outcomes.length < letters.length};
		},
		size: () => letters.length,
		waitingSince: () => (letters.every(({isUp}) => isUp) ? letters[0]?.cameAt : Number.NEGATIVE_INFINITY),
		dropped: () => dropped,
	};

	function forget(): void {
		const oldest = clock.now() - historyMs;
		let count = 0;
		let left = bytes;
		for (const {begunAt: since, json} of letters) {
			if (since >= oldest && letters.length - count <= maxCount && left <= maxBytes) break;
			left -= json.length;
			count++;
		}
		dropped += count;
		remove(count);
	}

	function remove(count: number): void {
		if (count === 0) return;
		for (const {json} of letters.slice(0, count)) bytes -= json.length;
		letters = letters.slice(count);
	}
}

/** The outcome for the wire, without its wall time. */
export function jsonOf({startedAt: _, ...rest}: Outcome): string {
	return JSON.stringify(rest);
}

/**
 * When the run began, on the monotonic clock. It ended within the last moments: where the wall clock says otherwise, it was set
 * meanwhile.
 */
export function begunAt({startedAt, durationMs}: Outcome, clock: Clock): number {
	const agoMs = clock.wall() - startedAt;
	const isSane = agoMs >= durationMs - 1 && agoMs <= durationMs + batchMs;
	return clock.now() - (isSane ? agoMs : durationMs);
}
