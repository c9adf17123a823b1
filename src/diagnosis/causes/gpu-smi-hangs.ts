import {commandOf} from '../commands.ts';
import {gpuFaultCause} from '../seen/gpu-fault.ts';
import {kernelLogCommand} from '../seen/gpu-state.ts';

export const gpuSmiHangs = gpuFaultCause({
	id: 'gpu-smi-hangs',
	title: 'The GPU driver hangs',
	means:
		'nvidia-smi does not come back: the driver waits for a GPU that does not answer. Programs on it hang as well, and cannot even be killed. Reboot the host, or give the machine back.',
	faults: ['hang'],
	says: name => `nvidia-smi hangs on ${name}`,
	next: (gpu, name) => [
		kernelLogCommand(gpu, 'XIDs of the GPU that hangs.'),
		commandOf(name, ['ps', '-eo', 'pid,stat,etime,args'], 'Programs in state D hang in the driver.'),
	],
});
