/** What is known of the GPUs behind a link, read the same way by all causes that concern them. Pure. */

import {type GpuFault, gpuFaults} from '../../gpu/faults.ts';
import {plausibleValues} from '../../gpu/plausible.ts';
import {commandOf} from '../commands.ts';
import {evidenceOf} from '../evidence.ts';
import type {Look, Scene} from '../scene.ts';
import type {Command, Evidence, Finding} from '../types.ts';

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
	return (
		['http', 'http_warm', 'tcp', 'tls', 'ws', 'gpu'].includes(type) && expect === undefined && target.via === 'tailnet'
	);
}

/**
 * A fault of a GPU is why the look at GPUs is down. A service on that machine that answers with an error, or not in time, very likely fails
 * for it; one that works may use another GPU, or none.
 */
export function effectOfGpu({gpu, check}: Scene): Pick<Finding, 'effect' | 'confidence'> {
	if (!check || check.view.check.type === 'gpu')
		return {effect: check && check.view.check.key !== gpu?.view.check.key ? 'beside' : 'breaks', confidence: 'certain'};
	const {verdict, outcome} = check;
	const isSick = verdict === 'down' && sick.has(outcome?.reason ?? '');
	return isSick ? {effect: 'breaks', confidence: 'likely'} : {effect: 'beside', confidence: 'certain'};
}

/** How a service fails that lacks its GPU. */
const sick: ReadonlySet<string> = new Set(['status', 'timeout', 'reset', 'protocol', 'content', 'refused']);

/** The look itself in its own words, which say what to do, and the link that it may explain. */
export function evidenceOfGpu({gpu, check}: Scene): Evidence[] {
	const link = check && check.view.check.key !== gpu?.view.check.key ? [evidenceOf(check)] : [];
	return [...(gpu ? [evidenceOf(gpu, 'GPUs that are all there and well')] : []), ...link];
}

/** Whose GPUs they are, by the name of the node or of the vantage. */
export function machineNameOf({view: {check}}: Look): string {
	return check.target.peer === '' ? check.vantage : check.target.peer;
}

export function smiCommand(look: Look, why: string): Command {
	return commandOf(machineNameOf(look), ['nvidia-smi', '-q'], why);
}

export function kernelLogCommand(look: Look, why: string): Command {
	return {where: `the host of ${machineNameOf(look)}`, run: 'dmesg | grep -i nvrm', why};
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
