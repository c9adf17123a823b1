/** What a failed nvidia-smi means and what to do: by its words where they are known, else by its exit code. */

import type {DownReason} from '../engine/types.ts';

/** Kinds of faults, closed: fact `gpu_fault` of a reading. */
export const gpuFaults = [
	'no_program',
	'hang',
	'endless',
	'no_devices',
	'no_driver',
	'driver_mismatch',
	'no_library',
	'no_access',
	'off_the_bus',
	'power_cable',
	'interrupt',
	'inforom',
	'query',
	'failed',
	'unparsable',
	'too_few',
	'recovery',
	'unreadable',
	'hot',
	'full',
] as const;

export type GpuFault = (typeof gpuFaults)[number];

export interface FaultMeaning {
	fault: GpuFault;
	reason: DownReason | 'denied';
	/** A clause about what it means. */
	means: string;
	/** What to do, a sentence. */
	todo: string;
}

const meanings = {
	noDevices: {
		fault: 'no_devices',
		reason: 'status',
		means: 'the driver is there and sees no GPU',
		todo: 'See that the container was given its GPUs (`--gpus all`, or the runtime class nvidia); on the host ask `lspci` and `dmesg` for the card.',
	},
	noDriver: {
		fault: 'no_driver',
		reason: 'status',
		means: "the kernel's NVIDIA driver is not loaded",
		todo: 'Load it on the host (`modprobe nvidia`, `dmesg`), or give the instance back and rent another.',
	},
	mismatch: {
		fault: 'driver_mismatch',
		reason: 'status',
		means:
			'the NVIDIA library here has another version than the driver in the kernel: the host was upgraded beneath us',
		todo: 'Restart the container so that it is given the new library; on the host reload the driver or reboot.',
	},
	noAccess: {
		fault: 'no_access',
		reason: 'status',
		means:
			'the driver refuses us, which in a container mostly means that its access to the devices was lost (a systemd reload on the host does that)',
		todo: 'Restart the container.',
	},
	denied: {
		fault: 'no_access',
		reason: 'denied',
		means: 'this user may not ask the driver',
		todo: 'Run as a user that may open /dev/nvidia*.',
	},
	noLibrary: {
		fault: 'no_library',
		reason: 'status',
		means: 'the NVIDIA library (libnvidia-ml) is missing',
		todo: 'Start the container with the NVIDIA runtime and NVIDIA_DRIVER_CAPABILITIES=compute,utility.',
	},
	offTheBus: {
		fault: 'off_the_bus',
		reason: 'status',
		means: 'a GPU fell off the bus or cannot be reached',
		todo: 'Reboot the host; if it happens again, give the instance back. `dmesg` shows the XID, mostly 79.',
	},
	powerCable: {
		fault: 'power_cable',
		reason: 'status',
		means: 'a GPU lacks its power cables',
		todo: "See to the card's power; on a rented machine give the instance back.",
	},
	interrupt: {
		fault: 'interrupt',
		reason: 'status',
		means: 'the driver has a problem with the interrupts of a GPU',
		todo: 'Read `dmesg` on the host and reboot it, or give the instance back.',
	},
	inforom: {
		fault: 'inforom',
		reason: 'status',
		means: "a GPU's infoROM is corrupt",
		todo: 'The GPU may go on working; have it looked at, or give the instance back.',
	},
	query: {
		fault: 'query',
		reason: 'status',
		means: 'it did not understand what it was asked',
		todo: 'See whether `gpu.command` names the real nvidia-smi, and tell us its version.',
	},
} as const satisfies Record<string, FaultMeaning>;

const byText: readonly (readonly [RegExp, FaultMeaning])[] = [
	[/driver\/library version mismatch/i, meanings.mismatch],
	[/no devices were found/i, meanings.noDevices],
	[/couldn'?t communicate with the nvidia driver|driver not loaded|driver is not loaded/i, meanings.noDriver],
	[/insufficient permissions|no permission/i, meanings.denied],
	[/couldn'?t find libnvidia-ml|nvml shared library|nvidia-ml\.so.*not found/i, meanings.noLibrary],
	[/failed to initialize nvml: unknown error/i, meanings.noAccess],
	[/is not a valid field to query/i, meanings.query],
];

const byExitCode: Readonly<Record<number, FaultMeaning>> = {
	2: meanings.query,
	4: meanings.denied,
	6: meanings.noDevices,
	8: meanings.powerCable,
	9: meanings.noDriver,
	10: meanings.interrupt,
	12: meanings.noLibrary,
	13: {...meanings.noLibrary, means: 'the NVIDIA library (libnvidia-ml) is too old for this nvidia-smi'},
	14: meanings.inforom,
	15: meanings.offTheBus,
	18: meanings.mismatch,
};

const unknownFault: FaultMeaning = {
	fault: 'failed',
	reason: 'status',
	means: 'that says nothing that is known here',
	todo: 'Run nvidia-smi there by hand, and read `dmesg` on the host.',
};

/** What an nvidia-smi that ended so, with such lines, means. Pure. */
export function explainFailure(exitCode: number | undefined, remarks: readonly string[]): FaultMeaning {
	for (const remark of remarks) {
		const known = byText.find(([text]) => text.test(remark));
		if (known) return known[1];
	}
	return (exitCode === undefined ? undefined : byExitCode[exitCode]) ?? unknownFault;
}
