/** The last hour of many checks, minute by minute, in slabs of typed arrays: 660 bytes a check however often it runs. */

import type {Verdict} from '../engine/types.ts';
import type {StripBucket} from '../server/types.ts';

export const stripMinutes = 60;

export interface StripPool {
	/** A cleared strip of its own; give it back with `release`. */
	allocate(): number;
	release(slot: number): void;
	/** Counts one run in its minute (minutes since 1970). Runs older than the strip are left out. `seconds`: duration of an up run that counts for latency. */
	record(slot: number, minute: number, nowMinute: number, verdict: Verdict, seconds?: number): void;
	/** The hour that ends with `nowMinute`, oldest first. */
	read(slot: number, nowMinute: number): (StripBucket | undefined)[];
}

/** An empty pool; it grows by slabs of 256 strips and keeps them for reuse. */
export function createStripPool(): StripPool {
	const slabs: Slab[] = [];
	const free: number[] = [];

	return {
		allocate() {
			if (free.length === 0) {
				const first = slabs.length * slabSlots;
				slabs.push(createSlab());
				for (let slot = first + slabSlots - 1; slot >= first; slot--) free.push(slot);
			}
			const slot = free.pop() as number;
			clear(slabs[Math.floor(slot / slabSlots)] as Slab, slot % slabSlots);
			return slot;
		},
		release(slot) {
			free.push(slot);
		},
		record(slot, minute, nowMinute, verdict, seconds) {
			const slab = slabs[Math.floor(slot / slabSlots)] as Slab;
			const at = slot % slabSlots;
			if ((slab.newest[at] as number) > nowMinute + 1) clear(slab, at); // the wall clock was set back
			if (minute > nowMinute + 1 || minute <= nowMinute - stripMinutes) return;
			advance(slab, at, minute);
			const bucket = at * stripMinutes + (minute % stripMinutes);
			const counter = bucket * 3 + verdictIndex[verdict];
			slab.counts[counter] = Math.min((slab.counts[counter] as number) + 1, 65_535);
			if (seconds !== undefined && !((slab.worst[bucket] as number) >= seconds)) slab.worst[bucket] = seconds;
		},
		read(slot, nowMinute) {
			const slab = slabs[Math.floor(slot / slabSlots)] as Slab;
			const at = slot % slabSlots;
			const newest = slab.newest[at] as number;
			return Array.from({length: stripMinutes}, (_, offset) => {
				const minute = nowMinute - stripMinutes + 1 + offset;
				if (minute > newest || minute <= newest - stripMinutes) return undefined;
				return readBucket(slab, at * stripMinutes + (minute % stripMinutes));
			});
		},
	};
}

interface Slab {
	/** up, down, unknown of each minute of each slot. */
	counts: Uint16Array;
	/** Seconds of the slowest up run of each minute; NaN where there was none. */
	worst: Float32Array;
	/** Newest minute of each slot; 0: nothing yet. */
	newest: Int32Array;
}

const slabSlots = 256;
const verdictIndex: Record<Verdict, number> = {up: 0, down: 1, unknown: 2};

function createSlab(): Slab {
	return {
		counts: new Uint16Array(slabSlots * stripMinutes * 3),
		worst: new Float32Array(slabSlots * stripMinutes),
		newest: new Int32Array(slabSlots),
	};
}

function clear(slab: Slab, at: number): void {
	slab.counts.fill(0, at * stripMinutes * 3, (at + 1) * stripMinutes * 3);
	slab.worst.fill(Number.NaN, at * stripMinutes, (at + 1) * stripMinutes);
	slab.newest[at] = 0;
}

/** Empties the minutes between the newest one and `minute`, which becomes the newest. */
function advance(slab: Slab, at: number, minute: number): void {
	const newest = slab.newest[at] as number;
	if (minute <= newest) return;
	for (let passed = Math.max(newest + 1, minute - stripMinutes + 1); passed <= minute; passed++) {
		const bucket = at * stripMinutes + (passed % stripMinutes);
		slab.counts.fill(0, bucket * 3, bucket * 3 + 3);
		slab.worst[bucket] = Number.NaN;
	}
	slab.newest[at] = minute;
}

function readBucket(slab: Slab, bucket: number): StripBucket | undefined {
	const [up, down, unknown] = slab.counts.subarray(bucket * 3, bucket * 3 + 3) as unknown as [number, number, number];
	if (up + down + unknown === 0) return undefined;
	const worstSeconds = slab.worst[bucket] as number;
	return {up, down, unknown, ...(Number.isNaN(worstSeconds) ? {} : {worstSeconds})};
}
