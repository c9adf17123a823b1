/** Faults that break no link, and yet somebody should know: what causes say of the whole, pools that are short, systems that do not tell. Pure. */

import {groupSources} from '../notes/source-groups.ts';
import type {SourceView} from '../server/types.ts';
import {findShortPool, poolShort, shortPools} from './causes/pool-short.ts';
import {findUnreadable, sourceUnreadable} from './causes/source-unreadable.ts';
import {faultId, incidentId, nameCause, nameCauses, shortAbout} from './explain.ts';
import type {Incident} from './incidents.ts';
import {findMachineFaults} from './machine-faults.ts';
import {sceneWithoutCheck, type World} from './scene.ts';
import type {NamedCause} from './types.ts';

/** Those that none of `known` tells. */
export function findFaultsBeside(world: World, known: readonly Incident[]): Incident[] {
	const told = new Set(known.map(({id}) => id));
	const whole = [...causesOfWhole(world), ...findMachineFaults(world)];
	const ofWhole = [...new Map(whole.map(cause => [faultId(cause), cause])).values()]
		.filter(cause => !told.has(incidentId(cause)))
		.map(cause => beside(cause, sinceOfCause(cause, world)));
	const causes = [...known, ...ofWhole].map(({cause}) => cause);
	const sources = groupSources(world)
		.filter(group => !isTold(group, causes))
		.map(group => unread(world, group));
	const pools = shortPools(world).map(pool =>
		beside(nameCause(poolShort, findShortPool(world, pool, causes)), pool.sinceMs),
	);
	return [...ofWhole, ...sources, ...pools];
}

/** Told once for all sources and pools. */
const toldHere = new Set([poolShort.id, sourceUnreadable.id]);

function causesOfWhole(world: World): NamedCause[] {
	const places = world.vantages.filter(({group}) => group === undefined).map(({name}) => name);
	return (places.length > 0 ? places : [''])
		.flatMap(vantage => {
			const {cause, also} = nameCauses(sceneWithoutCheck(world, vantage, ''));
			return [...(cause ? [cause] : []), ...also];
		})
		.filter(({id}) => !toldHere.has(id));
}

function beside(cause: NamedCause, sinceMs: number | undefined, state: Incident['state'] = 'degraded'): Incident {
	const since = sinceMs === undefined ? {} : {sinceMs};
	return {id: incidentId(cause), state, cause, ...since, checks: [], about: shortAbout(cause)};
}

function unread(world: World, group: {name: string; sources: readonly SourceView[]}): Incident {
	const sinces = group.sources.flatMap(({failingSince}) => failingSince ?? []);
	const since = sinces.length > 0 ? Math.min(...sinces) : undefined;
	return beside(nameCause(sourceUnreadable, findUnreadable(world, group)), since, 'unknown');
}

/** A fault of a whole system that another cause names already, or whose sources it shows. */
function isTold(
	{name, sources}: {name: string; sources: readonly SourceView[]},
	causes: readonly NamedCause[],
): boolean {
	const [system = name] = name.split('-', 1);
	return causes.some(
		({about, evidence}) =>
			about === system ||
			sources.some(source => evidence.some(({says}) => says.startsWith(`${source.name} cannot be read`))),
	);
}

/** Of what is read, the sources of the same system that fail date it. */
function sinceOfCause({about}: NamedCause, {sources, vantages}: World): number | undefined {
	const failing = sources.flatMap(({name, ok, failingSince}) =>
		ok === false && (name === about || name.startsWith(`${about}-`)) ? (failingSince ?? []) : [],
	);
	const vantage = vantages.find(({name, condition}) => `vantage ${name}` === about && condition !== 'sound');
	if (vantage) return vantage.sinceMs;
	return failing.length > 0 ? Math.min(...failing) : undefined;
}
