/** A GPU as nvidia-smi tells it, in base units; what it does not tell is absent, never zero. Plain data: it crosses wires. */
export interface Gpu {
	/** `index` of nvidia-smi, label `gpu`. */
	index: number;
	uuid?: string;
	/** Such as `NVIDIA GeForce RTX 4090`. */
	model?: string;
	driverVersion?: string;
	cudaVersion?: string;
	busId?: string;
	/** Named numbers in base units, by the name of the metric without its prefix: `utilization_ratio`, `memory_used_bytes`, `temperature_celsius` … */
	values: Readonly<Record<string, number>>;
	/** Named flags that are on or off: reasons for throttling, by name. */
	flags: Readonly<Record<string, boolean>>;
}
