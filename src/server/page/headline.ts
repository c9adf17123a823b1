/** The whole in a few words, for the head of the page and the browser's tab. Pure. */

import type {PoolView} from '../../pools/types.ts';
import {verdictOf} from '../../pools/view.ts';
import type {VantageState} from '../../vantages/types.ts';
import {countChecks} from '../json.ts';
import type {Snapshot} from './snapshot.ts';
import {groupSources} from './source-groups.ts';
import {isUnsupported} from './unsupported-notes.ts';
import {count, isUnsound} from './words.ts';

/** `2 down`, `vantage sick · 15 unknown`, `headscale fails · 15 up`, `all up, 2 notes`, `all up, 1 degraded`, `all up`. */
export function headline(snapshot: Snapshot, notes: number): string {
	const {checks, pools, vantages} = snapshot;
	const {total, up, down, unknown: all, pending} = countChecks(checks);
	// What cannot run where it is asked to is a note.
	const unsupported = checks.filter(isUnsupported).length;
	const unknown = all - unsupported;
	const troubles = [
		down > 0 ? `${down} down` : '',
		sayPools(pools),
		sayVantages(vantages),
		saySources(snapshot),
	].filter(part => part !== '');
	if (unknown > 0) troubles.push(`${unknown} unknown`);
	if (total === 0) return [...troubles, 'no checks yet'].join(' · ');
	if (troubles.length > 0) return [...troubles, ...(down > 0 || unknown > 0 ? [] : [`${up} up`])].join(' · ');
	if (pending === total) return 'first runs under way';
	const rest = [pending > 0 ? `${pending} not run yet` : '', unsupported > 0 ? `${unsupported} cannot run` : ''];
	const whole = pending + unsupported > 0 ? [`${up} up`, ...rest.filter(part => part !== '')].join(', ') : 'all up';
	const beside = countDegraded(snapshot);
	return [whole, ...(beside > 0 ? [`${beside} degraded`] : []), ...(notes > 0 ? [count(notes, 'note')] : [])].join(
		', ',
	);
}

/** Faults that break no link; pools that are short are told by themselves. */
export function countDegraded({incidents}: Pick<Snapshot, 'incidents'>): number {
	return incidents.filter(({state, cause}) => state === 'degraded' && !cause.about.startsWith('pool ')).length;
}

function sayPools(pools: readonly PoolView[]): string {
	const short = pools.filter(pool => verdictOf(pool).verdict === 'short');
	const [first] = short;
	if (!first) return '';
	return short.length > 1 ? `${short.length} pools too small` : `pool ${first.name} ${first.usable} of ${first.min}`;
}

function sayVantages(vantages: readonly VantageState[]): string {
	// One that is reached through another has that one's trouble.
	const unsound = vantages.filter(isUnsound).filter(({behind}) => behind === undefined);
	const [first] = unsound;
	if (!first) return '';
	if (unsound.length > 1) return `${unsound.length} vantages not sound`;
	return vantages.length === 1 ? `vantage ${first.condition}` : `vantage ${first.name} ${first.condition}`;
}

function saySources(snapshot: Snapshot): string {
	return groupSources(snapshot)
		.map(({name}) => `${name} fails`)
		.join(' · ');
}
