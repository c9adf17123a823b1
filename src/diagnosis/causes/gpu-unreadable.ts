import type {GpuFault} from '../../gpu/faults.ts';
import type {Cause} from '../types.ts';
import {
	effectOfGpu,
	evidenceOfGpu,
	gpuFaultOf,
	kernelLogCommand,
	machineNameOf,
	smiCommand,
	wordsOf,
} from './gpu-state.ts';

export const gpuUnreadable: Cause = {
	id: 'gpu-unreadable',
	rung: 'gpu',
	title: 'The GPU cannot be read',
	means:
		'nvidia-smi answers, but what it says cannot be used: it ended with an error, left out what it must know, or is not the real one. The GPU may work all the same. Run it there by hand.',
	find(scene) {
		const {gpu} = scene;
		const fault = gpu && gpuFaultOf(scene);
		if (!fault || !faults.includes(fault)) return undefined;
		const name = machineNameOf(gpu);
		return {
			...effectOfGpu(scene),
			about: `node ${name}`,
			says: `The GPUs of ${name} cannot be read: ${wordsOf(gpu)}`,
			evidence: evidenceOfGpu(scene),
			next: [smiCommand(gpu, 'What it says by itself.'), kernelLogCommand(gpu, 'XIDs.')],
		};
	},
};

const faults: readonly GpuFault[] = ['unreadable', 'unparsable', 'inforom', 'query', 'failed', 'endless'];
