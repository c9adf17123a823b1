/** Nodes as the page and the API show them: what headscale says beside what the tunnels see. */

import {disagreementOf} from '../collectors/nodes.ts';
import {isInGrace} from '../headscale/fresh.ts';
import type {HeadscaleState} from '../headscale/types.ts';
import type {CheckView, NodeView} from '../server/types.ts';
import {freshValue} from '../sources/read.ts';
import type {TailnetNode} from './types.ts';

/** One view per listed node, with the tunnel checks that were run at least once. Pure. */
export function viewNodes(
	state: HeadscaleState | undefined,
	checks: readonly CheckView[],
	nowMs: number,
): readonly NodeView[] {
	const nodes = state?.nodes.value?.nodes ?? [];
	const inGrace = state !== undefined && isInGrace(state, nowMs);
	const tunnels = groupTunnels(checks);
	return nodes.map(node => {
		const seen = (tunnels.get(node.name) ?? []).map(viewTunnel);
		const disagreement = disagreementOf(node, seen, inGrace);
		return {
			node: inGrace ? withoutOffline(node) : node,
			tunnels: seen,
			...(disagreement === undefined ? {} : {disagreement}),
		};
	});
}

/** By the name of the node, its tunnel checks that were run at least once. Cheap, as long as nobody asks for their last outcomes. Pure. */
export function groupTunnels(checks: readonly CheckView[]): ReadonlyMap<string, readonly CheckView[]> {
	return Map.groupBy(
		checks.filter(view => view.check.type === 'tunnel' && view.ran),
		view => view.check.target.peer,
	);
}

/** The nodes as they may be told to others, or undefined while the list is older than its gauges may be. Pure. */
export function freshNodes(
	state: HeadscaleState | undefined,
	intervalMs: number,
	nowMs: number,
): readonly TailnetNode[] | undefined {
	if (!state || !freshValue(state.nodes, intervalMs, nowMs)) return undefined;
	return viewNodes(state, [], nowMs).map(({node}) => node);
}

/** Shortly after a restart "offline" means nothing, so it is not told. */
function withoutOffline({online, ...node}: TailnetNode): TailnetNode {
	return online === true ? {...node, online} : node;
}

function viewTunnel({check, verdict, last}: CheckView): NodeView['tunnels'][number] {
	const path = last?.reading?.facts.path;
	const rttSeconds = last?.reading?.values.tsmp_seconds;
	return {
		vantage: check.vantage,
		verdict,
		...(path === undefined ? {} : {path}),
		...(rttSeconds === undefined ? {} : {rttSeconds}),
	};
}
