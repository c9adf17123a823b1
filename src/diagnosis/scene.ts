/** What is known around one link, as the causes and the rungs look at it. */

import type {NodeView} from '../server/types.ts';
import type {VantageState} from '../vantages/types.ts';
import {type Look, once, type World} from './world.ts';

export type {Look, World} from './world.ts';

/** One link, node or vantage, with what is around it. */
export interface Scene {
	world: World;
	nowMs: number;
	/** The vantage that looks: of a link its own, of a node the local one; undefined where it went. */
	vantage: VantageState | undefined;
	/** Its name, also where it went. */
	vantageName: string;
	/** Name of the node behind the target; '' where there is none. */
	peer: string;
	/** As headscale lists it; undefined where it does not, or there is no list. */
	node: NodeView | undefined;
	/** The link itself; undefined for a vantage, and for a node that nothing looks at. */
	check: Look | undefined;
	/** The tunnel from this vantage to the node; of a tunnel check the check itself. Those that are down before those that are up. */
	tunnel: Look | undefined;
	/** Tunnels to the node from other vantages. */
	otherTunnels: readonly Look[];
	/** Other checks of this vantage to the same node: services, names, pings; neither tunnels nor GPUs. */
	neighbours: readonly Look[];
	/** The same target from other vantages. */
	elsewhere: readonly Look[];
	/** The GPU look on that machine. */
	gpu: Look | undefined;
}

/** Of many, so many tell enough, and a scene stays cheap. */
const othersAtMost = 100;

/** The scene around one check. What only some causes ask for is put together when it is asked for. */
export function sceneOfCheck(world: World, check: Look): Scene {
	const {key, vantage, type, target} = check.view.check;
	const tunnels = tunnelsOf(world, vantage, target.peer);
	const neighbours = once(() =>
		world
			.between(vantage, target.peer)
			.slice(0, othersAtMost)
			.filter(view => view.check.key !== key && !['tunnel', 'gpu'].includes(view.check.type))
			.map(world.look),
	);
	const elsewhere = once(() =>
		world
			.ofAddress(target.address)
			.slice(0, othersAtMost)
			.filter(view => view.check.vantage !== vantage && view.check.type === type && !isOfItself(view))
			.map(world.look),
	);
	const gpu = once(() => gpuLook(world, target.peer, check));
	return {
		world: world.around(vantage, target.peer, key),
		nowMs: world.nowMs,
		vantage: world.vantage(vantage),
		vantageName: vantage,
		peer: target.peer,
		node: world.node(target.peer),
		check,
		tunnel: type === 'tunnel' ? check : tunnels.own(),
		get otherTunnels() {
			return tunnels.others();
		},
		get neighbours() {
			return neighbours();
		},
		get elsewhere() {
			return elsewhere();
		},
		get gpu() {
			return gpu();
		},
	};
}

/** The scene of a node that no check looks at, or of a vantage (`peer` is its own node then, or ''). */
export function sceneWithoutCheck(world: World, vantage: string, peer: string): Scene {
	const tunnels = tunnelsOf(world, vantage, peer);
	return {
		world: world.around(vantage, peer),
		nowMs: world.nowMs,
		vantage: world.vantage(vantage),
		vantageName: vantage,
		peer,
		node: world.node(peer),
		check: undefined,
		tunnel: tunnels.own(),
		get otherTunnels() {
			return tunnels.others();
		},
		neighbours: [],
		elsewhere: [],
		gpu: gpuLook(world, peer, undefined),
	};
}

function tunnelsOf(world: World, vantage: string, peer: string) {
	const isOwn = ({check}: Look['view']) => check.vantage === vantage;
	return {
		own(): Look | undefined {
			const own = world.tunnelsTo(peer).filter(isOwn).map(world.look);
			return own.length > 1 ? own.toSorted((one, other) => rank(one) - rank(other))[0] : own[0];
		},
		others: once(() =>
			world
				.tunnelsTo(peer)
				.slice(0, othersAtMost)
				.filter(view => !isOwn(view))
				.map(world.look),
		),
	};
}

function gpuLook(world: World, peer: string, check: Look | undefined): Look | undefined {
	if (check?.view.check.type === 'gpu') return check;
	const view = world.gpuLookOn(peer);
	return view && world.look(view);
}

const isOfItself = ({check}: Look['view']) => check.target.address === 'self';

/** Down, unknown, up. */
function rank({verdict}: Look): number {
	return {down: 0, unknown: 1, up: 2}[verdict];
}
