/** Worlds in which one of two replicas holds the lease of the inventory, and it changes hands. */

import type {Events} from './alert-world.ts';

/** For so long nobody shows the inventory when it changes hands. */
const nobodySeconds = 30;

/** The same events while the first of two replicas holds the lease, and at these times, in seconds, the other one takes over. */
export function withHandOvers(events: Events, times: readonly number[]): Events {
	return (seconds, conditions, replica) => {
		events(seconds, conditions, replica);
		const begun = times.filter(time => time <= seconds);
		const isOver = seconds >= (begun.at(-1) ?? -nobodySeconds) + nobodySeconds;
		conditions.holder = isOver ? begun.length % 2 : 'nobody';
	};
}
