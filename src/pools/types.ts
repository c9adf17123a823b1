/** A pool: a group of GPU machines of which some number must be usable. */

import type {CheckView, NodeView} from '../server/types.ts';
import type {VastJoin} from '../vast/join.ts';

/** The list is closed: it is a label value. `unknown`: nobody could look at something that decides. */
export const memberStates = ['usable', 'unusable', 'unknown'] as const;
export type MemberState = (typeof memberStates)[number];

export interface PoolMember {
	/** Of its node; of an instance without one `vast-ID`. */
	name: string;
	/** Of the node. */
	nodeId?: string;
	/** Of the instance. */
	instanceId?: string;
	state: MemberState;
	/** One sentence, when not usable. */
	why?: string;
	/** A check looks at its GPUs, whatever it finds. */
	hasGpuLook?: true;
	/** GPUs that were seen at the last look that found nothing wrong; absent where there is none. */
	gpus?: number;
}

/** A pool as it is now. Plain data. */
export interface PoolView {
	name: string;
	min: number;
	usable: number;
	unusable: number;
	unknown: number;
	/** GPUs of the usable members: 0 while every look finds something wrong or cannot look, absent where no check looks at GPUs. */
	gpusUsable?: number;
	/** Milliseconds since 1970: since when there are enough, too few, or nobody knows. */
	sinceMs?: number;
	/** Those in trouble first, at most `membersAtMost`. */
	members: readonly PoolMember[];
}

/** So much of a check as decides. */
export type PoolCheck = Pick<CheckView, 'check' | 'verdict' | 'ran' | 'last'>;

/** What there is to judge by. */
export interface PoolInputs {
	/** Nodes as last known, also while headscale is silent: tunnels live on without it. */
	nodes: readonly NodeView[];
	/** Whether that is what headscale says now; an empty list that is not counts as not known. */
	nodesAreFresh: boolean;
	checks: readonly PoolCheck[];
	/** Vantages of type `local`. */
	localVantages: ReadonlySet<string>;
	/** What is known of the instances of vast.ai; undefined while that is stale, or where there is none. */
	vast: VastJoin | undefined;
	/** Whether there is a vast.ai to ask; default: whether it ever told something. */
	hasVast?: boolean;
}

/** The same at one moment, with what of it is known. */
export interface PoolLook extends Omit<PoolInputs, 'nodes' | 'nodesAreFresh' | 'hasVast'> {
	nodes: readonly NodeView[] | undefined;
	hasVast: boolean;
	/** Otherwise `vast` is what was known last. */
	vastIsFresh: boolean;
	/** Milliseconds since 1970. */
	nowMs: number;
}
