/** What nvidia-smi is asked, and what each answer means: the one table behind queries, readings, metrics and docs/gpu.md. */

/** A number. */
export interface NumberField {
	/** Name in `Gpu.values`, and with the prefix `tailprobe_gpu_` of the metric. */
	value: string;
	/** Names of `--query-gpu`, newest first: the first that the driver knows is asked. */
	ask: readonly string[];
	/** From nvidia-smi's unit to ours. */
	scale: number;
	/** More than this cannot be, in our unit; nothing may be negative. */
	max: number;
	help: string;
}

/** A switch with two words. */
export interface FlagField {
	/** Name in `Gpu.flags`. */
	flag: string;
	ask: readonly string[];
	help: string;
}

const percent = 0.01;
const mebibyte = 1_048_576;
const megahertz = 1_000_000;
/** A petabyte of graphics memory will not be met. */
const mostBytes = 2 ** 50;
const mostHertz = 1e11;
const mostCount = 2 ** 40;

export const numberFields: readonly NumberField[] = [
	{
		value: 'utilization_ratio',
		ask: ['utilization.gpu'],
		scale: percent,
		max: 1,
		help: 'Share of the last sampling period in which at least one kernel ran on the GPU.',
	},
	{
		value: 'memory_controller_utilization_ratio',
		ask: ['utilization.memory'],
		scale: percent,
		max: 1,
		help: 'Share of the last sampling period in which memory of the GPU was read or written; not how full it is.',
	},
	{
		value: 'memory_total_bytes',
		ask: ['memory.total'],
		scale: mebibyte,
		max: mostBytes,
		help: 'Memory of the GPU, what the driver keeps for itself included.',
	},
	{
		value: 'memory_used_bytes',
		ask: ['memory.used'],
		scale: mebibyte,
		max: mostBytes,
		help: 'Memory of the GPU that is taken; without what the driver keeps for itself, from driver 510 on.',
	},
	{
		value: 'memory_free_bytes',
		ask: ['memory.free'],
		scale: mebibyte,
		max: mostBytes,
		help: 'Memory of the GPU that is free.',
	},
	{
		value: 'temperature_celsius',
		ask: ['temperature.gpu'],
		scale: 1,
		max: 200,
		help: 'Temperature of the GPU.',
	},
	{
		value: 'memory_temperature_celsius',
		ask: ['temperature.memory'],
		scale: 1,
		max: 200,
		help: 'Temperature of the memory; absent on most consumer cards.',
	},
	{value: 'power_watts', ask: ['power.draw'], scale: 1, max: 20_000, help: 'Power that the GPU draws.'},
	{
		value: 'power_limit_watts',
		ask: ['power.limit'],
		scale: 1,
		max: 20_000,
		help: 'Power that the GPU may draw, as it is set.',
	},
	{
		value: 'sm_clock_hertz',
		ask: ['clocks.sm', 'clocks.current.sm'],
		scale: megahertz,
		max: mostHertz,
		help: 'Clock of the streaming multiprocessors.',
	},
	{
		value: 'sm_clock_max_hertz',
		ask: ['clocks.max.sm'],
		scale: megahertz,
		max: mostHertz,
		help: 'Highest clock of the streaming multiprocessors.',
	},
	{
		value: 'memory_clock_hertz',
		ask: ['clocks.mem', 'clocks.current.memory'],
		scale: megahertz,
		max: mostHertz,
		help: 'Clock of the memory.',
	},
	{
		value: 'fan_ratio',
		ask: ['fan.speed'],
		scale: percent,
		// NVIDIA says that it may exceed 1.
		max: 2,
		help: 'Speed at which the fan is told to run, as a ratio of its full speed; absent without a fan of its own.',
	},
	{
		value: 'performance_state',
		ask: ['pstate'],
		scale: 1,
		max: 15,
		help: 'Performance state: 0 is the fastest, 12 the slowest.',
	},
	{
		value: 'pcie_link_generation',
		ask: ['pcie.link.gen.current'],
		scale: 1,
		max: 16,
		help: 'PCIe generation of the link as it is now; an idle GPU lowers it.',
	},
	{
		value: 'pcie_link_generation_max',
		ask: ['pcie.link.gen.max'],
		scale: 1,
		max: 16,
		help: 'Highest PCIe generation that this GPU has in this machine.',
	},
	{
		value: 'pcie_link_lanes',
		ask: ['pcie.link.width.current'],
		scale: 1,
		max: 64,
		help: 'PCIe lanes of the link as it is now; fewer than the most under load means a bad seat or riser.',
	},
	{
		value: 'pcie_link_lanes_max',
		ask: ['pcie.link.width.max'],
		scale: 1,
		max: 64,
		help: 'Most PCIe lanes that this GPU has in this machine.',
	},
	{
		value: 'ecc_volatile_corrected_errors',
		ask: ['ecc.errors.corrected.volatile.total'],
		scale: 1,
		max: mostCount,
		help: 'Memory errors that were corrected since the driver was loaded; absent without ECC.',
	},
	{
		value: 'ecc_volatile_uncorrected_errors',
		ask: ['ecc.errors.uncorrected.volatile.total'],
		scale: 1,
		max: mostCount,
		help: 'Memory errors that could not be corrected since the driver was loaded; absent without ECC.',
	},
	{
		value: 'ecc_aggregate_corrected_errors',
		ask: ['ecc.errors.corrected.aggregate.total'],
		scale: 1,
		max: mostCount,
		help: 'Memory errors that were corrected in the life of the GPU; absent without ECC.',
	},
	{
		value: 'ecc_aggregate_uncorrected_errors',
		ask: ['ecc.errors.uncorrected.aggregate.total'],
		scale: 1,
		max: mostCount,
		help: 'Memory errors that could not be corrected in the life of the GPU; absent without ECC.',
	},
	{
		value: 'remapped_rows_correctable',
		ask: ['remapped_rows.correctable'],
		scale: 1,
		max: mostCount,
		help: 'Rows of memory that were replaced after errors that could be corrected (Ampere and later).',
	},
	{
		value: 'remapped_rows_uncorrectable',
		ask: ['remapped_rows.uncorrectable'],
		scale: 1,
		max: mostCount,
		help: 'Rows of memory that were replaced after errors that could not be corrected (Ampere and later).',
	},
	{
		value: 'retired_pages_single_bit',
		ask: ['retired_pages.single_bit_ecc.count'],
		scale: 1,
		max: mostCount,
		help: 'Pages of memory given up after repeated single-bit errors (before Ampere).',
	},
	{
		value: 'retired_pages_double_bit',
		ask: ['retired_pages.double_bit.count'],
		scale: 1,
		max: mostCount,
		help: 'Pages of memory given up after a double-bit error (before Ampere).',
	},
];

/** Why clocks are lower than asked for: label `reason`. An idle GPU is not throttled, so `gpu_idle` is not among them. */
export const throttleReasons = [
	'applications_clocks_setting',
	'hw_power_brake_slowdown',
	'hw_slowdown',
	'hw_thermal_slowdown',
	'sw_power_cap',
	'sw_thermal_slowdown',
	'sync_boost',
] as const;

export const throttleFields: readonly FlagField[] = throttleReasons.map(reason => ({
	flag: reason,
	ask: [`clocks_event_reasons.${reason}`, `clocks_throttle_reasons.${reason}`],
	help: '',
}));

export const stateFields: readonly FlagField[] = [
	{
		flag: 'ecc_enabled',
		ask: ['ecc.mode.current'],
		help: '1 while the memory checks and corrects itself, 0 while that is off; absent where the GPU cannot.',
	},
	{
		flag: 'mig_enabled',
		ask: ['mig.mode.current'],
		help: '1 while the GPU is cut into instances (MIG), which hides its utilisation; absent where it cannot be.',
	},
	{
		flag: 'remapped_rows_pending',
		ask: ['remapped_rows.pending'],
		help: '1 while rows of memory wait for a reset of the GPU to be replaced.',
	},
	{
		flag: 'remapped_rows_failure',
		ask: ['remapped_rows.failure'],
		help: '1 once a row of memory could not be replaced: the GPU is to be exchanged.',
	},
	{
		flag: 'retired_pages_pending',
		ask: ['retired_pages.pending'],
		help: '1 while pages of memory wait for a reboot to be given up.',
	},
];

/** What the driver advises for a GPU in a bad state; anything but `None` means that it is. Drivers from 570 on. */
export const recoveryField = 'gpu_recovery_action';

/** What says which GPU it is. Free text first, so that what follows it can be counted from the end of a line. */
const identityFields = ['index', 'uuid', 'name', 'driver_version', 'pci.bus_id'] as const;

/** Each entry is the names of one field, of which the first that the driver knows is asked. */
export const wantedFields: readonly (readonly string[])[] = [
	...identityFields.map(name => [name]),
	...[...numberFields, ...stateFields, ...throttleFields].map(({ask}) => ask),
	[recoveryField],
];

/** What every nvidia-smi of the last ten years knows: asked when it does not tell what it knows. */
export const leastFields: readonly string[] = [
	...identityFields,
	'utilization.gpu',
	'memory.total',
	'memory.used',
	'temperature.gpu',
];

/** A GPU of which these cannot be read is sick: every GPU that works tells them. */
export const essentialFields: ReadonlySet<string> = new Set([
	'utilization.gpu',
	'memory.total',
	'memory.used',
	'temperature.gpu',
]);

/** The fields to ask for, from what `--help-query-gpu` printed; the least ones where that names no `index`. Pure. */
export function chooseFields(help: string): readonly string[] {
	const known = new Set(
		help
			.slice(0, mostHelp)
			.match(/"[a-z0-9_.]{1,80}"/gi)
			?.map(quoted => quoted.slice(1, -1)),
	);
	if (!known.has('index')) return leastFields;
	return wantedFields.flatMap(names => names.find(name => known.has(name)) ?? []);
}

/** It is some 50 KB. */
const mostHelp = 400_000;

/** What more GPUs than these say is passed over: no machine that is rented has more. */
export const mostGpus = 16;
