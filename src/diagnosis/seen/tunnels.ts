/** Tunnels held against each other: by which way they go, and on whose side a trouble is. Pure. */

import {count} from '../../util/words.ts';
import type {Look, Scene, World} from '../scene.ts';
import type {Confidence} from '../types.ts';
import {failingSince, isSeenSince} from './answered-since.ts';

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

/** What is found of a tunnel, looked for once in each world: it is held against many others, and for each of the services behind it. */
export function oncePerLook<T>(find: (world: World, look: Look) => T): (world: World, look: Look) => T {
	const byWorld = new WeakMap<World, Map<string, {found: T}>>();
	return (world, look) => {
		const known = byWorld.get(world) ?? new Map<string, {found: T}>();
		byWorld.set(world, known);
		const {key} = look.view.check;
		const before = known.get(key);
		if (before) return before.found;
		const found = find(world, look);
		known.set(key, {found});
		return found;
	};
}

/**
 * How many tunnels of the vantage to other nodes died about when this one did. Those to nodes that headscale calls offline do not count:
 * they have a reason of their own.
 */
export function countDiedTogether(world: World, tunnel: Look): number {
	const {vantage, target, intervalMs} = tunnel.view.check;
	const sinceMs = failingSince(tunnel);
	if (sinceMs === undefined) return 0;
	// A run finds it up to an interval later.
	const apartMs = Math.max(togetherMs, 2 * intervalMs);
	const together = deathsOf(world, vantage).filter(ms => Math.abs(ms - sinceMs) <= apartMs).length;
	return world.node(target.peer)?.node.online === false ? together : together - 1;
}

const togetherMs = 120_000;

/** When they began to fail, milliseconds since 1970. */
function deathsOf(world: World, vantage: string): readonly number[] {
	const ours = tunnelsFrom(world, vantage);
	let deaths = deathsByTunnels.get(ours);
	if (!deaths) {
		deaths = ours.flatMap(look => {
			const isOff = world.node(look.view.check.target.peer)?.node.online === false;
			return isOff ? [] : (failingSince(look) ?? []);
		});
		deathsByTunnels.set(ours, deaths);
	}
	return deaths;
}

// Asked for every silent node, and the same for all of one vantage.
const deathsByTunnels = new WeakMap<readonly Look[], readonly number[]>();

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

/** Of a thousand tunnels some tell as much as all. */
const comparedAtMost = 50;

/**
 * On whose side a trouble of the scene's tunnel is: of those tunnels that share one end with it, which have it too? At most
 * `comparedAtMost` of each end are looked at.
 */
export function sideOf(scene: Scene, hasIt: (look: Look) => boolean): Side {
	const {world, vantageName, peer} = scene;
	const all = tunnelsFrom(world, vantageName).filter(({view}) => view.check.target.peer !== peer);
	const ours = spread(all);
	const theirs = spread(scene.otherTunnels.filter(isJudged));
	const isAll = ours.length === all.length;
	const [oursWith, oursWithout] = split(ours, hasIt, scene.tunnel);
	const [theirsWith, theirsWithout] = split(theirs, hasIt, scene.tunnel);
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
			`It is on the side of ${vantageName}: all ${oursWith.length + 1} of its tunnels${isAll ? '' : ' that were compared'} have it${theirsWithout.length > 0 ? `, while ${nameOf(theirsWithout, 'vantage')} has no such trouble with ${peer}` : ''}.`,
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

/** Evenly over the list: those that stand together may have one fault. */
function spread(looks: readonly Look[]): readonly Look[] {
	if (looks.length <= comparedAtMost) return looks;
	return Array.from(
		{length: comparedAtMost},
		(_, at) => looks[Math.floor((at * looks.length) / comparedAtMost)],
	).flatMap(look => look ?? []);
}

/** Those that have it, and those that work without it, as was seen since this one failed. */
function split(looks: readonly Look[], hasIt: (look: Look) => boolean, failed: Look | undefined): [Look[], Look[]] {
	const having = new Set(looks.filter(hasIt));
	return [[...having], looks.filter(look => look.verdict === 'up' && !having.has(look) && isSeenSince(look, failed))];
}

function nameOf([first, ...others]: readonly Look[], of: 'peer' | 'vantage'): string {
	const {vantage, target} = first?.view.check ?? {vantage: '', target: {peer: ''}};
	return `${of === 'peer' ? target.peer : vantage}${others.length > 0 ? ` and ${count(others.length, 'other')}` : ''}`;
}
