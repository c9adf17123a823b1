/** Panels about the GPUs themselves, as nvidia-smi tells of them on their machines. */

import type {Builder} from '@grafana/grafana-foundation-sdk/cog';
import type {Panel} from '@grafana/grafana-foundation-sdk/dashboard';
import {columns} from './columns.ts';
import {nodePage, runbook} from './links.ts';
import {bad, good, neutral, noneIsGood, nothing, steps, warning, words, wrongOrRight} from './looks.ts';
import {lines, stateTimeline, table} from './panels.ts';
import {gauge} from './series.ts';
import {overTime, rows} from './targets.ts';
import {chosen} from './variables.ts';

const here = chosen('vantage');
const legend = '{{vantage}} GPU {{gpu}}';

/** The reasons that call for different hands: a fan or the air, the power supply, or somebody who set a lower clock. */
const throttling = [
	`${gauge('tailprobe_gpu_throttled', 'reason=~".*thermal.*"', here)} * 3`,
	`${gauge('tailprobe_gpu_throttled', 'reason=~".*power.*"', here)} * 2`,
	gauge('tailprobe_gpu_throttled', 'reason!~".*(thermal|power).*"', here),
].join(' or ');

export const gpuPanels: ReadonlyArray<Builder<Panel>> = [
	table({
		title: 'GPUs and what drives them',
		description:
			'One row for each GPU. Errors that could not be corrected, rows that could not be replaced, or a driver that advises a reset mean that the GPU gives wrong results or none: take the machine out. Fewer PCIe lanes than there are mean a bad seat or riser.',
		...{unit: 'none', span: 24, height: 7},
		thresholds: steps(neutral),
		targets: [
			rows(
				`max by (vantage, gpu, peer, model, driver_version, cuda_version) (${gauge('tailprobe_gpu_info', here)})`,
				'A',
			),
			rows(perGpu('tailprobe_gpu_ecc_aggregate_uncorrected_errors'), 'B'),
			rows(perGpu('tailprobe_gpu_remapped_rows_uncorrectable'), 'C'),
			rows(perGpu('tailprobe_gpu_remapped_rows_failure'), 'D'),
			rows(perGpu('tailprobe_gpu_recovery_needed'), 'E'),
			rows(perGpu('tailprobe_gpu_pcie_link_lanes'), 'F'),
			rows(perGpu('tailprobe_gpu_pcie_link_lanes_max'), 'G'),
			rows(perGpu('tailprobe_gpu_unreadable_fields'), 'H'),
		],
		...columns([
			{field: 'vantage', title: 'Machine', width: 190, links: [nodePage('columns', 'vantage')]},
			{field: 'gpu', title: 'GPU', width: 60},
			{field: 'model', title: 'Model'},
			{field: 'driver_version', title: 'Driver', width: 110},
			{field: 'cuda_version', title: 'CUDA', width: 70},
			{field: 'Value #B', title: 'Uncorrected errors', thresholds: noneIsGood, mappings: [nothing('no ECC')]},
			{field: 'Value #C', title: 'Rows replaced', thresholds: steps(good, [1, warning]), mappings: [nothing('–')]},
			{field: 'Value #D', title: 'Could not be replaced', mappings: [...wrongOrRight, nothing('–')]},
			{field: 'Value #E', title: 'Reset advised', mappings: [...wrongOrRight, nothing('–')], width: 115},
			{field: 'Value #F', title: 'PCIe lanes', width: 95},
			{field: 'Value #G', title: 'of', width: 60},
			{field: 'Value #H', title: 'Unreadable fields', thresholds: noneIsGood, width: 130},
		]),
		links: [runbook('GpuEccErrors'), runbook('GpuMemoryFailing'), runbook('GpuPcieDegraded')],
	}),
	lines({
		title: 'Temperature',
		description:
			'Temperature of each GPU. From about 83 degrees on most cards lower their clocks; above 90 something is wrong with fan or air.',
		...{unit: 'celsius', span: 8, height: 8},
		thresholds: steps('transparent', [83, warning], [90, bad]),
		targets: [overTime(gauge('tailprobe_gpu_temperature_celsius', here), legend)],
		links: [runbook('GpuThrottled')],
	}),
	lines({
		title: 'Memory used',
		description:
			'Share of the memory of each GPU that is taken. A model that is loaded takes much of it all the time; the next one does not fit above the line.',
		...{unit: 'percentunit', min: 0, max: 1, span: 8, height: 8},
		thresholds: steps('transparent', [0.97, bad]),
		targets: [
			overTime(
				`${gauge('tailprobe_gpu_memory_used_bytes', here)} / ${gauge('tailprobe_gpu_memory_total_bytes', here)}`,
				legend,
			),
		],
		links: [runbook('GpuMemoryFull')],
	}),
	lines({
		title: 'Busy',
		description:
			'Share of the last sampling period in which a kernel ran on the GPU. 100 % says that it is never idle, not that it could do no more. Flat at 0 on a machine that is paid for: nobody sends it work.',
		...{unit: 'percentunit', min: 0, max: 1, span: 8, height: 8},
		targets: [overTime(gauge('tailprobe_gpu_utilization_ratio', here), legend)],
	}),
	stateTimeline({
		title: 'Slower than it could be',
		description:
			'Whether the clocks of a GPU are lower than asked for, and why: heat (fan, air), power (limit or supply), other (somebody set a lower clock, or several GPUs keep step). An idle GPU is not throttled.',
		...{unit: 'none', span: 12, height: 7},
		mappings: [words({0: ['full speed', good], 1: ['other', 'yellow'], 2: ['power', warning], 3: ['heat', bad]})],
		targets: [overTime(`max without (reason) (${throttling})`, legend)],
		links: [runbook('GpuThrottled')],
	}),
	lines({
		title: 'Power against its limit',
		description:
			'What each GPU draws as a share of what it may draw. At 100 % for long it is held back by the limit, which is set by the host.',
		...{unit: 'percentunit', min: 0, span: 6, height: 7},
		targets: [
			overTime(
				`${gauge('tailprobe_gpu_power_watts', here)} / ${gauge('tailprobe_gpu_power_limit_watts', here)}`,
				legend,
			),
		],
	}),
	lines({
		title: 'Clock against the highest',
		description:
			'Clock of the multiprocessors as a share of the highest. An idle GPU lowers it; under load it should be near the top.',
		...{unit: 'percentunit', min: 0, max: 1, span: 6, height: 7},
		targets: [
			overTime(
				`${gauge('tailprobe_gpu_sm_clock_hertz', here)} / ${gauge('tailprobe_gpu_sm_clock_max_hertz', here)}`,
				legend,
			),
		],
	}),
	lines({
		title: 'GPUs that answer',
		description: 'GPUs that answered nvidia-smi on each machine. A step down is a GPU that fell off the bus.',
		...{unit: 'none', decimals: 0, min: 0, span: 8, height: 7},
		targets: [overTime(gauge('tailprobe_gpu_visible', here), '{{vantage}}')],
		links: [runbook('GpuMissing')],
	}),
	lines({
		title: 'Time that nvidia-smi takes',
		description:
			'How long the query took on each machine. It grows to seconds before a GPU fails: the driver waits for a card that no longer answers. Absent where a shell runs it.',
		...{unit: 's', min: 0, span: 8, height: 7},
		targets: [overTime(gauge('tailprobe_gpu_smi_duration_seconds', here), '{{vantage}}')],
		links: [runbook('GpuUnhealthy')],
	}),
	lines({
		title: 'Exit code of nvidia-smi',
		description:
			'0 is good; 9 no driver, 15 a GPU is lost, 18 driver and library do not fit (after an update of the host). Absent while it hangs.',
		...{unit: 'none', decimals: 0, min: 0, span: 8, height: 7},
		targets: [overTime(gauge('tailprobe_gpu_smi_exit_code', here), '{{vantage}}')],
		links: [runbook('GpuUnhealthy')],
	}),
];

/** Rows that agree in machine and GPU become one. */
function perGpu(metric: string): string {
	return `max by (vantage, gpu) (${gauge(metric, here)})`;
}
