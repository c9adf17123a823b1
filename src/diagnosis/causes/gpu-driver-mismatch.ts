import {gpuFaultCause} from '../seen/gpu-fault.ts';
import {kernelLogCommand, smiCommand} from '../seen/gpu-state.ts';

export const gpuDriverMismatch = gpuFaultCause({
	id: 'gpu-driver-mismatch',
	title: 'Driver and library of the GPU do not fit',
	means:
		'The NVIDIA driver in the kernel has another version than the library beside the program: the host was upgraded while the container ran. Programs that run go on, new ones cannot use the GPU. Restart the container; on the host reload the driver or reboot.',
	faults: ['driver_mismatch'],
	says: name => `The NVIDIA driver of ${name} and its library do not fit`,
	next: gpu => [
		smiCommand(gpu, 'Both versions, where it says more than the error.'),
		kernelLogCommand(gpu, 'Which version the kernel has.'),
	],
});
