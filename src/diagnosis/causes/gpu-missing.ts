import {commandOf} from '../commands.ts';
import {gpuFaultCause} from '../seen/gpu-fault.ts';

export const gpuMissing = gpuFaultCause({
	id: 'gpu-missing',
	title: 'GPUs are missing',
	means:
		'The machine does not see the GPUs that it should have: the driver is not loaded, the container was not given them or lost its access, or there are fewer than were wished for. Restart the container with its GPUs; look at the host when that does not help.',
	faults: ['no_devices', 'no_driver', 'no_library', 'no_access', 'no_program', 'too_few'],
	says: name => `${name} lacks GPUs`,
	next: (_gpu, name) => [
		commandOf(name, ['nvidia-smi', '-L'], 'Which GPUs it sees.'),
		commandOf(name, ['sh', '-c', 'ls -l /dev/nvidia*'], 'Whether the container was given the devices.'),
	],
});
