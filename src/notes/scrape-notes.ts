/** Whether anybody reads the metrics, where they are there for others. Pure. */

import {formatSpan} from '../util/readable.ts';
import type {Note} from './types.ts';

/** What is known of those who read /metrics. */
export interface Scrapes {
	/** Milliseconds since 1970: since when we listen. */
	sinceMs: number;
	/** When it was last answered. */
	answeredMs?: number;
	/** When somebody was last turned away from it, with the status. */
	refused?: {ms: number; status: number};
}

/** A Prometheus that asks less often would see nothing of what its rules need. */
export const unreadAfterMs = 10 * 60_000;

/** At most one: nobody came for long, since the start or since the last time. */
export function noteScrapes({sinceMs, answeredMs, refused}: Scrapes, nowMs: number): Note[] {
	const quietMs = nowMs - (answeredMs ?? sinceMs);
	if (quietMs < unreadAfterMs) return [];
	const span = formatSpan(quietMs);
	const never =
		answeredMs === undefined
			? `Nobody has read /metrics since the start ${span} ago`
			: `Nobody has read /metrics for ${span}`;
	const isTurnedAway = refused !== undefined && nowMs - refused.ms < unreadAfterMs;
	const why = isTurnedAway
		? `Somebody asks for it and is turned away with ${refused.status}: ${advice[refused.status] ?? 'the log of tailprobe says why'}.`
		: 'In Kubernetes it is mostly one of three: there is no ServiceMonitor (the chart leaves it out where its CRD was missing; upgrade the release once it is there), its labels are none that Prometheus selects (`serviceMonitorSelector`, often `release: NAME`), or a NetworkPolicy keeps Prometheus out. Its page of targets tells which.';
	return [
		{
			about: 'metrics',
			says: `${never}: no alert of tailprobe can fire, and no dashboard shows anything. ${why}`,
			also: [],
		},
	];
}

const advice: Readonly<Record<number, string>> = {
	401: 'give Prometheus a token or password (`authorization` or `basicAuth` of the ServiceMonitor)',
	403: 'see what the door asks for in docs/security.md',
	429: 'more requests come than `rate_limit` of the web configuration allows',
	500: 'the web configuration cannot be used, which is told beside this',
};
