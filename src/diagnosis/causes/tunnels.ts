/** Tunnels held against each other: by which way they go, and on whose side a trouble is. Pure. */

import {count} from '../../util/words.ts';
import type {Look, Scene, World} from '../scene.ts';
import type {Confidence} from '../types.ts';

/** `direct`, `derp` or `peer_relay`, as the last outcome tells; undefined where nothing was answered. */
export function pathOf({outcome}: Pick<Look, 'outcome'>): string | undefined {
	return outcome?.reading?.facts.path;
}

/** The way by which a tunnel was last answered, also where it is silent now. */
export function lastPathOf(world: World, look: Look): {path: string; region: string | undefined} | undefined {
	for (const {reading} of [...(look.outcome ? [look.outcome] : []), ...world.recent(look.view)]) {
		const {path, derp_region: region} = reading?.facts ?? {};
		if (path !== undefined) return {path, region};
	}
	return undefined;
}

/** It is down, and not even the path beneath WireGuard answered. */
export function isSilent({verdict, outcome}: Look): boolean {
	const {facts = {}} = outcome?.reading ?? {};
	return verdict === 'down' && outcome?.reason === 'timeout' && facts.tsmp !== 'answered' && facts.disco !== 'answered';
}

/** The tunnel that a link goes through; undefined where it goes through none. */
export function tunnelOf({tunnel, check, peer}: Scene): Look | undefined {
	return peer === '' || check?.view.check.target.via === 'direct' ? undefined : tunnel;
}

/** All tunnels that are looked at from a vantage and could be judged. */
export function tunnelsFrom(world: World, vantage: string): readonly Look[] {
	let known = tunnelsByVantage.get(world);
	if (!known) {
		const looks = world.ofType('tunnel').map(world.look).filter(isJudged);
		known = Map.groupBy(looks, ({view}) => view.check.vantage);
		tunnelsByVantage.set(world, known);
	}
	return known.get(vantage) ?? [];
}

// Asked for every failing check, and the same for all of one vantage.
const tunnelsByVantage = new WeakMap<World, Map<string, Look[]>>();

const isJudged = ({verdict}: Look) => verdict !== 'unknown';

/** The nodes that a vantage looks at, where not one of its tunnels is answered; undefined where one is, or there is none. */
export function silentNodes(world: World, vantage: string): ReadonlySet<string> | undefined {
	const ours = tunnelsFrom(world, vantage);
	if (ours.length === 0) return undefined;
	const known = silentByTunnels.get(ours);
	if (known) return known.nodes;
	const nodes = ours.every(isSilent) ? new Set(ours.map(({view}) => view.check.target.peer)) : undefined;
	silentByTunnels.set(ours, {nodes});
	return nodes;
}

const silentByTunnels = new WeakMap<readonly Look[], {nodes: ReadonlySet<string> | undefined}>();

/** Whose trouble it is. */
export interface Side {
	which: 'vantage' | 'node' | 'between' | 'open';
	/** For `about` of a finding. */
	about: string;
	/** A sentence that tells by what this is known. */
	says: string;
	confidence: Exclude<Confidence, 'certain'>;
	/** The tunnels that tell it, a few. */
	looks: readonly Look[];
}

/** On whose side a trouble of the scene's tunnel is: of those tunnels that share one end with it, which have it too? */
export function sideOf(scene: Scene, hasIt: (look: Look) => boolean): Side {
	const {world, vantageName, peer} = scene;
	const ours = tunnelsFrom(world, vantageName).filter(({view}) => view.check.target.peer !== peer);
	const theirs = scene.otherTunnels.filter(isJudged);
	const [oursWith, oursWithout] = split(ours, hasIt);
	const [theirsWith, theirsWithout] = split(theirs, hasIt);
	const told = (which: Side['which'], about: string, says: string, confidence: Side['confidence'], looks: Look[]) => ({
		which,
		about,
		says,
		confidence,
		looks: looks.slice(0, 3),
	});
	if (oursWithout.length > 0 && theirsWithout.length > 0)
		return told(
			'between',
			`${vantageName} to ${peer}`,
			`It is only between these two: ${vantageName} has no such trouble with ${nameOf(oursWithout, 'peer')}, and ${nameOf(theirsWithout, 'vantage')} has none with ${peer}.`,
			'likely',
			[...oursWithout.slice(0, 1), ...theirsWithout.slice(0, 2)],
		);
	if (oursWithout.length > 0)
		return told(
			'node',
			`node ${peer}`,
			theirsWith.length > 0
				? `It is on the side of ${peer}: ${count(theirsWith.length, 'other vantage')} ${theirsWith.length === 1 ? 'has' : 'have'} the same trouble with it, while ${vantageName} has none with ${nameOf(oursWithout, 'peer')}.`
				: `It is rather on the side of ${peer}: ${vantageName} has no such trouble with ${nameOf(oursWithout, 'peer')}.`,
			'likely',
			[...theirsWith.slice(0, 2), ...oursWithout],
		);
	if (oursWith.length > 0 && (theirsWithout.length > 0 || oursWith.length > 1))
		return told(
			'vantage',
			`vantage ${vantageName}`,
			`It is on the side of ${vantageName}: all ${oursWith.length + 1} of its tunnels have it${theirsWithout.length > 0 ? `, while ${nameOf(theirsWithout, 'vantage')} has no such trouble with ${peer}` : ''}.`,
			'likely',
			[...theirsWithout.slice(0, 2), ...oursWith],
		);
	return told(
		'open',
		`node ${peer}`,
		'On which side it is cannot be told: there is too little to compare with.',
		'consistent',
		[...oursWith, ...theirsWith],
	);
}

/** Those that have it, and those that work without it. */
function split(looks: readonly Look[], hasIt: (look: Look) => boolean): [Look[], Look[]] {
	return [looks.filter(hasIt), looks.filter(look => look.verdict === 'up' && !hasIt(look))];
}

function nameOf([first, ...others]: readonly Look[], of: 'peer' | 'vantage'): string {
	const {vantage, target} = first?.view.check ?? {vantage: '', target: {peer: ''}};
	return `${of === 'peer' ? target.peer : vantage}${others.length > 0 ? ` and ${count(others.length, 'other')}` : ''}`;
}
