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

export const gpuLost: Cause = {
	id: 'gpu-lost',
	rung: 'gpu',
	title: 'A GPU is lost',
	means:
		'The driver cannot reach a GPU any more: it fell off the bus, or is in a state that only a reset ends. What computes on it fails or hangs until the host is rebooted. On a rented machine give it back and rent another if it happens again.',
	find(scene) {
		const {gpu} = scene;
		const fault = gpu && gpuFaultOf(scene);
		if (!fault || !faults.includes(fault)) return undefined;
		const name = machineNameOf(gpu);
		return {
			...effectOfGpu(scene),
			about: `node ${name}`,
			says: `A GPU of ${name} is lost: ${wordsOf(gpu)}`,
			evidence: evidenceOfGpu(scene),
			next: [
				kernelLogCommand(gpu, 'The XID: 79 is a GPU that fell off the bus.'),
				smiCommand(gpu, 'Which GPUs still answer.'),
			],
		};
	},
};

const faults: readonly GpuFault[] = ['off_the_bus', 'recovery', 'power_cable', 'interrupt'];
