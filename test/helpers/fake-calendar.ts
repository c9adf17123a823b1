/** A calendar whose every line falls due each so many milliseconds of a clock that is moved by hand. */

import type {Calendar} from '../../src/util/calendar.ts';
import type {Clock} from '../../src/util/clock.ts';

export function fakeCalendar(clock: Clock, everyMs: number): Calendar {
	return {
		schedule(_line, call) {
			const again = () => {
				cancel = clock.after(everyMs, again);
				call();
			};
			let cancel = clock.after(everyMs, again);
			return () => cancel();
		},
		longestGapMs: () => everyMs,
	};
}
