/** All collectors of sources, and what feeds them. */

import type {HeadscaleSource} from '../headscale/source.ts';
import type {Exposition} from '../metrics/exposition.ts';
import type {MetricDef} from '../metrics/types.ts';
import type {NodeView} from '../server/types.ts';
import {systemClock} from '../util/clock.ts';
import {headscaleCollector} from './headscale.ts';
import {nodeCollector} from './nodes.ts';
import {sourceCollector} from './sources.ts';

/** Rows of all of them, for the catalogue. */
export const collectorMetrics: readonly MetricDef[] = [
	...sourceCollector.metrics,
	...headscaleCollector.metrics,
	...nodeCollector.metrics,
];

/** Shows what headscale's source knows; nothing while there is none. */
export function exposeHeadscale(
	exposition: Exposition,
	source: () => HeadscaleSource | undefined,
	nodes: () => readonly NodeView[],
): void {
	exposition.collected(collectorMetrics, () => {
		const headscale = source();
		if (!headscale) return [];
		const nowMs = systemClock.wall();
		const readings = {state: headscale.state(), intervalMs: headscale.intervalMs};
		const tunnels = new Map(nodes().map(view => [view.node.name, view.tunnels]));
		return [
			...sourceCollector.collect(headscale.sources(), nowMs),
			...headscaleCollector.collect(readings, nowMs),
			...nodeCollector.collect({...readings, verdictsOf: peer => tunnels.get(peer) ?? []}, nowMs),
		];
	});
}
