/** What one page is made of, read from the daemon once. */

import type {PlatformView} from '../../inventory/platform-types.ts';
import type {PoolView} from '../../pools/types.ts';
import type {VantageState} from '../../vantages/types.ts';
import type {VastView} from '../../vast/view.ts';
import type {CheckView, DaemonView, Landmarks, NodeView, Outcome, SourceView} from '../types.ts';

export interface Snapshot {
	/** Wall clock that ages are counted from. */
	nowMs: number;
	checks: readonly CheckView[];
	vantages: readonly VantageState[];
	sources: readonly SourceView[];
	nodes: readonly NodeView[];
	pools: readonly PoolView[];
	rented: VastView | undefined;
	platform: PlatformView;
	landmarks: Landmarks;
	problems: readonly string[];
	/** The last outcomes of a check, newest first. They are unpacked anew by each call. */
	recent(key: string): readonly Outcome[];
}

export function takeSnapshot(view: DaemonView, nowMs: number): Snapshot {
	return {
		nowMs,
		checks: view.checks(),
		vantages: view.vantages(),
		sources: view.sources(),
		nodes: view.nodes(),
		pools: view.pools(),
		rented: view.vast(),
		platform: view.platform(),
		landmarks: view.landmarks(),
		problems: view.problems(),
		recent: key => view.history(key)?.recent ?? [],
	};
}
