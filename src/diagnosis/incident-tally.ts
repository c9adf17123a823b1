/** Incidents counted by cause and by the node that suffers, as metrics tell them. Pure. */

import type {CheckView} from '../server/types.ts';
import type {Incident} from './incidents.ts';
import type {World} from './scene.ts';

export interface IncidentTally {
	causes: readonly {cause: string; incidents: number}[];
	/** Links that suffer, by the cause and the node whose trouble it is ('' without one), those with most first. */
	links: readonly {cause: string; peer: string; links: number}[];
}

/** So many pairs of cause and node are told one by one. */
export const linkRowsAtMost = 500;
/** What is beyond that, summed up for each cause; no node has such a name, as names hold no blanks. */
export const otherNodes = 'other nodes';

export const noIncidents: IncidentTally = {causes: [], links: []};

export function tallyIncidents(
	incidents: readonly Pick<Incident, 'cause' | 'checks'>[],
	world: Pick<World, 'vantage' | 'node'>,
): IncidentTally {
	const causes = new Map<string, number>();
	const links = new Map<string, {cause: string; peer: string; links: number}>();
	for (const {cause, checks} of incidents) {
		causes.set(cause.id, (causes.get(cause.id) ?? 0) + 1);
		for (const view of checks) addLinks(links, {cause: cause.id, peer: sufferer(view, world), links: 1});
	}
	const rows = [...links.values()].toSorted((one, other) => other.links - one.links || compareNames(one, other));
	const told = new Map(rows.slice(0, linkRowsAtMost).map(row => [keyOf(row), row]));
	for (const row of rows.slice(linkRowsAtMost)) addLinks(told, {...row, peer: otherNodes});
	return {causes: Array.from(causes, ([cause, count]) => ({cause, incidents: count})), links: [...told.values()]};
}

/**
 * The node behind the target. What another machine cannot look at is that machine's trouble: were it counted for the target, a few dead
 * machines would seem to be why a target that they used to look at is down.
 */
function sufferer({check, verdict}: CheckView, world: Pick<World, 'vantage' | 'node'>): string {
	const {vantage, target} = check;
	if (verdict !== 'unknown' || world.vantage(vantage)?.group === undefined) return target.peer;
	return world.node(vantage) ? vantage : '';
}

type Row = IncidentTally['links'][number];

function addLinks(rows: Map<string, Row>, row: Row): void {
	const known = rows.get(keyOf(row));
	rows.set(keyOf(row), known ? {...known, links: known.links + row.links} : row);
}

/** Ids of causes hold no blanks. */
function keyOf({cause, peer}: Row): string {
	return `${cause} ${peer}`;
}

/** The same choice each time, whatever the order of the checks. */
function compareNames(one: Row, other: Row): number {
	return keyOf(one) < keyOf(other) ? -1 : 1;
}
