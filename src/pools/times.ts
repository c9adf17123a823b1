/**
 * How long machines take from being rented until they serve. Each is timed once, and only from its beginning: of what was there before we
 * looked, nobody knows when it came.
 */

import type {PoolLook, PoolMember} from './types.ts';

export interface Times {
	/** To be called at each look, before the members are handed over. */
	look(inputs: Pick<PoolLook, 'nodes' | 'vast' | 'nowMs'>): void;
	/** Takes a pool's members as they are now, and returns what became known by it, in seconds. */
	take(pool: string, members: readonly PoolMember[], inputs: Pick<PoolLook, 'vast' | 'hasVast' | 'nowMs'>): Observed[];
	/** The pool is no more. */
	forget(pool: string): void;
}

export interface Observed {
	what: 'joined' | 'serving';
	seconds: number;
}

/** So many machines are remembered; beyond it the oldest are forgotten, which then count as old. */
const rememberedAtMost = 20_000;
/** Nobody waits for longer: what shows up then was not on its way all the time. */
const longestMs = 24 * 3_600_000;

/** `startedAtMs`: what was rented or joined before is old. */
export function createTimes(startedAtMs: number): Times {
	/** By node: from when on it is in the tailnet, or that it is old. */
	const nodes = createMemory<{joinedMs: number} | 'old'>();
	/** By instance: when it was rented, or that it is old. */
	const rentals = createMemory<{startMs: number} | 'old'>();
	const pools = new Map<string, {told: Memory<true>; servingMs: Memory<number>}>();
	let sawNodes = false;
	let sawRentals = false;

	return {
		look({nodes: listed, vast, nowMs}) {
			if (listed) {
				for (const {node} of listed) {
					if (nodes.get(node.id) !== undefined) continue;
					const joinedMs = node.createdMs ?? nowMs;
					nodes.set(node.id, sawNodes && joinedMs >= startedAtMs ? {joinedMs} : 'old');
				}
				sawNodes = true;
			}
			if (vast) {
				for (const {instance} of vast.instances) {
					if (rentals.get(instance.id) !== undefined) continue;
					const startMs = instance.startMs ?? 0;
					rentals.set(instance.id, sawRentals && startMs >= startedAtMs ? {startMs} : 'old');
				}
				sawRentals = true;
			}
		},
		take(pool, members, {hasVast, nowMs}) {
			const {told, servingMs} = pools.get(pool) ?? {told: createMemory<true>(), servingMs: createMemory<number>()};
			pools.set(pool, {told, servingMs});
			const observed: Observed[] = [];
			const observe = (key: string, what: Observed['what'], fromMs: number, untilMs: number) => {
				if (told.get(`${what} ${key}`)) return;
				told.set(`${what} ${key}`, true);
				const tookMs = untilMs - fromMs;
				if (tookMs <= longestMs) observed.push({what, seconds: Math.max(0, tookMs) / 1000});
			};
			for (const {nodeId, instanceId, state} of members) {
				if (nodeId === undefined) continue;
				if (state === 'usable' && servingMs.get(nodeId) === undefined) servingMs.set(nodeId, nowMs);
				const node = nodes.get(nodeId);
				if (node === undefined || node === 'old') continue;
				const serving = servingMs.get(nodeId);
				if (!hasVast) {
					if (serving !== undefined) observe(nodeId, 'serving', node.joinedMs, serving);
					continue;
				}
				// vast.ai is read once a minute: a node may be there before its instance is.
				const rental = instanceId === undefined ? undefined : rentals.get(instanceId);
				if (instanceId === undefined || rental === undefined || rental === 'old') continue;
				observe(instanceId, 'joined', rental.startMs, node.joinedMs);
				if (serving !== undefined) observe(instanceId, 'serving', rental.startMs, serving);
			}
			return observed;
		},
		forget: pool => void pools.delete(pool),
	};
}

interface Memory<T> {
	get(key: string): T | undefined;
	set(key: string, value: T): void;
}

function createMemory<T>(): Memory<T> {
	const values = new Map<string, T>();
	return {
		get: key => values.get(key),
		set(key, value) {
			values.set(key, value);
			if (values.size > rememberedAtMost) values.delete(values.keys().next().value ?? '');
		},
	};
}
