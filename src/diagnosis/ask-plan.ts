/** Which checks are run once more for a diagnosis: those that tell one cause from another. Pure. */

import type {Check} from '../engine/types.ts';
import type {Look, Scene} from './scene.ts';
import type {Subject} from './types.ts';

/** So many runs of checks one diagnosis may cost; a few asks of other kinds come on top. */
export const checksAtMost = 26;
/** Each run is a session of its own where only a shell is. */
const shellRunsAtMost = 4;

/** The checks to run, those that tell most first, each once. */
export function planRuns({kind}: Pick<Subject, 'kind'>, scenes: readonly Scene[]): Check[] {
	const chosen = new Map<string, Check>();
	const byShell = new Map<string, number>();
	for (const wish of kind === 'check' ? around : [...ofWhole, ...around]) {
		for (const scene of scenes) {
			for (const {view} of wish(scene)) {
				const {check} = view;
				if (chosen.size >= checksAtMost) return [...chosen.values()];
				if (chosen.has(check.key) || !mayRun(check, scene, byShell)) continue;
				chosen.set(check.key, check);
			}
		}
	}
	return [...chosen.values()];
}

/** What is asked around a link, from what tells most to what tells least. */
const around: readonly ((scene: Scene) => readonly Look[])[] = [
	({check}) => (check ? [check] : []),
	({tunnel}) => (tunnel ? [tunnel] : []),
	scene => someOf(scene, scene.otherTunnels, 3),
	scene => someOf(scene, scene.neighbours, 4),
	scene => someOf(scene, scene.elsewhere, 2),
	({gpu}) => (gpu ? [gpu] : []),
	scene => controlsOf(scene),
	scene => relayChecksOf(scene),
];

/** A node is everything on it, and a vantage everything that it looks at: what is remembered as up may have failed just now. */
const ofWhole: readonly ((scene: Scene) => readonly Look[])[] = [
	({check}) => (check ? [check] : []),
	scene => someOf(scene, tunnelsTo(scene), 4),
	scene => eachOnce(someOf(scene, scene.world.ofPeer(scene.peer).map(scene.world.look), 1000)).slice(0, 12),
	scene => (scene.check ? [] : eachOnce(someOf(scene, fromHere(scene), 1000)).slice(0, 12)),
];

function tunnelsTo({world, peer}: Scene): Look[] {
	return world
		.ofPeer(peer)
		.filter(({check}) => check.type === 'tunnel')
		.map(world.look);
}

/** The first look of each check. */
function eachOnce(looks: readonly Look[]): Look[] {
	return [...new Map(looks.toReversed().map(look => [look.view.check.name, look])).values()].toReversed();
}

/** From vantages that can look first, our own before others, and failing ones before those that are up. */
function someOf({world}: Scene, looks: readonly Look[], atMost: number): Look[] {
	const rank = ({view: {check}, verdict}: Look) => {
		const vantage = world.vantage(check.vantage);
		const canLook = vantage?.condition === 'sound' ? 0 : 8;
		return canLook + {down: 0, unknown: 2, up: 4}[verdict] + (vantage?.group === undefined ? 0 : 1);
	};
	return looks.toSorted((one, other) => rank(one) - rank(other)).slice(0, atMost);
}

/** Tunnels of the same vantage to other nodes that were up: while they are, the vantage itself is not to blame. */
function controlsOf(scene: Scene): Look[] {
	return fromHere(scene)
		.filter(
			({view: {check}, verdict}) => check.type === 'tunnel' && check.target.peer !== scene.peer && verdict === 'up',
		)
		.slice(0, 2);
}

/** Those of our own vantage where it has none: the relays are the same for all. */
function relayChecksOf(scene: Scene): Look[] {
	const own = fromHere(scene).filter(isOfRelay);
	const all =
		own.length > 0 ? own : [...scene.world.ofType('derp'), ...scene.world.ofType('stun')].map(scene.world.look);
	return eachOnce(someOf(scene, all, 1000)).slice(0, 2);
}

function fromHere({world, vantageName}: Scene): Look[] {
	return world.fromVantage(vantageName).map(world.look);
}

function isOfRelay({view: {check}}: Look): boolean {
	return check.type === 'derp' || check.type === 'stun';
}

function mayRun(check: Check, {world}: Scene, byShell: Map<string, number>): boolean {
	const way = world.vantage(check.vantage)?.type;
	if (way !== 'ssh' && way !== 'pod') return true;
	const runs = byShell.get(check.vantage) ?? 0;
	byShell.set(check.vantage, runs + 1);
	return runs < shellRunsAtMost;
}
