/** When pods will be driven off a node, as Kubernetes reckons it. Pure. */

import type {Node, NoExecuteTaint, Pod} from './types.ts';

/**
 * Milliseconds since 1970; undefined: not as things stand. Only a taint drives pods away: it comes some seconds after a node stopped being
 * ready, and not at all while every node of the cluster is like that, because then Kubernetes takes the fault for its own.
 */
export function evictionAt(pod: Pod, node: Node | undefined): number | undefined {
	if (!node || pod.node !== node.name || pod.deletionAt !== undefined) return undefined;
	if (pod.phase === 'Succeeded' || pod.phase === 'Failed') return undefined;
	const times = node.taints.flatMap(taint => {
		const seconds = toleratedSeconds(pod, taint);
		return taint.addedAt === undefined || seconds === undefined ? [] : taint.addedAt + seconds * 1000;
	});
	return times.length === 0 ? undefined : Math.min(...times);
}

/** How long the pod stays in spite of the taint; undefined: for ever. */
function toleratedSeconds({tolerations}: Pod, taint: NoExecuteTaint): number | undefined {
	const fitting = tolerations.filter(
		({key, value}) => (key === undefined || key === taint.key) && (value === undefined || value === taint.value),
	);
	if (fitting.length === 0) return 0;
	const seconds = fitting.flatMap(toleration => toleration.seconds ?? []);
	return seconds.length === 0 ? undefined : Math.max(0, Math.min(...seconds));
}
