/** How long a target took, as opposed to how long our run took. */

import type {Check, Outcome} from './types.ts';

/**
 * Seconds that were measured: the phases together. What we do before, between and after them (reading files, making sockets, unpacking,
 * asking tailscaled what should have come) is the run's and not the target's. Of a run without phases all of it.
 */
export function measuredSeconds({durationMs, reading}: Pick<Outcome, 'durationMs' | 'reading'>): number {
	const phases = Object.values(reading?.phases ?? {});
	return phases.length === 0 ? durationMs / 1000 : phases.reduce((sum, seconds) => sum + seconds, 0);
}

/** The latency of a run that was up, seconds: its round trip where the type has one. undefined where the run has none that is true. */
export function latencySeconds({type}: Pick<Check, 'type'>, outcome: Outcome | undefined): number | undefined {
	if (outcome?.verdict !== 'up' || outcome.late) return undefined;
	const values = outcome.reading?.values ?? {};
	if (type === 'tunnel') return values.tsmp_seconds ?? values.disco_seconds;
	if (type === 'icmp' || type === 'stun') return values.rtt_seconds;
	return measuredSeconds(outcome);
}
