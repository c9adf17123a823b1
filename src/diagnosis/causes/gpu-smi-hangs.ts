import type {GpuFault} from '../../gpu/faults.ts';
import {commandOf} from '../commands.ts';
import type {Cause} from '../types.ts';
import {effectOfGpu, evidenceOfGpu, gpuFaultOf, kernelLogCommand, machineNameOf, wordsOf} from './gpu-state.ts';

export const gpuSmiHangs: Cause = {
	id: 'gpu-smi-hangs',
	rung: 'gpu',
	title: 'The GPU driver hangs',
	means:
		'nvidia-smi does not come back: the driver waits for a GPU that does not answer. Programs on it hang as well, and cannot even be killed. Reboot the host, or give the machine back.',
	find(scene) {
		const {gpu} = scene;
		const fault = gpu && gpuFaultOf(scene);
		if (!fault || !faults.includes(fault)) return undefined;
		const name = machineNameOf(gpu);
		return {
			...effectOfGpu(scene),
			about: `node ${name}`,
			says: `nvidia-smi hangs on ${name}: ${wordsOf(gpu)}`,
			evidence: evidenceOfGpu(scene),
			next: [
				kernelLogCommand(gpu, 'XIDs of the GPU that hangs.'),
				commandOf(name, ['ps', '-eo', 'pid,stat,etime,args'], 'Programs in state D hang in the driver.'),
			],
		};
	},
};

const faults: readonly GpuFault[] = ['hang'];
