/** Which pod an instance was rented for. Pure. */

import {type Instance, isPaid} from './types.ts';

/** So much of a pod as is looked at here; the Kubernetes source's pods have it. */
export interface TiePod {
	namespace: string;
	name: string;
	uid: string;
	phase: string;
	annotations: Readonly<Record<string, string>>;
	/** When it was asked to go. */
	deletionAt?: number;
}

export interface PodTies {
	/** By the id of the instance. */
	pods: ReadonlyMap<string, TiePod>;
	/** Ids of instances that no pod stands for. */
	instancesWithout: ReadonlySet<string>;
	/** Pods that no instance stands behind. */
	podsWithout: readonly TiePod[];
	/** How many more of each there are at least, where it cannot be told which. */
	moreInstancesWithout: number;
	morePodsWithout: number;
}

/**
 * Holds instances against the pods that should have one, and one only: of several the one that is paid for, of these the oldest. An
 * instance that names nobody (the simplest virtual kubelets write no label) may be behind any pod that is left over, so that of these only
 * the numbers are compared. `isComplete`: all instances are known.
 */
export function tiePods(
	instances: readonly Instance[],
	pods: readonly TiePod[],
	podBy: {label: string} | {annotation: string},
	isComplete: boolean,
): PodTies {
	const wanting = pods.filter(
		pod => pod.phase !== 'Succeeded' && pod.phase !== 'Failed' && pod.deletionAt === undefined,
	);
	const isWanting = new Set(wanting);
	// What has ended leaves its instance to what is still there.
	const podsByKey = Map.groupBy(
		[...wanting, ...pods.filter(pod => !isWanting.has(pod))].flatMap(pod =>
			keysOf(pod, podBy).map(key => ({key, pod})),
		),
		({key}) => key,
	);
	const tied = new Map<string, TiePod>();
	const behind = new Set<TiePod>();
	for (const {id, label} of instances.toSorted(byClaim)) {
		const found = podsByKey.get('label' in podBy ? label : id)?.find(({pod}) => !behind.has(pod));
		if (!found) continue;
		tied.set(id, found.pod);
		behind.add(found.pod);
	}
	const podsLeft = wanting.filter(pod => !behind.has(pod));
	const left = instances.filter(({id}) => !tied.has(id));
	/** By an annotation every pod tells its instance as soon as it has one. */
	const isAnonymous = ({label}: Instance) => 'label' in podBy && label === '';
	const anonymous = left.filter(isAnonymous);
	const named = left.filter(instance => !isAnonymous(instance));
	const allWithout = anonymous.length === 0 || podsLeft.length === 0;
	return {
		pods: tied,
		instancesWithout: new Set((allWithout ? left : named).map(({id}) => id)),
		podsWithout: isComplete && allWithout ? podsLeft : [],
		moreInstancesWithout: allWithout ? 0 : Math.max(0, anonymous.length - podsLeft.length),
		morePodsWithout: allWithout || !isComplete ? 0 : Math.max(0, podsLeft.length - anonymous.length),
	};
}

/** Whose claim to a pod is better comes first. */
function byClaim(a: Instance, b: Instance): number {
	if (isPaid(a) !== isPaid(b)) return isPaid(a) ? -1 : 1;
	const [startA, startB] = [a.startMs ?? Number.POSITIVE_INFINITY, b.startMs ?? Number.POSITIVE_INFINITY];
	if (startA !== startB) return startA < startB ? -1 : 1;
	return a.id.length - b.id.length || (a.id < b.id ? -1 : 1);
}

function keysOf({namespace, name, uid, annotations}: TiePod, podBy: {label: string} | {annotation: string}): string[] {
	if ('annotation' in podBy) {
		const id = annotations[podBy.annotation]?.trim();
		return id === undefined || id === '' ? [] : [id];
	}
	const values: Readonly<Record<string, string>> = {namespace, name, uid};
	return [podBy.label.replace(/\{(namespace|name|uid)\}/g, (_, key: string) => values[key] ?? '')];
}
