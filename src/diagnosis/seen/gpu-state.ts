/** What is known of the GPUs behind a link, read the same way by all causes that concern them. Pure. */

import {type GpuFault, gpuFaults} from '../../gpu/faults.ts';
import {plausibleValues} from '../../gpu/plausible.ts';
import {commandOf} from '../commands.ts';
import {evidenceOf} from '../evidence.ts';
import type {Look, Scene} from '../scene.ts';
import type {Command, Evidence, Finding} from '../types.ts';
import {serviceTypes} from './kinds.ts';
import {didConnect, statusOf} from './service-words.ts';

/** What the last look at the GPUs of that machine found wrong, where it concerns the link; undefined: nothing, or nobody could look. */
export function gpuFaultOf(scene: Scene): GpuFault | undefined {
	const {gpu} = scene;
	if (gpu?.verdict !== 'down' || !concernsGpu(scene)) return undefined;
	const told = gpu.outcome?.reading?.facts.gpu_fault;
	return gpuFaults.find(fault => fault === told);
}

/** The look at GPUs itself, or a service on their machine: tunnels and names know nothing of GPUs. */
function concernsGpu({gpu, check}: Scene): boolean {
	if (!check || check === gpu) return true;
	const {type, expect, target} = check.view.check;
	return (type === 'gpu' || serviceTypes.has(type)) && expect === undefined && target.via === 'tailnet';
}

/** A fault of a GPU is why the look at GPUs is down; a service on that machine only fails for it where that explains how it fails. */
export function effectOfGpu(scene: Scene): Pick<Finding, 'effect' | 'confidence'> {
	const {gpu, check} = scene;
	if (!check || check.view.check.type === 'gpu')
		return {effect: check && check.view.check.key !== gpu?.view.check.key ? 'beside' : 'breaks', confidence: 'certain'};
	return doesGpuExplain(scene) ? {effect: 'breaks', confidence: 'likely'} : {effect: 'beside', confidence: 'certain'};
}

/**
 * Whether a service very likely fails for the GPUs of its machine, so that it is not the service that is at fault: nothing computes on
 * them, and it answers that it failed inside, or not in time. One that works may use another GPU, or none.
 */
export function doesGpuExplain(scene: Scene): boolean {
	const {check} = scene;
	if (check?.verdict !== 'down' || check.view.check.type === 'gpu') return false;
	const reason = check.outcome?.reason;
	const isSick =
		(reason === 'status' && (statusOf(check) ?? 0) >= 500) || (reason === 'timeout' && didConnect(check) !== false);
	return isSick && hard.has(gpuFaultOf(scene));
}

/** With these nothing new can compute; what only cannot be told, or is less than was wished for, may work. */
const hard: ReadonlySet<GpuFault | undefined> = new Set<GpuFault>([
	'off_the_bus',
	'recovery',
	'power_cable',
	'interrupt',
	'hang',
	'driver_mismatch',
	'no_devices',
	'no_driver',
	'no_access',
]);

/** The look itself in its own words, which say what to do, and the link that it may explain. */
export function evidenceOfGpu({gpu, check}: Scene): Evidence[] {
	const link = check && check.view.check.key !== gpu?.view.check.key ? [evidenceOf(check)] : [];
	return [...(gpu ? [evidenceOf(gpu, 'GPUs that are all there and well')] : []), ...link];
}

/** Whose GPUs they are, by the name of the node or of the vantage. */
export function machineNameOf({view: {check}}: Look): string {
	return check.target.peer === '' ? check.vantage : check.target.peer;
}

/** All that nvidia-smi has to tell there. */
export function smiCommand(look: Look, why: string): Command {
	return commandOf(machineNameOf(look), ['nvidia-smi', '-q'], why);
}

/** The words of the driver in the log of the kernel, which a container may not read. */
export function kernelLogCommand(look: Look, why: string): Command {
	return {where: `on the host of ${machineNameOf(look)}`, run: 'dmesg | grep -i nvrm', why};
}

/** What the look says, without the name of the check around it. */
export function wordsOf({outcome}: Look): string {
	return outcome?.detail ?? 'The look gave no reason.';
}

/** Numbers of each GPU that can be true, with its index and its flags. */
export function gpusOf(
	look: Look | undefined,
): {index: number; values: Readonly<Record<string, number>>; flags: Readonly<Record<string, boolean>>}[] {
	return (look?.outcome?.reading?.gpus ?? []).slice(0, 16).map(({index, values, flags}) => ({
		index,
		values: plausibleValues(values).values,
		flags,
	}));
}
