/** The checks that stand over the target of an ad hoc run, told in one line each. Pure. */

import {word} from '../diagnosis/commands.ts';
import type {KnownCheckJson} from './json.ts';

const shownAtMost = 3;
/** The daemon that `tailprobe probe` asks when none is named. */
const usualDaemon = 'http://127.0.0.1:9753';

/**
 * A line for each of at most three checks, and how to run such a check; none where there is no check. `nowMs`: milliseconds since 1970;
 * `asked`: the URL of the daemon that knows them, where the reader's command may have to name it.
 */
export function sayAlike(checks: readonly KnownCheckJson[], nowMs: number, asked = usualDaemon): string[] {
	const command = `tailprobe probe ${asked === usualDaemon ? '' : `--url ${asked} `}--check`;
	const hidden = checks.length - shownAtMost;
	const odd = checks.slice(0, shownAtMost).find(({expect, ownOptions}) => expect !== undefined || ownOptions);
	return [
		...checks
			.slice(0, shownAtMost)
			.flatMap(check => [
				sayOne(check, nowMs),
				...(check.tellsReach ? [`run it now: ${command} ${word(check.name)} ${word(check.target)}`] : []),
			]),
		...(hidden > 0 ? [`${hidden} more ${hidden === 1 ? 'check has' : 'checks have'} it`] : []),
		...(odd ? [`as that check is configured: ${command} ${word(odd.name)} ${word(odd.target)}`] : []),
	];
}

function sayOne(check: KnownCheckJson, nowMs: number): string {
	const {name, verdict, since, downSince, downReason, expect, tellsReach, ownOptions} = check;
	const wanted = tellsReach
		? 'tells whether this node is reachable at all'
		: expect === undefined
			? 'has this target'
			: 'wants nothing to answer there';
	const state =
		verdict === undefined ? undefined : `${verdict}${since === undefined ? '' : ` since ${timeOfDay(since, nowMs)}`}`;
	const before =
		downSince === undefined
			? undefined
			: `was down since ${timeOfDay(downSince, nowMs)}${downReason === undefined ? '' : ` (${downReason})`}`;
	const words = [state, before, ownOptions ? 'with options of its own' : undefined].filter(part => part !== undefined);
	return `check ${name} ${wanted}${words.length > 0 ? `: ${words.join(', ')}` : ''}`;
}

/** `19:22 UTC`, with the day where it is another one. */
export function timeOfDay(iso: string, nowMs: number): string {
	const today = new Date(nowMs).toISOString().slice(0, 10);
	return `${iso.startsWith(today) ? '' : `${iso.slice(0, 10)} `}${iso.slice(11, 16)} UTC`;
}
