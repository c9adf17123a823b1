import type {GpuFault} from '../../gpu/faults.ts';
import {commandOf} from '../commands.ts';
import type {Cause} from '../types.ts';
import {effectOfGpu, evidenceOfGpu, gpuFaultOf, machineNameOf, wordsOf} from './gpu-state.ts';

export const gpuMissing: Cause = {
	id: 'gpu-missing',
	rung: 'gpu',
	title: 'GPUs are missing',
	means:
		'The machine does not see the GPUs that it should have: the driver is not loaded, the container was not given them or lost its access, or there are fewer than were wished for. Restart the container with its GPUs; look at the host when that does not help.',
	find(scene) {
		const {gpu} = scene;
		const fault = gpu && gpuFaultOf(scene);
		if (!fault || !faults.includes(fault)) return undefined;
		const name = machineNameOf(gpu);
		return {
			...effectOfGpu(scene),
			about: `node ${name}`,
			says: `${name} lacks GPUs: ${wordsOf(gpu)}`,
			evidence: evidenceOfGpu(scene),
			next: [
				commandOf(name, ['nvidia-smi', '-L'], 'Which GPUs it sees.'),
				commandOf(name, ['sh', '-c', 'ls -l /dev/nvidia*'], 'Whether the container was given the devices.'),
			],
		};
	},
};

const faults: readonly GpuFault[] = ['no_devices', 'no_driver', 'no_library', 'no_access', 'no_program', 'too_few'];
