/** The whole in a few words, for the head of the page and the browser's tab. Pure. */

import {groupSources} from '../../notes/source-groups.ts';
import {isUnsupported} from '../../notes/unsupported-notes.ts';
import type {PoolView} from '../../pools/types.ts';
import {verdictOf} from '../../pools/view.ts';
import type {VantageState} from '../../vantages/types.ts';
import {isUnsound} from '../../vantages/unsound.ts';
import {countChecks} from '../json.ts';
import {worstFirst} from './order.ts';
import type {Snapshot} from './snapshot.ts';
import {count} from './words.ts';

/** `livekit: the key of the node expired · 7 down`, and without faults that are named `2 down`, `vantage sick · 15 unknown`, `headscale fails · 15 up`, `all up, 2 notes`, `all up, 1 degraded`, `all up`. */
export function headline(snapshot: Snapshot, notes: number): string {
	const {checks, pools, vantages} = snapshot;
	const {total, up, down, unknown: all, pending} = countChecks(checks);
	// What cannot run where it is asked to is a note.
	const unsupported = checks.filter(isUnsupported).length;
	const unknown = all - unsupported;
	const [worst] = worstFirst(snapshot.incidents);
	const named = worst ? [`${worst.about}: ${asClause(worst.cause.title)}`] : [];
	const troubles = [
		down > 0 ? `${down} down` : '',
		sayPools(pools, worst?.cause.about),
		sayVantages(vantages, worst?.cause.about),
		saySources(snapshot, worst?.cause.about),
	].filter(part => part !== '');
	if (unknown > 0) troubles.push(`${unknown} unknown`);
	if (total === 0) return [...named, ...troubles, 'no checks yet'].join(' · ');
	if (troubles.length > 0 || (worst && worst.state !== 'degraded'))
		return [...named, ...troubles, ...(down > 0 || unknown > 0 ? [] : [`${up} up`])].join(' · ');
	if (pending === total) return 'first runs under way';
	const rest = [pending > 0 ? `${pending} not run yet` : '', unsupported > 0 ? `${unsupported} cannot run` : ''];
	const whole = pending + unsupported > 0 ? [`${up} up`, ...rest.filter(part => part !== '')].join(', ') : 'all up';
	const beside = countDegraded(snapshot);
	const parts = [whole, ...(beside > 0 ? [`${beside} degraded`] : []), ...(notes > 0 ? [count(notes, 'note')] : [])];
	return [...named, parts.join(', ')].join(' · ');
}

/** `The key of the node expired` after a colon. */
function asClause(title: string): string {
	return /^(?:An?|The|No|Nothing|Something|What|Only|Too|There|This|Our|Small|Connections|Driver) /.test(title)
		? `${title.charAt(0).toLowerCase()}${title.slice(1)}`
		: title;
}

/** Faults that break no link; pools that are short are told by themselves. */
export function countDegraded({incidents}: Pick<Snapshot, 'incidents'>): number {
	return incidents.filter(({state, cause}) => state === 'degraded' && !cause.about.startsWith('pool ')).length;
}

/** `named`: what the worst fault is about, which is named already. */
function sayPools(pools: readonly PoolView[], named: string | undefined): string {
	const short = pools.filter(pool => verdictOf(pool).verdict === 'short');
	const [first] = short;
	if (!first) return '';
	if (short.length === 1 && named === `pool ${first.name}`) return `${first.usable} of ${first.min} usable`;
	return short.length > 1 ? `${short.length} pools too small` : `pool ${first.name} ${first.usable} of ${first.min}`;
}

function sayVantages(vantages: readonly VantageState[], named: string | undefined): string {
	// One that is reached through another has that one's trouble.
	const unsound = vantages.filter(isUnsound).filter(({behind}) => behind === undefined);
	const [first] = unsound;
	if (!first) return '';
	if (unsound.length === 1 && [`vantage ${first.name}`, `node ${first.name}`].includes(named ?? '')) return '';
	if (unsound.length > 1) return `${unsound.length} vantages not sound`;
	return vantages.length === 1 ? `vantage ${first.condition}` : `vantage ${first.name} ${first.condition}`;
}

function saySources(snapshot: Snapshot, named: string | undefined): string {
	return groupSources(snapshot)
		.filter(({name}) => name !== named)
		.map(({name}) => `${name} fails`)
		.join(' · ');
}
