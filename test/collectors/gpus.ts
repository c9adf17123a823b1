import test from 'ava';
import {type GpuReading, gpuCollector} from '../../src/collectors/gpus.ts';
import type {Reading} from '../../src/engine/types.ts';
import type {SmiAnswer} from '../../src/gpu/answer.ts';
import {chooseFields} from '../../src/gpu/fields.ts';
import {judgeGpus} from '../../src/gpu/judge.ts';
import type {Gpu} from '../../src/gpu/types.ts';
import {answerSmi, type GpuMode} from '../../src/lab/fake-gpus.ts';
import {checkRows, collect} from '../helpers/samples.ts';

const nowMs = 1_700_000_000_000;

function readingOf(mode: GpuMode, expect = 1): Reading {
	const fields = chooseFields(answerSmi(['--help-query-gpu'], mode).stdout);
	const {stdout, exitCode} = answerSmi([`--query-gpu=${fields.join(',')}`], mode);
	const answer: SmiAnswer = {end: 'exited', exitCode, fields, stdout, stderr: '', cudaVersion: '12.8', seconds: 0.25};
	return judgeGpus(answer, {expect, command: 'nvidia-smi'});
}

function from(reading: Reading | undefined, over: Partial<GpuReading> = {}): GpuReading {
	const outcome = {startedAt: nowMs - 1000, durationMs: 300, ...(reading === undefined ? {} : {reading})};
	return {check: 'gpu', vantage: 'june-gpu-1', peer: 'june-gpu-1', intervalMs: 30_000, outcome, ...over};
}

function withGpu(over: Partial<Gpu>): Reading {
	const gpu: Gpu = {index: 0, values: {}, flags: {}, ...over};
	return {ok: true, values: {gpus_visible: 1, gpus_expected: 1, exit_code: 0}, facts: {}, gpus: [gpu]};
}

test('its rows keep to the rules', t => {
	checkRows(t, gpuCollector);
});

test('a consumer card is shown in base units, and what it lacks is absent', t => {
	const lines = collect(t, gpuCollector, [from(readingOf('healthy'))], nowMs);

	t.deepEqual(lines, [
		'tailprobe_gpu_expected{vantage="june-gpu-1"} 1',
		'tailprobe_gpu_fan_ratio{vantage="june-gpu-1",gpu="0"} 0.41',
		'tailprobe_gpu_implausible_values{vantage="june-gpu-1"} 0',
		'tailprobe_gpu_info{vantage="june-gpu-1",gpu="0",peer="june-gpu-1",uuid="GPU-3d2a1c5e-8b47-4f60-9c1d-5a7e90b2f413",model="NVIDIA GeForce RTX 4090",driver_version="570.133.07",cuda_version="12.8"} 1',
		'tailprobe_gpu_lost{vantage="june-gpu-1"} 0',
		'tailprobe_gpu_memory_clock_hertz{vantage="june-gpu-1",gpu="0"} 10251000000',
		'tailprobe_gpu_memory_controller_utilization_ratio{vantage="june-gpu-1",gpu="0"} 0.12',
		'tailprobe_gpu_memory_free_bytes{vantage="june-gpu-1",gpu="0"} 12820938752',
		'tailprobe_gpu_memory_total_bytes{vantage="june-gpu-1",gpu="0"} 25757220864',
		'tailprobe_gpu_memory_used_bytes{vantage="june-gpu-1",gpu="0"} 12449742848',
		'tailprobe_gpu_pcie_link_generation_max{vantage="june-gpu-1",gpu="0"} 4',
		'tailprobe_gpu_pcie_link_generation{vantage="june-gpu-1",gpu="0"} 4',
		'tailprobe_gpu_pcie_link_lanes_max{vantage="june-gpu-1",gpu="0"} 16',
		'tailprobe_gpu_pcie_link_lanes{vantage="june-gpu-1",gpu="0"} 16',
		'tailprobe_gpu_performance_state{vantage="june-gpu-1",gpu="0"} 2',
		'tailprobe_gpu_power_limit_watts{vantage="june-gpu-1",gpu="0"} 450',
		'tailprobe_gpu_power_watts{vantage="june-gpu-1",gpu="0"} 214.37',
		'tailprobe_gpu_recovery_needed{vantage="june-gpu-1",gpu="0"} 0',
		'tailprobe_gpu_sm_clock_hertz{vantage="june-gpu-1",gpu="0"} 2520000000',
		'tailprobe_gpu_sm_clock_max_hertz{vantage="june-gpu-1",gpu="0"} 3105000000',
		'tailprobe_gpu_smi_duration_seconds{vantage="june-gpu-1"} 0.25',
		'tailprobe_gpu_smi_exit_code{vantage="june-gpu-1"} 0',
		'tailprobe_gpu_temperature_celsius{vantage="june-gpu-1",gpu="0"} 58',
		'tailprobe_gpu_throttled{vantage="june-gpu-1",gpu="0",reason="applications_clocks_setting"} 0',
		'tailprobe_gpu_throttled{vantage="june-gpu-1",gpu="0",reason="hw_power_brake_slowdown"} 0',
		'tailprobe_gpu_throttled{vantage="june-gpu-1",gpu="0",reason="hw_slowdown"} 0',
		'tailprobe_gpu_throttled{vantage="june-gpu-1",gpu="0",reason="hw_thermal_slowdown"} 0',
		'tailprobe_gpu_throttled{vantage="june-gpu-1",gpu="0",reason="sw_power_cap"} 0',
		'tailprobe_gpu_throttled{vantage="june-gpu-1",gpu="0",reason="sw_thermal_slowdown"} 0',
		'tailprobe_gpu_throttled{vantage="june-gpu-1",gpu="0",reason="sync_boost"} 0',
		'tailprobe_gpu_unreadable_fields{vantage="june-gpu-1",gpu="0"} 0',
		'tailprobe_gpu_utilization_ratio{vantage="june-gpu-1",gpu="0"} 0.37',
		'tailprobe_gpu_visible{vantage="june-gpu-1"} 1',
	]);
});

test('a data-centre card shows its ECC, its remapped rows and its MIG mode too', t => {
	const lines = collect(t, gpuCollector, [from(readingOf('data-centre'))], nowMs);

	for (const line of [
		'tailprobe_gpu_ecc_enabled{vantage="june-gpu-1",gpu="0"} 1',
		'tailprobe_gpu_mig_enabled{vantage="june-gpu-1",gpu="0"} 0',
		'tailprobe_gpu_ecc_volatile_corrected_errors{vantage="june-gpu-1",gpu="0"} 3',
		'tailprobe_gpu_remapped_rows_uncorrectable{vantage="june-gpu-1",gpu="0"} 1',
		'tailprobe_gpu_remapped_rows_failure{vantage="june-gpu-1",gpu="0"} 0',
	])
		t.true(lines.includes(line), line);
	t.false(lines.some(line => line.includes('fan_ratio')));
});

test('of two GPUs of which one is lost the other is shown', t => {
	const lines = collect(t, gpuCollector, [from(readingOf('lost', 2))], nowMs);

	t.true(lines.includes('tailprobe_gpu_visible{vantage="june-gpu-1"} 1'));
	t.true(lines.includes('tailprobe_gpu_expected{vantage="june-gpu-1"} 2'));
	t.true(lines.includes('tailprobe_gpu_temperature_celsius{vantage="june-gpu-1",gpu="0"} 58'));
});

test('a reason for throttling is 1 while it holds', t => {
	const lines = collect(t, gpuCollector, [from(readingOf('throttled'))], nowMs);

	t.deepEqual(
		lines.filter(line => line.includes('throttled') && line.endsWith(' 1')),
		['tailprobe_gpu_throttled{vantage="june-gpu-1",gpu="0",reason="sw_power_cap"} 1'],
	);
});

test('after three silent intervals nothing is told, and neither is without a reading', t => {
	const old = from(readingOf('healthy'), {intervalMs: 200});

	t.deepEqual(collect(t, gpuCollector, [old, from(undefined)], nowMs), []);
});

test('a reading from the future is not believed', t => {
	const outcome = {startedAt: nowMs + 60_000, durationMs: 1, reading: readingOf('healthy')};

	t.deepEqual(collect(t, gpuCollector, [from(undefined, {outcome})], nowMs), []);
});

const older = (reading: Reading) => ({startedAt: nowMs - 20_000, durationMs: 1, reading});

test('of two checks of one vantage the one that expects more is shown, whichever looked last', t => {
	const strict = from(undefined, {check: 'all', outcome: older(readingOf('two', 2))});
	const lax = from(readingOf('healthy', 0), {check: 'any', intervalMs: 10_000});

	for (const readings of [
		[strict, lax],
		[lax, strict],
	]) {
		const lines = collect(t, gpuCollector, readings, nowMs);

		t.true(lines.includes('tailprobe_gpu_visible{vantage="june-gpu-1"} 2'));
		t.true(lines.includes('tailprobe_gpu_expected{vantage="june-gpu-1"} 2'));
	}
});

test('of two that expect the same the one that looks more often is shown, and of these the first by name', t => {
	const seen = (a: Partial<GpuReading>, b: Partial<GpuReading>) => {
		const [first, second] = [from(undefined, {outcome: older(readingOf('two')), ...a}), from(readingOf('healthy'), b)];
		const [lines, turned] = [
			[first, second],
			[second, first],
		].map(both => collect(t, gpuCollector, both, nowMs));
		t.deepEqual(lines, turned);
		return lines?.find(line => line.includes('visible'));
	};

	t.is(seen({check: 'b', intervalMs: 20_000}, {check: 'a'}), 'tailprobe_gpu_visible{vantage="june-gpu-1"} 2');
	t.is(seen({check: 'a'}, {check: 'b'}), 'tailprobe_gpu_visible{vantage="june-gpu-1"} 2');
	t.is(seen({check: 'b'}, {check: 'a'}), 'tailprobe_gpu_visible{vantage="june-gpu-1"} 1');
});

test('of two checks of one vantage the other is shown while the first has no fresh reading', t => {
	const strict = from(undefined, {check: 'all', intervalMs: 2000, outcome: older(readingOf('two', 2))});

	const lines = collect(t, gpuCollector, [strict, from(readingOf('healthy'))], nowMs);

	t.true(lines.includes('tailprobe_gpu_visible{vantage="june-gpu-1"} 1'));
});

test('values that cannot be are left out and counted', t => {
	const values = {
		temperature_celsius: -3,
		power_watts: Number.NaN,
		utilization_ratio: 42,
		memory_total_bytes: 1000,
		memory_used_bytes: 1001,
		sm_clock_hertz: 1e9,
		made_up: 1,
	};

	const lines = collect(t, gpuCollector, [from(withGpu({values}))], nowMs);

	t.deepEqual(
		lines.filter(line => !line.includes('_info') && !line.includes('smi')),
		[
			'tailprobe_gpu_expected{vantage="june-gpu-1"} 1',
			'tailprobe_gpu_implausible_values{vantage="june-gpu-1"} 4',
			'tailprobe_gpu_memory_total_bytes{vantage="june-gpu-1",gpu="0"} 1000',
			'tailprobe_gpu_sm_clock_hertz{vantage="june-gpu-1",gpu="0"} 1000000000',
			'tailprobe_gpu_visible{vantage="june-gpu-1"} 1',
		],
	);
});

test('labels from a machine that lies are cleaned and bounded, and so is the number of its GPUs', t => {
	const liar: Gpu = {
		index: 0,
		uuid: 'GPU-"}\n# HELP',
		model: `\u001b[31m<b>"${'x'.repeat(5000)}`,
		driverVersion: '1; DROP',
		cudaVersion: '12.8x',
		values: {},
		flags: {gpu_idle: true, 'made up': true},
	};
	const gpus = Array.from({length: 3000}, (_, at) => ({...liar, index: at % 200}));
	const reading: Reading = {...withGpu({}), values: {gpus_expected: 1e9, exit_code: -1, smi_seconds: -1}, gpus};

	const lines = collect(t, gpuCollector, [from(reading)], nowMs);

	t.is(lines.length, 16 + 2);
	t.true(
		lines.includes(
			`tailprobe_gpu_info{vantage="june-gpu-1",gpu="0",peer="june-gpu-1",uuid="",model="__31m_b__${'x'.repeat(55)}",driver_version="",cuda_version=""} 1`,
		),
		lines.join('\n'),
	);
});
