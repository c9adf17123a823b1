/** What is kept of the objects of the Kubernetes API. What is not told is absent, which is never the same as "no". */

import type {Read} from '../sources/read.ts';

export const podPhases = ['Pending', 'Running', 'Succeeded', 'Failed', 'Unknown'] as const;
export type PodPhase = (typeof podPhases)[number];

/** Why a pod is as it is. The list is closed: it is a label value. */
export const podReasons = [
	'none',
	'Terminating',
	'Unschedulable',
	'SchedulingGated',
	'ContainerCreating',
	'PodInitializing',
	'ImagePullBackOff',
	'ErrImagePull',
	'ErrImageNeverPull',
	'InvalidImageName',
	'CreateContainerConfigError',
	'CreateContainerError',
	'RunContainerError',
	'ContainerCannotRun',
	'CrashLoopBackOff',
	'OOMKilled',
	'Error',
	'Completed',
	'ContainerStatusUnknown',
	'DeadlineExceeded',
	'Evicted',
	'NodeLost',
	'NodeAffinity',
	'Preempting',
	'Shutdown',
	'Terminated',
	'OutOfcpu',
	'OutOfmemory',
	'OutOfpods',
	'UnexpectedAdmissionError',
	'ProviderFailed',
	'NotFound',
	'other',
] as const;
export type PodReason = (typeof podReasons)[number];

export interface Pod {
	namespace: string;
	name: string;
	uid: string;
	phase: PodPhase;
	reason: PodReason;
	/** What the cluster says about it, one line, for people. */
	detail?: string;
	/** The condition Ready; undefined: there is none. Phase and containers say nothing of a pod whose kubelet is gone. */
	ready?: boolean;
	/** Milliseconds since 1970 of the last change of Ready. */
	readySince?: number;
	/** Of all its containers; undefined: the kubelet tells of none, as simple virtual kubelets do. */
	restarts?: number;
	node?: string;
	/** As told; some providers tell something that cannot be dialled. */
	podIp?: string;
	containers: readonly string[];
	labels: Readonly<Record<string, string>>;
	/** Those that somebody asked for, and `tailscale.com/…`. */
	annotations: Readonly<Record<string, string>>;
	createdAt?: number;
	/** When it was asked to go. */
	deletionAt?: number;
	/** Those that matter when its node is tainted `NoExecute`. */
	tolerations: readonly Toleration[];
	/** What it puts on the tailnet. */
	proxy?: TailnetProxy;
}

/** The pod stays on a node with such a taint: for some seconds, or for ever. */
export interface Toleration {
	/** Absent: any taint. */
	key?: string;
	/** Absent: any value. */
	value?: string;
	seconds?: number;
}

/** How a pod puts something on the tailnet: as a proxy of the tailscale operator, or with a sidecar of its own. */
export interface TailnetProxy {
	kind: 'operator' | 'sidecar';
	/** Names that it may have in the tailnet, the likeliest first. */
	hostnames: readonly string[];
	/** What a proxy of the operator stands for. */
	parent?: {kind: string; namespace?: string; name: string};
	/** The container that runs tailscaled. */
	container?: string;
	/** Whether that container is ready; undefined: not told. */
	ready?: boolean;
}

export interface Node {
	name: string;
	uid: string;
	/** The condition Ready. `unknown`: its kubelet stopped telling. undefined: there is no such condition. */
	ready?: 'true' | 'false' | 'unknown';
	readySince?: number;
	/** Taints that drive pods away. */
	taints: readonly NoExecuteTaint[];
	/** May pods be put there? */
	schedulable: boolean;
	/** The address that the API server dials for exec and logs. */
	internalIp?: string;
	/** That address is loopback, where no kubelet of another machine can be: exec and logs cannot work. */
	loopback: boolean;
	/** Where the kubelet says that it serves; undefined: it does not say, as one that serves nothing does. */
	kubeletPort?: number;
	kubeletVersion?: string;
	/** Its labels say that it is virtual. */
	virtual: boolean;
}

export interface NoExecuteTaint {
	key: string;
	value: string;
	addedAt?: number;
}

export interface Lease {
	node: string;
	renewedAt?: number;
	durationSeconds?: number;
}

export interface Deployment {
	namespace: string;
	name: string;
	wanted: number;
	available: number;
	ready: number;
	/** The condition Available. */
	availableCondition?: boolean;
	availableSince?: number;
}

/** One right that we need. */
export interface Need {
	verb: 'get' | 'list' | 'watch' | 'create' | 'update';
	group: string;
	resource: string;
	subresource?: string;
	namespace?: string;
	name?: string;
	/** What goes on without it and what does not, as a sentence; absent: what it is for fails. */
	without?: string;
}

export interface Right extends Need {
	allowed: boolean;
}

/** Everything of one kind that is there, by name. */
export interface Listed<T> {
	items: readonly T[];
	/** Objects that could not be used, as sentences; the first of them. */
	problems: readonly string[];
	/** How many objects could not be used. */
	bad: number;
}

/** One kind of object that is listed and then watched. */
export interface WatchState<T> {
	read: Read<Listed<T>>;
	/** How often the watch had to begin anew because it broke or what it knew was too old. */
	restarts: number;
}

export interface KubernetesState {
	/** The GPU pods. */
	pods?: WatchState<Pod>;
	/** All nodes that are read; `virtualNodes` are those that matter. */
	nodes?: WatchState<Node>;
	leases?: Read<readonly Lease[]>;
	deployment?: WatchState<Deployment>;
	/** By namespace: pods that put something on the tailnet. */
	exposure: ReadonlyMap<string, WatchState<Pod>>;
	/** Pods of the pod ways, by `namespace selector`; the GPU pods too where they are the same. */
	wayPods: ReadonlyMap<string, WatchState<Pod>>;
	rights: Read<readonly Right[]>;
	/** Names of the virtual nodes: as configured, else those of the GPU pods. */
	virtualNodes: readonly string[];
}
