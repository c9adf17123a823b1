import {gpuFaultCause} from '../seen/gpu-fault.ts';
import {kernelLogCommand, smiCommand} from '../seen/gpu-state.ts';

export const gpuLost = gpuFaultCause({
	id: 'gpu-lost',
	title: 'A GPU is lost',
	means:
		'The driver cannot reach a GPU any more: it fell off the bus, or is in a state that only a reset ends. What computes on it fails or hangs until the host is rebooted. On a rented machine give it back and rent another if it happens again.',
	faults: ['off_the_bus', 'recovery', 'power_cable', 'interrupt'],
	says: name => `A GPU of ${name} is lost`,
	next: gpu => [
		kernelLogCommand(gpu, 'The XID: 79 is a GPU that fell off the bus.'),
		smiCommand(gpu, 'Which GPUs still answer.'),
	],
});
