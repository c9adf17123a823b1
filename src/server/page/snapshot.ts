/** What one page is made of, read from the daemon once. */

import {findIncidents, type Incident} from '../../diagnosis/incidents.ts';
import {worldNow} from '../../diagnosis/world-now.ts';
import type {MachinesView} from '../../inventory/machine-types.ts';
import type {PlatformView} from '../../inventory/platform-types.ts';
import type {Note} from '../../notes/types.ts';
import type {PoolView} from '../../pools/types.ts';
import type {VantageState} from '../../vantages/types.ts';
import type {VastView} from '../../vast/view.ts';
import type {CheckView, DaemonView, Landmarks, NodeView, Outcome, SourceView} from '../types.ts';
import {nodesOf} from './subject-parts.ts';

export interface Snapshot {
	/** Wall clock that ages are counted from. */
	nowMs: number;
	checks: readonly CheckView[];
	vantages: readonly VantageState[];
	sources: readonly SourceView[];
	nodes: readonly NodeView[];
	pools: readonly PoolView[];
	rented: VastView | undefined;
	machines: MachinesView;
	incidents: readonly Incident[];
	platform: PlatformView;
	landmarks: Landmarks;
	/** Whether there is a page of a node of that name. */
	isNode(name: string): boolean;
	problems: readonly string[];
	ownNotes: readonly Note[];
	/** The last outcomes of a check, newest first. */
	recent(key: string): readonly Outcome[];
}

export function takeSnapshot(view: DaemonView, nowMs: number): Snapshot {
	const world = worldNow(view, nowMs);
	const {checks, vantages, sources, nodes, pools, machines, platform, landmarks} = world;
	return {
		nowMs,
		...{checks, vantages, sources, nodes, pools, machines, platform, landmarks},
		rented: view.vast(),
		incidents: findIncidents(world),
		isNode: nodesOf(world),
		problems: view.problems(),
		ownNotes: view.ownNotes(),
		recent(key) {
			const known = world.check(key);
			return known ? world.recent(known) : [];
		},
	};
}
