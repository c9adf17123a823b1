/** The key of a vantage's own node. Pure. */

import type {VantageState} from '../../vantages/types.ts';
import type {Scene} from '../scene.ts';
import {isLocal} from './vantage-words.ts';

/** When it ends or did, milliseconds since 1970, as its tailscaled or else headscale tells it; undefined: never, or not known. */
export function keyExpiryOf({world}: Pick<Scene, 'world'>, {name, ...state}: VantageState): number | undefined {
	const own = world.platform.tailscaled.find(({vantage}) => vantage === name)?.keyExpiryMs;
	// Of another machine the vantage has the name of the node.
	return own ?? (isLocal({name, ...state}) ? undefined : world.node(name)?.node.keyExpiryMs);
}

/** It has ended. */
export function isKeyExpired(scene: Pick<Scene, 'world' | 'nowMs'>, state: VantageState): boolean {
	const expiryMs = keyExpiryOf(scene, state);
	return expiryMs !== undefined && expiryMs <= scene.nowMs;
}
