/** The order in which causes are told: the newest incident first, and of one incident what fails before what cannot be looked at, then what reaches furthest. Pure. */

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
