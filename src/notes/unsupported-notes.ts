/** Checks that cannot run where they are asked to: a matter of the configuration, not of the target. Pure. */

import type {CheckView} from '../server/types.ts';
import {asSentence, count} from '../util/words.ts';
import type {Note, Noted} from './types.ts';

/** Whether the last run said that it cannot be made from there. */
export function isUnsupported({ran, verdict, last}: CheckView): boolean {
	return ran && verdict === 'unknown' && last?.reason === 'unsupported';
}

/** One note for each vantage and reason; mild, unless one of them could run within the last hour. */
export function noteUnsupported({checks}: Pick<Noted, 'checks'>): Note[] {
	const groups = Map.groupBy(checks.filter(isUnsupported), view => JSON.stringify([view.check.vantage, whyOf(view)]));
	return Array.from(groups.values(), views => {
		const [first] = views;
		const names = [...new Set(views.map(({check}) => check.name))];
		const shown = names.length > shownAtMost ? [...names.slice(0, shownAtMost), '…'] : names;
		const ranBefore = views.some(({strip}) => strip.some(bucket => bucket && bucket.up + bucket.down > 0));
		const what = `${count(views.length, 'check')} cannot run from ${first?.check.vantage} (${shown.join(', ')})`;
		return {
			about: 'checks',
			says: `${what}${ranBefore ? ', though they did within the last hour' : ''}: ${first ? asSentence(whyOf(first)) : ''}`,
			...(ranBefore ? {} : {isMild: true as const}),
			more: '#checks',
			also: [],
		};
	});
}

const shownAtMost = 8;
const noTunnel = /^The tailscaled here has no tunnel device\b/;

/** Each probe type says in its own words what it needs a tunnel device for. */
function whyOf({last, check}: CheckView): string {
	const detail = last?.detail ?? 'the run gave no reason';
	if (noTunnel.test(detail))
		return 'its tailscaled has no tunnel device, without which ICMP and UDP do not enter the tailnet, and TCP by its SOCKS5 proxy only. Let other vantages run them (`from`), or give that tailscaled a tunnel device';
	return detail.replaceAll(check.target.name, 'the target');
}
