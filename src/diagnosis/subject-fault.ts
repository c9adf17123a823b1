/** Subjects named as headlines name them: the fault itself, a service by its port, headscale, a relay, a pool, an instance. Pure. */

import type {CheckView} from '../server/types.ts';
import {findIncidents} from './incidents.ts';
import {portOf} from './seen/subject-words.ts';
import type {Subject} from './types.ts';
import type {World} from './world.ts';

/** The links that the text names by what they lead to; the caller chooses among them. None: it is no such name. */
export function findByPlace(text: string, world: World): readonly CheckView[] {
	const [, port, where] = /^port (\d{1,5}) on (\S+)$/i.exec(text) ?? [];
	const [, host, behind] = /^\[?([^\s/]+?)\]?:(\d{1,5})$/.exec(text) ?? [];
	const name = where ?? host;
	if (name !== undefined)
		return world.checks.filter(
			view =>
				portOf({view}) === Number(port ?? behind) &&
				[view.check.target.peer, view.check.target.name].some(each => isSame(each, name)),
		);
	const [, relay] = /^relay (\S+)$/i.exec(text) ?? [];
	if (relay === undefined) return [];
	return [...world.ofType('derp'), ...world.ofType('stun')].filter(({check}) => isSame(check.target.name, relay));
}

/** A fault that there is now, by its id or by what it is about; and what is well, but goes by such a name. */
export function findFault(text: string, world: World): Subject | undefined {
	const fault = findIncidents(world).find(({id, about, cause}) =>
		[id, cause.about, about].some(each => isSame(each, text)),
	);
	if (fault) {
		const {id, cause, checks} = fault;
		return {kind: 'incident', id, about: cause.about, keys: checks.slice(0, checksAtMost).map(({check}) => check.key)};
	}
	const [, instance] = /^instance (\d+)$/i.exec(text) ?? [];
	const node = [...world.machines.byNode].find(([, machine]) => String(machine.instance?.id) === instance)?.[0];
	if (node !== undefined) return {kind: 'node', node};
	const pool = world.pools.find(({name}) => isSame(`pool ${name}`, text));
	const isHeadscale = isSame(text, 'headscale') && world.sources.some(({name}) => name.startsWith('headscale'));
	if (!pool && !isHeadscale) return undefined;
	const about = pool ? `pool ${pool.name}` : 'headscale';
	return {kind: 'incident', id: about, about, keys: []};
}

const checksAtMost = 12;

function isSame(one: string, other: string): boolean {
	return one.toLowerCase() === other.toLowerCase();
}
