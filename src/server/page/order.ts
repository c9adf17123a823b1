/** The order in which faults are told: the newest incident first, and of one incident what fails before what cannot be looked at, then what reaches furthest. Pure. */

import type {Incident} from '../../diagnosis/incidents.ts';

/** What fails so soon after another failure is taken for a part of it. */
const oneIncidentMs = 60_000;

export interface Ordered {
	/** Milliseconds since 1970; undefined where nobody knows: such come last. */
	sinceMs?: number | undefined;
	/** Something is known to fail; otherwise it only keeps us from looking. */
	isDown?: boolean;
	/** How much hangs on it. */
	breadth: number;
}

/** What is down before what nobody can look at before what is only worse than wanted; of each the newest first. */
export function worstFirst(incidents: readonly Incident[]): Incident[] {
	const ordered = incidents.map(incident => ({incident, sinceMs: incident.sinceMs, breadth: incident.checks.length}));
	return [...Map.groupBy(ordered, ({incident: {state}}) => state)]
		.toSorted(([one], [other]) => ranks[one] - ranks[other])
		.flatMap(([, same]) => newestAndBroadestFirst(same).map(({incident}) => incident));
}

const ranks: Record<Incident['state'], number> = {down: 0, unknown: 1, degraded: 2};

/** Causes that began within a minute of each other are one incident: a minute is no order. Equals stay as they came. */
export function newestAndBroadestFirst<Cause extends Ordered>(causes: readonly Cause[]): Cause[] {
	const newest = causes.toSorted((one, other) => (other.sinceMs ?? -Infinity) - (one.sinceMs ?? -Infinity) || 0);
	const incidents: Cause[][] = [];
	let before: number | undefined;
	for (const cause of newest) {
		const {sinceMs} = cause;
		const goesOn = incidents.length > 0 && isOneIncident(before, sinceMs);
		if (goesOn) incidents.at(-1)?.push(cause);
		else incidents.push([cause]);
		before = sinceMs;
	}
	const place = new Map(causes.map((cause, at) => [cause, at]));
	const placeOf = (cause: Cause) => place.get(cause) ?? 0;
	return incidents.flatMap(incident =>
		incident.toSorted(
			(one, other) =>
				Number(other.isDown ?? false) - Number(one.isDown ?? false) ||
				other.breadth - one.breadth ||
				placeOf(one) - placeOf(other),
		),
	);
}

function isOneIncident(later: number | undefined, earlier: number | undefined): boolean {
	if (later === undefined || earlier === undefined) return later === earlier;
	return later - earlier < oneIncidentMs;
}
