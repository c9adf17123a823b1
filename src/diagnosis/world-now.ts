/** What is known now, put together once for all who ask within a second: pages, API. */

import {createWorld, type World, type WorldSource} from './world.ts';

/** Pages follow what happens every few seconds; a hundred people who look at once cost as much as one. */
const sharedMs = 1000;

/**
 * The world of that daemon as it is at `nowMs`, milliseconds since 1970, or was less than a second before. What is found in it is found
 * once, its incidents too. Nobody keeps it for longer than it is asked for.
 */
export function worldNow(source: WorldSource, nowMs: number): World {
	const known = worlds.get(source)?.deref();
	if (known && nowMs >= known.nowMs && nowMs - known.nowMs < sharedMs) return known;
	const world = createWorld(source, nowMs);
	worlds.set(source, new WeakRef(world));
	return world;
}

const worlds = new WeakMap<WorldSource, WeakRef<World>>();
