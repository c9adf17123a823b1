/** Looks for incidents every few seconds, so that metrics can tell them without any scrape waiting for that. */

import type {Clock} from '../util/clock.ts';
import {inSlices} from '../util/slices.ts';
import {type IncidentTally, noIncidents, tallyIncidents} from './incident-tally.ts';
import {incidentsInSteps} from './incidents.ts';
import type {World} from './scene.ts';

export interface IncidentRounds {
	/** As of the last round; without incidents before the first, and where that failed. */
	latest(): IncidentTally;
	/** A round under way ends without being told. */
	stop(): void;
}

export interface IncidentRoundsOptions {
	clock: Clock;
	/** What is known now. */
	world(nowMs: number): World;
	onBug(text: string): void;
}

const firstAfterMs = 5000;
const intervalMs = 15_000;
/** A round may take this part of the time: with thousands of faults at once they are looked for less often. */
const greatestShare = 0.02;
const longestIntervalMs = 120_000;

export function startIncidentRounds({clock, world, onBug}: IncidentRoundsOptions): IncidentRounds {
	let tally = noIncidents;
	let stopped = false;
	let cancel = clock.after(firstAfterMs, () => void round());
	return {
		latest: () => tally,
		stop() {
			stopped = true;
			cancel();
		},
	};

	async function round(): Promise<void> {
		const beganAt = clock.now();
		let found = noIncidents;
		try {
			const now = world(clock.wall());
			found = tallyIncidents(await inSlices(incidentsInSteps(now)), now);
		} catch (error) {
			// What was found before is not known to be so still.
			onBug(`incidents for the metrics: ${error instanceof Error ? error.stack : error}`);
		}
		if (stopped) return;
		tally = found;
		const tookMs = clock.now() - beganAt;
		const pauseMs = Math.min(Math.max(intervalMs, tookMs / greatestShare), longestIntervalMs) - tookMs;
		cancel = clock.after(pauseMs, () => void round());
	}
}
