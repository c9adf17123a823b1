/** Since when an incident lasts, by the checks that fail for it. Pure. */

import type {CheckView} from '../server/types.ts';

/** What fails so soon before another failure is taken for its beginning. */
const oneIncidentMs = 60_000;

/**
 * Milliseconds since 1970; undefined where no check dates it. Where tunnels fail they date it, and what began to fail within the minute
 * before: a service that was down for days before its machine died was another fault. Checks that nobody could look at date it only
 * where none is down.
 */
export function sinceOf(checks: readonly CheckView[]): number | undefined {
	const down = checks.filter(({verdict}) => verdict === 'down');
	if (down.length === 0) return firstBlind(checks);
	const tunnels = down.filter(({check}) => check.type === 'tunnel');
	const begin = earliest(tunnels.length > 0 ? tunnels : down);
	if (begin === undefined) return earliest(down);
	const before = datesOf(down).filter(ms => ms < begin);
	return before
		.toSorted((one, other) => other - one)
		.reduce((first, ms) => (first - ms < oneIncidentMs ? ms : first), begin);
}

/** The first run that could not look. A check that nobody ever could look at dates no fault that another saw begin. */
export function firstBlind(views: readonly CheckView[]): number | undefined {
	let first: {ms: number; atLeast: boolean} | undefined;
	for (const {unknownSince} of views) {
		if (!unknownSince) continue;
		const isBetter =
			!first ||
			Number(unknownSince.atLeast) - Number(first.atLeast) < 0 ||
			(unknownSince.atLeast === first.atLeast && unknownSince.ms < first.ms);
		if (isBetter) first = unknownSince;
	}
	return first?.ms;
}

/** When each began to fail as it does now. */
function datesOf(views: readonly CheckView[]): number[] {
	return views.flatMap(({reasonSince, downSince}) => reasonSince ?? downSince ?? []);
}

function earliest(views: readonly CheckView[]): number | undefined {
	return datesOf(views).reduce<number | undefined>(
		(first, ms) => (first === undefined || ms < first ? ms : first),
		undefined,
	);
}
