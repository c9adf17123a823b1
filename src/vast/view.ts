/** vast.ai as the page and the API tell it. Pure. */

import {worstFirst} from '../collectors/vast.ts';
import {type JoinedInstance, type MismatchKind, mismatchKinds, type Reach, type VastJoin} from './join.ts';
import type {TiedBy} from './tie-nodes.ts';
import type {InstanceStatus} from './types.ts';

/** Texts in it were cleaned where they came in; lists are bounded. */
export interface VastView {
	/** How many there are. */
	count: number;
	/** Whether these are all. */
	complete: boolean;
	/** Dollars per hour of what is paid for. */
	pricePerHour: number;
	/** Of that, what cannot be reached although it had the time. */
	unreachablePricePerHour: number;
	/** Of that, where it is not known. */
	unknownPricePerHour: number;
	/** Only what can be told. */
	mismatches: Partial<Record<MismatchKind, number>>;
	/** Those in trouble first, at most `instancesAtMost`. */
	instances: readonly VastInstanceView[];
	/** The first of them. */
	podsWithoutInstance: readonly string[];
}

export interface VastInstanceView {
	id: string;
	label: string;
	status: InstanceStatus;
	reach: Reach;
	gpuModel?: string;
	gpus?: number;
	pricePerHour?: number;
	startMs?: number;
	timeLeftMs?: number;
	unreachableSince?: number;
	/** The host's own words. */
	message?: string;
	node?: {name: string; by: TiedBy};
	/** `namespace/name`. */
	pod?: string;
	withoutPod?: true;
	/** One sentence, where something does not fit. */
	trouble?: string;
}

export const instancesAtMost = 100;
const podsAtMost = 20;

export function viewVast(join: VastJoin): VastView {
	const {instances, prices, mismatches, podsWithoutInstance, complete} = join;
	const price = (...of: Exclude<Reach, 'idle'>[]) => sumOf(of.map(reach => prices.get(reach) ?? 0));
	return {
		count: instances.length,
		complete,
		pricePerHour: sumOf([...prices.values()]),
		unreachablePricePerHour: price('never_joined', 'left', 'offline'),
		unknownPricePerHour: price('unknown'),
		mismatches: Object.fromEntries(
			mismatchKinds.flatMap(kind => (mismatches.has(kind) ? [[kind, mismatches.get(kind)]] : [])),
		),
		instances: worstFirst(instances).slice(0, instancesAtMost).map(viewInstance),
		podsWithoutInstance: podsWithoutInstance.slice(0, podsAtMost).map(({namespace, name}) => `${namespace}/${name}`),
	};
}

/** One instance, with what does not fit. */
export function viewInstance(joined: JoinedInstance): VastInstanceView {
	const {instance, reach, node, pod, withoutPod, unreachableSince, timeLeftMs} = joined;
	const {id, label, status, gpuModel, gpus, pricePerHour, startMs, message} = instance;
	const trouble = troubleOf(reach, withoutPod);
	return {
		...{id, label, status, reach},
		...(gpuModel === undefined ? {} : {gpuModel}),
		...(gpus === undefined ? {} : {gpus}),
		...(pricePerHour === undefined ? {} : {pricePerHour}),
		...(startMs === undefined ? {} : {startMs}),
		...(timeLeftMs === undefined ? {} : {timeLeftMs}),
		...(unreachableSince === undefined ? {} : {unreachableSince}),
		...(message === undefined ? {} : {message}),
		...(node === undefined ? {} : {node}),
		...(pod === undefined ? {} : {pod: `${pod.namespace}/${pod.name}`}),
		...(withoutPod ? {withoutPod} : {}),
		...(trouble === undefined ? {} : {trouble}),
	};
}

/** Without the dust of binary fractions. */
function sumOf(dollars: readonly number[]): number {
	return Math.round(dollars.reduce((sum, each) => sum + each, 0) * 1e6) / 1e6;
}

function troubleOf(reach: Reach, withoutPod: true | undefined): string | undefined {
	const sentences = [
		troubles[reach],
		withoutPod &&
			'No pod stands for it: whoever rented it may have forgotten it. Destroy it at vast.ai if nobody needs it.',
	].filter(Boolean);
	return sentences.length === 0 ? undefined : sentences.join(' ');
}

const troubles: Partial<Record<Reach, string>> = {
	never_joined:
		'It is paid for and never came into the tailnet: look at the pre-auth key, the login server and the log of tailscaled there.',
	left: 'It is paid for, and its node has left the tailnet: tailscaled has ended there, or was logged out.',
	offline: 'It is paid for, and the tunnel to its node is down.',
};
