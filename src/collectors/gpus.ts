/**
 * The GPUs that `gpu` checks found, by vantage. What came may come from a machine that lies: labels are cleaned, numbers that cannot be
 * are left out and counted, and no more than `mostGpus` are shown.
 */

import type {Outcome} from '../engine/types.ts';
import {mostGpus, numberFields, stateFields, throttleReasons} from '../gpu/fields.ts';
import {cleanModel, identityForms} from '../gpu/parse.ts';
import {plausibleValues} from '../gpu/plausible.ts';
import type {Gpu} from '../gpu/types.ts';
import type {MetricDef, Sample} from '../metrics/types.ts';
import {isFresh} from '../sources/read.ts';
import type {Collector} from './types.ts';

/** One `gpu` check and the newest outcome of it that has a reading. */
export interface GpuReading {
	/** The name of the check. */
	check: string;
	vantage: string;
	/** The tailnet node that the vantage is on, or ''. */
	peer: string;
	intervalMs: number;
	outcome: Pick<Outcome, 'startedAt' | 'durationMs' | 'reading'>;
}

export const gpuMetrics = {
	visible: {
		name: 'tailprobe_gpu_visible',
		type: 'gauge',
		help: 'GPUs that answered nvidia-smi in the last run that had a verdict.',
		labels: ['vantage'],
	},
	expected: {
		name: 'tailprobe_gpu_expected',
		type: 'gauge',
		help: 'GPUs that must answer there (`gpu.expect`).',
		labels: ['vantage'],
	},
	lost: {
		name: 'tailprobe_gpu_lost',
		type: 'gauge',
		help: 'GPUs that nvidia-smi names and cannot reach any more; they are not among the visible ones, whatever is expected.',
		labels: ['vantage'],
	},
	exitCode: {
		name: 'tailprobe_gpu_smi_exit_code',
		type: 'gauge',
		help: 'Exit code of nvidia-smi; absent when it hung, was missing or ended by a signal.',
		labels: ['vantage'],
	},
	duration: {
		name: 'tailprobe_gpu_smi_duration_seconds',
		type: 'gauge',
		help: 'How long the query by nvidia-smi took, or had taken when it was given up; absent by way of a shell, unless it was given up.',
		labels: ['vantage'],
	},
	implausible: {
		name: 'tailprobe_gpu_implausible_values',
		type: 'gauge',
		help: 'Values of the last reading that cannot be (negative, more than there is) and are therefore not shown.',
		labels: ['vantage'],
	},
	info: {
		name: 'tailprobe_gpu_info',
		type: 'gauge',
		help: 'Which GPU it is and what drives it; CUDA is the newest version that the driver can serve. What is not told is empty.',
		labels: ['vantage', 'gpu', 'peer', 'uuid', 'model', 'driver_version', 'cuda_version'],
	},
	throttled: {
		name: 'tailprobe_gpu_throttled',
		type: 'gauge',
		help: '1 while clocks are lower than asked for, for this reason. An idle GPU is not throttled.',
		labels: ['vantage', 'gpu', 'reason'],
	},
	recoveryNeeded: {
		name: 'tailprobe_gpu_recovery_needed',
		type: 'gauge',
		help: '1 while the driver advises a reset or reboot for a GPU in a bad state (drivers from 570 on).',
		labels: ['vantage', 'gpu'],
	},
	unreadable: {
		name: 'tailprobe_gpu_unreadable_fields',
		type: 'gauge',
		help: 'Fields that nvidia-smi has for this GPU and failed to read (`[Unknown Error]`).',
		labels: ['vantage', 'gpu'],
	},
} as const satisfies Record<string, MetricDef>;

const perGpu = ['vantage', 'gpu'] as const;

export const gpuCollector: Collector<readonly GpuReading[]> = {
	name: 'gpus',
	metrics: [
		...Object.values(gpuMetrics),
		...[...numberFields.map(({value, help}) => [value, help]), ...stateFields.map(({flag, help}) => [flag, help])].map(
			([name, help]): MetricDef => ({name: metricOf(name ?? ''), type: 'gauge', help: help ?? '', labels: perGpu}),
		),
	],
	collect(readings, nowMs) {
		const shown = new Map<string, GpuReading>();
		for (const each of readings) {
			const known = shown.get(each.vantage);
			if (isAlive(each, nowMs) && (!known || goesBefore(each, known))) shown.set(each.vantage, each);
		}
		return [...shown.values()].flatMap(describe);
	},
};

/** Of the checks of a vantage always the same one is shown: what they expect and ask may differ, and would go to and fro. */
function goesBefore(a: GpuReading, b: GpuReading): boolean {
	const more = expectedOf(a) - expectedOf(b);
	if (more !== 0) return more > 0;
	return a.intervalMs === b.intervalMs ? a.check < b.check : a.intervalMs < b.intervalMs;
}

function expectedOf({outcome}: GpuReading): number {
	return outcome.reading?.values.gpus_expected ?? 0;
}

function readAt({outcome}: GpuReading): number {
	return outcome.startedAt + outcome.durationMs;
}

function isAlive(each: GpuReading, nowMs: number): boolean {
	const isPast = readAt(each) <= nowMs + each.intervalMs;
	return each.outcome.reading !== undefined && isPast && isFresh(readAt(each), each.intervalMs, nowMs);
}

function describe({vantage, peer, outcome}: GpuReading): Sample[] {
	const values: Readonly<Record<string, number>> = outcome.reading?.values ?? {};
	const told = outcome.reading?.gpus?.slice(0, 4 * mostGpus) ?? [];
	const byIndex = new Map(told.filter(({index}) => isCount(index, 255)).map(gpu => [gpu.index, gpu]));
	const gpus = [...byIndex.values()].slice(0, mostGpus);
	const samples: Sample[] = [];
	let dropped = 0;
	const labels = {vantage};

	add(gpuMetrics.visible, gpus.length);
	if (isCount(values.gpus_expected, mostGpus)) add(gpuMetrics.expected, values.gpus_expected);
	if (isCount(values.gpus_lost, mostGpus)) add(gpuMetrics.lost, values.gpus_lost);
	if (isCount(values.exit_code, 255)) add(gpuMetrics.exitCode, values.exit_code);
	if (isAmount(values.smi_seconds)) add(gpuMetrics.duration, values.smi_seconds);
	for (const gpu of gpus) {
		const found = describeGpu(gpu, {vantage, gpu: String(gpu.index)}, peer);
		samples.push(...found.samples);
		dropped += found.dropped;
	}
	add(gpuMetrics.implausible, dropped);
	return samples;

	function add({name}: MetricDef, value: number): void {
		samples.push({name, labels, value});
	}
}

function describeGpu(
	gpu: Gpu,
	labels: {vantage: string; gpu: string},
	peer: string,
): {samples: Sample[]; dropped: number} {
	const {values, dropped} = plausibleValues(gpu.values);
	const flagsOf = (name: string) => (gpu.flags[name] === undefined ? [] : [Number(gpu.flags[name] === true)]);
	const failures = gpu.values.unreadable_fields;
	const info = {
		...labels,
		peer,
		uuid: fitting(gpu.uuid, identityForms.uuid),
		model: cleanModel(gpu.model ?? ''),
		driver_version: fitting(gpu.driverVersion, identityForms.driverVersion),
		cuda_version: fitting(gpu.cudaVersion, identityForms.cudaVersion),
	};
	const samples: Sample[] = [
		{name: gpuMetrics.info.name, labels: info, value: 1},
		...Object.entries(values).map(([name, value]) => ({name: metricOf(name), labels, value})),
		...stateFields.flatMap(({flag}) => flagsOf(flag).map(value => ({name: metricOf(flag), labels, value}))),
		...throttleReasons.flatMap(reason =>
			flagsOf(reason).map(value => ({name: gpuMetrics.throttled.name, labels: {...labels, reason}, value})),
		),
		...flagsOf('recovery_needed').map(value => ({name: gpuMetrics.recoveryNeeded.name, labels, value})),
	];
	if (isCount(failures, 1000)) samples.push({name: gpuMetrics.unreadable.name, labels, value: failures});
	return {samples, dropped};
}

function metricOf(name: string): string {
	return `tailprobe_gpu_${name}`;
}

function fitting(text: string | undefined, form: RegExp): string {
	return text !== undefined && form.test(text) ? text : '';
}

function isCount(value: number | undefined, most: number): value is number {
	return Number.isInteger(value) && (value ?? -1) >= 0 && (value ?? 0) <= most;
}

function isAmount(value: number | undefined): value is number {
	return value !== undefined && Number.isFinite(value) && value >= 0 && value < 86_400;
}
