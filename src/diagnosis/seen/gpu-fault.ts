/** Causes that are faults which the look at GPUs tells itself, all found the same way. */

import type {GpuFault} from '../../gpu/faults.ts';
import type {Look} from '../scene.ts';
import type {Cause, Finding} from '../types.ts';
import {effectOfGpu, evidenceOfGpu, gpuFaultOf, machineNameOf, wordsOf} from './gpu-state.ts';

/** What differs between them. */
export interface GpuFaultWords extends Pick<Cause, 'id' | 'title' | 'means'> {
	/** Those that are this cause. */
	faults: readonly GpuFault[];
	/** What is wrong on the machine of that name: a clause, which the words of the look follow. */
	says(name: string): string;
	/** What to type there. */
	next(gpu: Look, name: string): Finding['next'];
}

/** The cause that such faults are. */
export function gpuFaultCause({faults, says, next, ...words}: GpuFaultWords): Cause {
	return {
		...words,
		rung: 'gpu',
		find(scene) {
			const {gpu} = scene;
			const fault = gpu && gpuFaultOf(scene);
			if (!fault || !faults.includes(fault)) return undefined;
			const name = machineNameOf(gpu);
			return {
				...effectOfGpu(scene),
				about: `node ${name}`,
				says: `${says(name)}: ${wordsOf(gpu)}`,
				evidence: evidenceOfGpu(scene),
				next: next(gpu, name),
			};
		},
	};
}
