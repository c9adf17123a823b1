import {gpuFaultCause} from '../seen/gpu-fault.ts';
import {kernelLogCommand, smiCommand} from '../seen/gpu-state.ts';

export const gpuUnreadable = gpuFaultCause({
	id: 'gpu-unreadable',
	title: 'The GPU cannot be read',
	means:
		'nvidia-smi answers, but what it says cannot be used: it ended with an error, left out what it must know, or is not the real one. The GPU may work all the same. Run it there by hand.',
	faults: ['unreadable', 'unparsable', 'inforom', 'query', 'failed', 'endless'],
	says: name => `The GPUs of ${name} cannot be read`,
	next: gpu => [smiCommand(gpu, 'What it says by itself.'), kernelLogCommand(gpu, 'XIDs.')],
});
