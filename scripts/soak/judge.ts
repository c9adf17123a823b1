/** Whether each run of a kind ended as that kind deserves. */

import type {Kind} from './kinds.ts';

/** What was counted between two looks at the metrics. */
export interface Window {
	/** Gains of `tailprobe_check_runs_total{verdict="up"}` by kind. */
	up: ReadonlyMap<string, number>;
	/** Gains of `tailprobe_check_failures_total`, by `kind reason`. */
	failures: ReadonlyMap<string, number>;
	/** The measuring thread was killed around then: its checks are unknown. */
	wasKilled: boolean;
	/** How late the targets' own process was at worst: what they owed then came late. */
	targetsLateMs: number;
	timeoutMs: number;
}

export interface Mismatch {
	kind: string;
	/** `up`, or the reason. */
	said: string;
	runs: number;
}

/** Every verdict that the kind does not deserve and that nothing excuses. */
export function findMismatches(kinds: readonly Pick<Kind, 'name' | 'deserves'>[], window: Window): Mismatch[] {
	return kinds.flatMap(({name, deserves}) => {
		const mismatches: Mismatch[] = [];
		const up = window.up.get(name) ?? 0;
		if (deserves !== 'up' && up > 0) mismatches.push({kind: name, said: 'up', runs: up});
		for (const [id, runs] of window.failures) {
			const [kind, reason = ''] = id.split(' ');
			if (kind !== name || runs === 0 || isExcused(reason, window)) continue;
			if (deserves === 'up' || !(deserves as readonly string[]).includes(reason))
				mismatches.push({kind: name, said: reason, runs});
		}
		return mismatches;
	});
}

/** `late`: the prober itself was starved, and says so. `vantage`: also where MagicDNS, which is ours, was late; it is asked in short tries. */
function isExcused(reason: string, {wasKilled, targetsLateMs, timeoutMs}: Window): boolean {
	if (reason === 'late') return true;
	if (reason === 'vantage') return wasKilled || targetsLateMs > timeoutMs / 8;
	return reason === 'timeout' && targetsLateMs > timeoutMs / 3;
}
