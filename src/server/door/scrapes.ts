/** Remembers when /metrics was last read, and when somebody was last turned away from it. */

import type {Scrapes} from '../../notes/scrape-notes.ts';
import type {Clock} from '../../util/clock.ts';

export interface ScrapeTimes {
	answered(): void;
	refused(status: number): void;
	known(): Scrapes;
}

/** Begins to count now. */
export function createScrapeTimes(clock: Pick<Clock, 'wall'>): ScrapeTimes {
	let known: Scrapes = {sinceMs: clock.wall()};
	return {
		answered() {
			known = {sinceMs: known.sinceMs, answeredMs: clock.wall()};
		},
		refused(status) {
			known = {...known, refused: {ms: clock.wall(), status}};
		},
		known: () => known,
	};
}
