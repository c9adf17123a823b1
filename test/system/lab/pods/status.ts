/** What a pod says of itself, from what is true of its containers. */

import type {V1ContainerStatus, V1Pod, V1PodCondition, V1PodStatus} from '@kubernetes/client-node';

/** What is known of a pod on its node. */
export interface PodFacts {
	startTime: string;
	hostAddress: string;
	/** Absent until it has one. */
	address: string | undefined;
	/** What it waits for before anything is started. */
	waitsFor: string | undefined;
	isInitialized: boolean;
	/** Set once it ended for good. */
	end: 'Succeeded' | 'Failed' | undefined;
	inits: readonly V1ContainerStatus[];
	mains: readonly V1ContainerStatus[];
}

/** The status as kubelet writes it; times of conditions are `since`, by their type. */
export function statusOf(pod: V1Pod, facts: PodFacts, since: Map<string, {status: string; at: string}>): V1PodStatus {
	const {address, end, mains, inits} = facts;
	const sidecars = (pod.spec?.initContainers ?? []).filter(({restartPolicy}) => restartPolicy === 'Always');
	const readyInits = inits.filter(({name}) => sidecars.some(sidecar => sidecar.name === name));
	const isReady =
		end === undefined && facts.isInitialized && mains.length > 0 && [...mains, ...readyInits].every(({ready}) => ready);
	const condition = (type: string, holds: boolean): V1PodCondition => {
		const status = holds ? 'True' : 'False';
		if (since.get(type)?.status !== status) since.set(type, {status, at: now()});
		return {type, status, lastTransitionTime: since.get(type)?.at as unknown as Date};
	};
	const isRunning =
		facts.isInitialized && mains.some(({state}) => state?.running !== undefined || state?.terminated !== undefined);
	const waiting = (specs: ReadonlyArray<{name: string; image?: string}>, known: readonly V1ContainerStatus[]) =>
		specs.map(({name, image = ''}): V1ContainerStatus => {
			const reason = facts.waitsFor === undefined ? 'PodInitializing' : 'ContainerCreating';
			const blank = {
				name,
				image,
				imageID: '',
				ready: false,
				started: false,
				restartCount: 0,
				state: {waiting: {reason}},
			};
			return known.find(one => one.name === name) ?? blank;
		});
	return {
		phase: end ?? (isRunning ? 'Running' : 'Pending'),
		...(facts.waitsFor !== undefined && {message: facts.waitsFor}),
		hostIP: facts.hostAddress,
		...(address !== undefined && {podIP: address, podIPs: [{ip: address}]}),
		startTime: facts.startTime as unknown as Date,
		conditions: [
			condition('PodScheduled', true),
			condition('Initialized', facts.isInitialized),
			condition('ContainersReady', isReady),
			condition('Ready', isReady),
		],
		initContainerStatuses: waiting(pod.spec?.initContainers ?? [], inits),
		containerStatuses: waiting(pod.spec?.containers ?? [], mains),
	};
}

/** Whether a condition of a pod holds. */
export function conditionOf({status}: V1Pod, type: string): boolean {
	return status?.conditions?.some(condition => condition.type === type && condition.status === 'True') === true;
}

/** A time as the API has it. */
export const now = () => new Date().toISOString().replace(/\.\d+Z$/, 'Z');
