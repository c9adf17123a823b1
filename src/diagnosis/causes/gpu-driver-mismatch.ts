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

export const gpuDriverMismatch: Cause = {
	id: 'gpu-driver-mismatch',
	rung: 'gpu',
	title: 'Driver and library of the GPU do not fit',
	means:
		'The NVIDIA driver in the kernel has another version than the library beside the program: the host was upgraded while the container ran. Programs that run go on, new ones cannot use the GPU. Restart the container; on the host reload the driver or reboot.',
	find(scene) {
		const {gpu} = scene;
		const fault = gpu && gpuFaultOf(scene);
		if (!fault || !faults.includes(fault)) return undefined;
		const name = machineNameOf(gpu);
		return {
			...effectOfGpu(scene),
			about: `node ${name}`,
			says: `The NVIDIA driver of ${name} and its library do not fit: ${wordsOf(gpu)}`,
			evidence: evidenceOfGpu(scene),
			next: [
				smiCommand(gpu, 'Both versions, where it says more than the error.'),
				kernelLogCommand(gpu, 'Which version the kernel has.'),
			],
		};
	},
};

const faults: readonly GpuFault[] = ['driver_mismatch'];
