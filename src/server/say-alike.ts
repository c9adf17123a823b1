/** The checks that stand over the target of an ad hoc run, told in one line each. Pure. */

import type {KnownCheckJson} from './json.ts';

const shownAtMost = 3;

/** At most three lines and how to run such a check; none where there is no check. `nowMs`: milliseconds since 1970. */
export function sayAlike(checks: readonly KnownCheckJson[], nowMs: number): string[] {
	const hidden = checks.length - shownAtMost;
	const odd = checks.slice(0, shownAtMost).find(({expect, ownOptions}) => expect !== undefined || ownOptions);
	return [
		...checks.slice(0, shownAtMost).map(check => sayOne(check, nowMs)),
		...(hidden > 0 ? [`${hidden} more ${hidden === 1 ? 'check has' : 'checks have'} it`] : []),
		...(odd ? [`as that check is configured: tailprobe probe --check ${odd.name} ${odd.target}`] : []),
	];
}

function sayOne({name, verdict, since, expect, ownOptions}: KnownCheckJson, nowMs: number): string {
	const wanted = expect === undefined ? 'has this target' : 'wants nothing to answer there';
	const state =
		verdict === undefined ? undefined : `${verdict}${since === undefined ? '' : ` since ${timeOfDay(since, nowMs)}`}`;
	const words = [state, ownOptions ? 'with options of its own' : undefined].filter(part => part !== undefined);
	return `check ${name} ${wanted}${words.length > 0 ? `: ${words.join(', ')}` : ''}`;
}

/** `19:22 UTC`, with the day where it is another one. */
function timeOfDay(iso: string, nowMs: number): string {
	const today = new Date(nowMs).toISOString().slice(0, 10);
	return `${iso.startsWith(today) ? '' : `${iso.slice(0, 10)} `}${iso.slice(11, 16)} UTC`;
}
