/** The machines behind nodes, as Kubernetes and vast.ai tell of them. Plain data; texts in it were cleaned where they came in. */

import type {Node, Pod} from '../kubernetes/types.ts';
import type {VastInstanceView} from '../vast/view.ts';

/** What is known of the machine that is one tailnet node. */
export interface Machine {
	/** Rented at vast.ai. */
	instance?: VastInstanceView;
	/** The GPU pod that stands for it. */
	pod?: PodFacts;
	/** The GPUs that were seen there at the last look. */
	gpus?: {count: number; model?: string};
}

export interface PodFacts
	extends Pick<
		Pod,
		| 'namespace'
		| 'name'
		| 'phase'
		| 'reason'
		| 'detail'
		| 'ready'
		| 'readySince'
		| 'restarts'
		| 'node'
		| 'createdAt'
		| 'deletionAt'
	> {
	/** When Kubernetes will drive it off its node, milliseconds since 1970; absent: not as things stand. */
	evictionAt?: number;
	/** No instance stands behind it, though it should have one. */
	withoutInstance?: true;
}

/** All machines, and what there is that belongs to no node. */
export interface MachinesView {
	/** By the name of the node. */
	byNode: ReadonlyMap<string, Machine>;
	/** Instances that are no node of the tailnet at present. */
	instancesOutside: readonly VastInstanceView[];
	/** GPU pods that belong to no node: pending ones, those whose instance never joined. */
	podsOutside: readonly PodFacts[];
	/** Nodes of the cluster that GPU pods run on. */
	clusterNodes: readonly Pick<Node, 'name' | 'ready' | 'readySince' | 'taints' | 'virtual'>[];
	/** The deployment that runs the virtual kubelet; absent where none is configured or it is not known. */
	virtualKubelet?: {namespace: string; name: string; wanted: number; available: number; availableSince?: number};
	/** When the pods were last told, milliseconds since 1970, and whether that is still so now. */
	podsAt?: {ms: number; isFresh: boolean};
	instancesAt?: {ms: number; isFresh: boolean};
}

export const noMachines: MachinesView = {
	byNode: new Map(),
	instancesOutside: [],
	podsOutside: [],
	clusterNodes: [],
};
