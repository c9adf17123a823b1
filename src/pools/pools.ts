/** The pools as the daemon holds them: judged every few seconds, told at each scrape. */

import {poolCollector, poolMetrics, poolTimeEdges} from '../collectors/pools.ts';
import type {PoolConfig} from '../config/types.ts';
import type {Exposition} from '../metrics/exposition.ts';
import {labelSet} from '../metrics/label-set.ts';
import type {Clock} from '../util/clock.ts';
import type {VastJoin} from '../vast/join.ts';
import {groupByNode, listMembers} from './members.ts';
import {createTimes} from './times.ts';
import type {PoolInputs, PoolLook, PoolMember, PoolView} from './types.ts';
import {viewPool} from './view.ts';

export interface Pools {
	/** Judges anew. What was found stands until the next call; for so long as nobody can tell who belongs to a pool, it has no figures. */
	update(inputs: PoolInputs): void;
	/** As of the last update, in the order of the configuration; without those of which it is not known who belongs to them. */
	view(): readonly PoolView[];
	/** Takes over a new configuration. */
	configure(pools: readonly PoolConfig[]): void;
}

export interface PoolsOptions {
	exposition: Pick<Exposition, 'collected' | 'histogram'>;
	clock: Pick<Clock, 'wall'>;
	/** Default none. */
	pools?: readonly PoolConfig[];
}

/** Declares the metrics, also where there are no pools: a reload may bring some. */
export function createPools({exposition, clock, pools = []}: PoolsOptions): Pools {
	const times = createTimes(clock.wall());
	const histograms = {
		joined: exposition.histogram(poolMetrics.timeToJoined, poolTimeEdges),
		serving: exposition.histogram(poolMetrics.timeToServing, poolTimeEdges),
	};
	let configured: readonly PoolConfig[] = [];
	let members: ReadonlyMap<string, readonly PoolMember[]> = new Map();
	let views: readonly PoolView[] = [];
	/** While vast.ai is silent its instances are taken to be where they were. */
	let lastVast: VastJoin | undefined;
	exposition.collected(poolCollector.metrics, () => poolCollector.collect({pools: configured, views}, clock.wall()));
	configure(pools);

	return {
		update(inputs) {
			const look = lookWith(inputs);
			times.look(look);
			const checks = groupByNode(configured.length === 0 ? [] : look.checks);
			const found = new Map<string, readonly PoolMember[]>();
			for (const pool of configured) {
				// Without vast.ai nobody knows when a machine was rented.
				if (look.hasVast) histograms.joined.begin(labelSet({pool: pool.name}));
				const judged = listMembers(pool, look, checks);
				if (!judged) continue;
				found.set(pool.name, judged);
				for (const {what, seconds} of times.take(pool.name, judged, look))
					histograms[what].observe(labelSet({pool: pool.name}), seconds);
			}
			members = found;
			show();
		},
		view: () => views,
		configure,
	};

	function configure(next: readonly PoolConfig[]): void {
		const names = new Set(next.map(({name}) => name));
		for (const {name} of configured) {
			if (names.has(name)) continue;
			times.forget(name);
			for (const histogram of Object.values(histograms)) histogram.remove(labelSet({pool: name}));
		}
		for (const name of names) histograms.serving.begin(labelSet({pool: name}));
		configured = next;
		show();
	}

	function lookWith({nodes, nodesAreFresh, checks, localVantages, vast, hasVast}: PoolInputs): PoolLook {
		lastVast = hasVast === false ? undefined : (vast ?? lastVast);
		return {
			nodes: nodesAreFresh || nodes.length > 0 ? nodes : undefined,
			checks,
			localVantages,
			vast: lastVast,
			vastIsFresh: vast !== undefined,
			hasVast: hasVast ?? lastVast !== undefined,
			nowMs: clock.wall(),
		};
	}

	function show(): void {
		views = configured.flatMap(pool => {
			const judged = members.get(pool.name);
			return judged ? [viewPool(pool, judged)] : [];
		});
	}
}
