/** What is kept of instances rented at vast.ai. What is not told is absent, which is never the same as zero. */

import type {Read} from '../sources/read.ts';

/**
 * What the host says of the container. The list is closed: it is a label value. `provisioning` is what vast.ai tells as null,
 * `unknown` its own word for a host that is silent, `other` a word that is not known here.
 */
export const instanceStatuses = [
	'provisioning',
	'created',
	'scheduling',
	'loading',
	'running',
	'stopped',
	'frozen',
	'exited',
	'rebooting',
	'unknown',
	'offline',
	'other',
] as const;
export type InstanceStatus = (typeof instanceStatuses)[number];

/** One instance. Texts were cleaned and bounded where they came in. Plain data. */
export interface Instance {
	/** Decimal. */
	id: string;
	/** What somebody wrote to it; '' where nobody did. */
	label: string;
	status: InstanceStatus;
	/** What its owner wants it to be. */
	intended?: 'running' | 'stopped' | 'frozen' | 'other';
	/** Whether the machine is allotted. */
	allotted?: 'running' | 'stopped' | 'unloaded' | 'other';
	machineId?: string;
	hostId?: string;
	gpuModel?: string;
	gpus?: number;
	/** Dollars per hour, all included. */
	pricePerHour?: number;
	/** Milliseconds since 1970. */
	startMs?: number;
	/** Until when the host offers it, milliseconds since 1970. */
	endMs?: number;
	/** Of the host, 0 to 1. */
	reliabilityRatio?: number;
	gpuUtilizationRatio?: number;
	gpuTemperatureCelsius?: number;
	/** The host's own words, at most 200 characters. */
	message?: string;
	sshHost?: string;
	sshPort?: number;
	publicAddress?: string;
}

/** What one reading brought. */
export interface InstanceList {
	/** Those that the configuration means. */
	instances: readonly Instance[];
	/** Whether these are all: otherwise there are more than are read, or some could not be used. */
	complete: boolean;
	/** Entries that could not be used and what was left out, as sentences, bounded. */
	problems: readonly string[];
	/** The list of vast.ai that they were read from. */
	api: 'v0' | 'v1';
}

export interface VastState {
	instances: Read<InstanceList>;
}

/**
 * Whether vast.ai charges for its GPUs, as far as is known. It does while an instance runs or is frozen, and not before it ran or when it
 * was stopped (then only for its disk). Of the rest the allotted machine decides; a host that is lost earns nothing.
 */
export function isPaid({status, allotted}: Pick<Instance, 'status' | 'allotted'>): boolean {
	if (status === 'running' || status === 'frozen') return true;
	if (status === 'exited' || status === 'rebooting' || status === 'unknown' || status === 'other')
		return allotted === 'running';
	return false;
}
